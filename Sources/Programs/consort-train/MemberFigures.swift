import Formatting
import Training

/// What is shown of a member under training.
struct MemberFigures {
  private let epoch, epochs: Int
  /// The share of the epoch's steps that are taken.
  private let share: Double
  private let loss, accuracy: Double
  private let holdOut: Double?
  private let imagesPerSecond, secondsLeft: Double
  /// The share of the time in which it waited for other processes.
  private let waitingShare: Double?

  /// In the middle of an epoch.
  init(_ progress: MemberProgress) {
    (epoch, epochs) = (progress.epoch, progress.epochs)
    share = Double(progress.step) / Double(max(1, progress.stepsPerEpoch))
    (loss, accuracy) = (progress.trainingLoss, progress.trainingAccuracy)
    holdOut = progress.holdOutAccuracy
    (imagesPerSecond, secondsLeft) = (progress.imagesPerSecond, progress.secondsLeft)
    waitingShare = nil
  }

  /// At an epoch's end; `progress` already stands in the next one.
  init(_ metrics: EpochMetrics, _ progress: MemberProgress) {
    (epoch, epochs, share) = (metrics.epoch, progress.epochs, 1)
    (loss, accuracy) = (metrics.trainingLoss, metrics.trainingAccuracy)
    holdOut = metrics.holdOutAccuracy
    (imagesPerSecond, secondsLeft) = (metrics.imagesPerSecond, progress.secondsLeft)
    waitingShare = metrics.waitingShare
  }

  /// All of it with words, for a log.
  var line: String {
    "epoch \(epoch)/\(epochs)  loss \(NumberFormat.fixed(loss, 3))  train \(NumberFormat.share(accuracy))"
      + (holdOut.map { "  hold-out \(NumberFormat.share($0))" } ?? "")
      + (waitingShare.map { "  waits \(NumberFormat.share($0))" } ?? "")
      + "  \(speed) images/s  \(NumberFormat.duration(secondsLeft)) left"
  }

  private var speed: String { Int(imagesPerSecond.rounded()).grouped }

  /// Two lines within `width`: the heads, and the figures below them. The bar takes what room there is; where there is
  /// too little, long names are shortened, and the last figures left out.
  func table(name: String, nameWidth: Int, width: Int) -> [String] {
    let nameWidth = Self.shownWidth(nameWidth, of: width)
    let cells = [
      ("left", NumberFormat.duration(secondsLeft), 7), ("loss", NumberFormat.fixed(loss, 3), 5),
      ("train", NumberFormat.share(accuracy), 6),
      ("hold-out", holdOut.map(NumberFormat.share) ?? "-", 8), ("images/s", speed, 8),
    ].map { head, value, least in Self.column(head, value, least) }
    let first = Self.column("epoch", "\(epoch)/\(epochs)", 2 * "\(epochs)".count + 1)
    let names = [Self.nameHead, name].map {
      $0.shortened(columns: nameWidth).padded(columns: nameWidth)
    }
    var room = width - nameWidth
    let figures = ([first] + cells).prefix { column in
      room -= column[0].count + 2
      return room >= 0
    }
    // With two columns between it and what follows.
    room -= 2
    let bar =
      figures.count > cells.count && room >= Self.barWidths.lowerBound
      ? [bar(min(room, Self.barWidths.upperBound))] : []
    let columns = [names] + figures.prefix(1) + bar + figures.dropFirst()
    return (0..<2).map { row in columns.map { $0[row] }.joined(separator: "  ") }
  }

  /// The columns for names of which the widest takes `nameWidth`, on a terminal of `width`.
  static func shownWidth(_ nameWidth: Int, of width: Int) -> Int {
    min(nameWidth, max(nameHead.count, width / 2))
  }

  private static let barWidths = 8...24
  /// Above the members' names, whose column is at least as wide.
  static let nameHead = "member"

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

extension NumberFormat {
  /// A share with its sign, one place after the point, such as "93.1 %"; the whole as "100 %", which is no wider.
  static func share(_ value: Double) -> String {
    value == 1 ? "100 %" : percent(value, 1) + " %"
  }
}
