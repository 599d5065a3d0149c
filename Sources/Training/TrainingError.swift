/// A training that cannot start or go on.
public enum TrainingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The checkpoint does not fit the member, or is damaged.
  case unusableCheckpoint(path: String, reason: String)
  /// A network that is given as data does not fit the images.
  case networkDoesNotFit(network: String, reason: String)
  /// The weights do not fit the network.
  case unusableWeights(path: String, reason: String)
  /// The metrics file is not that of the checkpoint.
  case unusableMetrics(path: String, epochs: Int)
  /// Another process is at work on the run.
  case runBusy(directory: String)
  /// Another process is at work on the member.
  case memberBusy(member: String, directory: String)
  /// The loss of a step is infinite or not a number.
  case lossNotFinite(member: String, epoch: Int, step: Int)
  /// No such device on this machine.
  case noDevice(name: String, reason: String)

  /// One sentence naming the file or the member, and the mend.
  public var description: String {
    switch self {
    case .unusableCheckpoint(let path, let reason):
      "'\(path)' cannot be used: \(reason); remove it to train this member from its start"
    case .networkDoesNotFit(let network, let reason): "network '\(network)': \(reason)"
    case .unusableWeights(let path, let reason):
      "'\(path)' cannot be used: \(reason); give the weights of this network"
    case .unusableMetrics(let path, let epochs):
      "'\(path)' does not hold epochs 1 to \(epochs), which the checkpoint beside it has finished; put it back, or "
        + "remove both to train this member from its start"
    case .runBusy(let directory):
      "another process is training '\(directory)': wait for its end (`consort status \(directory)` shows it), or give "
        + "another --out"
    case .memberBusy(let member, let directory):
      "another process is training \(member) in '\(directory)': wait for its end, or name other --members"
    case .lossNotFinite(let member, let epoch, let step):
      "\(member): the loss is not finite in epoch \(epoch), step \(step); lower the learning rate"
    case .noDevice(let name, let reason):
      "there is no device '\(name)' (\(reason)): leave --devices out, or run `scripts/setup --cuda` where there is a GPU"
    }
  }
}
