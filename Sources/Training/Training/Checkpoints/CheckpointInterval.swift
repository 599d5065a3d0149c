/// How much work a kill may cost: how often a member's checkpoint is written.
public enum CheckpointInterval: Hashable, Sendable {
  /// After so many steps.
  case steps(Int)
  /// After so many epochs.
  case epochs(Int)
  /// After the first step that ends so long after the last checkpoint.
  case minutes(Double)

  /// A minute: writing takes well below 2 % of that.
  public static let standard = CheckpointInterval.minutes(1)

  /// Reads "500steps", "2epochs" or "0.5min"; nil where the text is none of these.
  public init?(_ text: String) {
    let number = text.prefix { $0.isNumber || $0 == "." }
    let unit = text.dropFirst(number.count)
    switch unit {
    case "step", "steps":
      guard let count = Int(number), count > 0 else { return nil }
      self = .steps(count)
    case "epoch", "epochs":
      guard let count = Int(number), count > 0 else { return nil }
      self = .epochs(count)
    case "min", "minute", "minutes":
      guard let minutes = Double(number), minutes.isFinite, minutes >= 0 else { return nil }
      self = .minutes(minutes)
    default: return nil
    }
  }

  /// Whether a checkpoint is due.
  ///
  /// - Parameters:
  ///   - step: Steps taken since the member's start.
  ///   - seconds: Since the last checkpoint.
  package func isDue(step: Int, stepsPerEpoch: Int, seconds: Double) -> Bool {
    switch self {
    case .steps(let count): step % count == 0
    case .epochs(let count): step % stepsPerEpoch == 0 && step / stepsPerEpoch % count == 0
    case .minutes(let minutes): seconds >= minutes * 60
    }
  }
}
