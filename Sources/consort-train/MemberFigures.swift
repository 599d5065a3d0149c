import CLI
import Training

/// What is shown of a member under training.
struct MemberFigures {
  private let epoch, epochs: Int
  /// The share of the epoch's steps that are taken.
  private let share: Double
  private let loss, accuracy: Double
  private let holdOut: Double?
  private let imagesPerSecond, secondsLeft: Double

  /// In the middle of an epoch.
  init(_ progress: MemberProgress) {
    (epoch, epochs) = (progress.epoch, progress.epochs)
    share = Double(progress.step) / Double(max(1, progress.stepsPerEpoch))
    (loss, accuracy) = (progress.trainingLoss, progress.trainingAccuracy)
    holdOut = progress.holdOutAccuracy
    (imagesPerSecond, secondsLeft) = (progress.imagesPerSecond, progress.secondsLeft)
  }

  /// At an epoch's end; `progress` already stands in the next one.
  init(_ metrics: EpochMetrics, _ progress: MemberProgress) {
    (epoch, epochs, share) = (metrics.epoch, progress.epochs, 1)
    (loss, accuracy) = (metrics.trainingLoss, metrics.trainingAccuracy)
    holdOut = metrics.holdOutAccuracy
    (imagesPerSecond, secondsLeft) = (metrics.imagesPerSecond, progress.secondsLeft)
  }

  /// All of it with words, for a log.
  var line: String {
    "epoch \(epoch)/\(epochs)  loss \(Figure.fixed(loss, 3))  train \(Figure.percent(accuracy))"
      + (holdOut.map { "  hold-out \(Figure.percent($0))" } ?? "")
      + "  \(speed) images/s  \(Figure.duration(secondsLeft)) left"
  }

  private var speed: String { Int(imagesPerSecond.rounded()).grouped }

  /// Two lines within `width`: the heads, and the figures below them. The bar takes what room there is.
  func table(name: String, nameWidth: Int, width: Int) -> [String] {
    let cells = [
      ("left", Figure.duration(secondsLeft), 7), ("loss", Figure.fixed(loss, 3), 5),
      ("train", Figure.percent(accuracy), 6),
      ("hold-out", holdOut.map(Figure.percent) ?? "-", 8), ("images/s", speed, 8),
    ].map { head, value, least in Self.column(head, value, least) }
    let first = Self.column("epoch", "\(epoch)/\(epochs)", 2 * "\(epochs)".count + 1)
    let name = ["member", name].map { $0 + String(repeating: " ", count: nameWidth - $0.count) }
    let room = width - ([name, first] + cells).reduce(0) { $0 + $1[0].count + 2 }
    let bar = room >= Self.barWidths.lowerBound ? [bar(min(room, Self.barWidths.upperBound))] : []
    let columns = [name, first] + bar + cells
    return (0..<2).map { row in
      String(columns.map { $0[row] }.joined(separator: "  ").prefix(width))
    }
  }

  private static let barWidths = 8...24

  /// A head and a value, to the right in a column of at least that width.
  private static func column(_ head: String, _ value: String, _ least: Int) -> [String] {
    let width = max(head.count, value.count, least)
    return [head, value].map { String(repeating: " ", count: width - $0.count) + $0 }
  }

  private func bar(_ width: Int) -> [String] {
    let filled = Int((share * Double(width - 2)).rounded(.down))
    let rest = width - 2 - filled
    return [
      String(repeating: " ", count: width),
      "[" + String(repeating: "=", count: filled) + String(repeating: " ", count: rest) + "]",
    ]
  }
}

/// Numbers as people read them.
enum Figure {
  /// A share of 1 in percent, such as "93.1 %".
  static func percent(_ share: Double) -> String {
    share == 1 ? "100 %" : fixed(100 * share, 1) + " %"
  }

  /// Hours, minutes and seconds, such as "1:02:03" or "0:07".
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e9 else { return "?" }
    let whole = Int(seconds.rounded(.up))
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return hours > 0 ? "\(hours):\(two(minutes)):\(two(rest))" : "\(minutes):\(two(rest))"
  }

  /// The number with so many decimal places.
  static func fixed(_ value: Double, _ places: Int) -> String {
    guard value.isFinite, abs(value) < 1e9 else { return "\(value)" }
    let scale = (0..<places).reduce(1) { scale, _ in scale * 10 }
    let scaled = Int((abs(value) * Double(scale)).rounded())
    let digits = String(scaled % scale)
    let zeros = String(repeating: "0", count: places - digits.count)
    return (value < 0 ? "-" : "") + "\(scaled / scale).\(zeros)\(digits)"
  }
}
