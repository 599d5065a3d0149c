import Ensembles
import Statistics

/// Tests, as images come, whether the traffic looks like the hold-out, and remembers where it does not.
///
/// The latest images are compared with the hold-out in sliding windows of four lengths: short ones find great shifts soon, long
/// ones small shifts at last. A window of L images is looked at whenever L/4 more have come. Each look alarms at such a level that, whatever the
/// dependence between looks, of N images like the hold-out at most N / `imagesPerFalseAlarm` are expected to raise a false alarm:
/// the levels of all looks add up to that (Bonferroni). The average run length to a false alarm is therefore at least half of
/// `imagesPerFalseAlarm`, in the sense of Shin, Ramdas and Rinaldo, arXiv:2203.03532: it is the integral over t of the probability
/// of none among t images, which is at least 1 - t / `imagesPerFalseAlarm`. This is over hold-outs as well as traffic, of images that are exchangeable.
///
/// An alarm ends when as many images as raised it have come since, and the same test finds nothing in them at a level of 1 %; what came
/// before them is then forgotten.
struct DriftDetector: Sendable {
  /// Of how many images like the hold-out one is expected to raise a false alarm, at most.
  static let imagesPerFalseAlarm = 1e9
  /// The lengths of windows, in images.
  static let lengths = [256, 1024, 4096, 16_384]
  /// The level at which an alarm ends.
  private static let endLevel = 0.01

  /// A difference that was found.
  struct Alarm: Hashable, Sendable {
    /// The length of the window that showed it, of `lengths`.
    let length: Int
    /// When, in seconds since 1970.
    let since: Double
    /// Images that came since.
    var images = 0
    /// What the window shows now.
    var comparison: DriftComparison
  }

  /// The hold-out's counts.
  let expected: TrafficCounts
  /// The bounds of the bins of confidence.
  let confidenceBounds: [Double]
  /// Images that were counted.
  private(set) var images = 0
  private(set) var alarms: [DriftFigure: Alarm] = [:]
  /// The last look at each figure by length.
  private(set) var looks: [DriftFigure: [Int: DriftComparison]] = [:]
  /// What can be compared.
  let figures: [DriftFigure]
  private let imagesPerFalseAlarm: Double
  /// The latest, oldest first, as many as the longest window needs.
  private var blocks: [TrafficCounts] = []
  private var imagesInBlocks = 0
  /// Of each length, images since the last look.
  private var imagesSinceLook = lengths.map { _ in 0 }

  /// - Parameters:
  ///   - images: How many the hold-out has.
  ///   - answers: What its answers looked like.
  init(
    images: Int, _ answers: AnswerCounts,
    imagesPerFalseAlarm: Double = DriftDetector.imagesPerFalseAlarm
  ) {
    expected = TrafficCounts(images: images, answers)
    confidenceBounds = answers.confidenceBounds
    figures = DriftFigure.allCases.filter { $0 != .exits || answers.exits != nil }
    self.imagesPerFalseAlarm = imagesPerFalseAlarm
  }

  /// Whether the first window is not full yet.
  var isGathering: Bool { looks.isEmpty }

  /// The longest window that is full, or what there is.
  var window: TrafficCounts {
    latest(Self.lengths.last { $0 <= imagesInBlocks } ?? imagesInBlocks)
  }

  /// How near to an alarm a figure has come in the last looks: the logarithm of the probability over that of the level of an
  /// alarm, 0 where nothing differs, 1 at an alarm.
  func strength(of figure: DriftFigure) -> Double {
    looks[figure]?.map { $1.logPValue / logLevel($0) }.max() ?? 0
  }

  /// Takes the next images.
  ///
  /// - Parameter time: In seconds since 1970.
  mutating func add(_ block: TrafficCounts, at time: Double) {
    guard block.images > 0 else { return }
    images += block.images
    blocks.append(block)
    imagesInBlocks += block.images
    for figure in alarms.keys { alarms[figure]?.images += block.images }
    let longest = Self.lengths[Self.lengths.count - 1]
    while let first = blocks.first, imagesInBlocks - first.images >= longest {
      blocks.removeFirst()
      imagesInBlocks -= first.images
    }
    for (place, length) in Self.lengths.enumerated() {
      imagesSinceLook[place] += block.images
      guard imagesInBlocks >= length, imagesSinceLook[place] >= length / 4 else { continue }
      imagesSinceLook[place] = 0
      look(length, at: time)
    }
  }

  private func logLevel(_ length: Int) -> Double {
    naturalLogarithm(
      Double(length / 4)
        / (imagesPerFalseAlarm * Double(figures.count) * Double(Self.lengths.count)))
  }

  private mutating func look(_ length: Int, at time: Double) {
    let window = latest(length)
    var hasEnded = false
    for figure in figures {
      guard let comparison = DriftComparison(figure, of: window, with: expected) else { continue }
      looks[figure, default: [:]][length] = comparison
      if let alarm = alarms[figure] {
        guard alarm.length == length else { continue }
        alarms[figure]?.comparison = comparison
        if alarm.images >= window.images, comparison.logPValue >= naturalLogarithm(Self.endLevel) {
          alarms[figure] = nil
          hasEnded = true
        }
      } else if comparison.logPValue <= logLevel(length) {
        alarms[figure] = Alarm(length: length, since: time, comparison: comparison)
      }
    }
    if hasEnded { forget(allButLatest: length) }
  }

  /// The fewest of the latest blocks that have so many images.
  private func blockCount(_ length: Int) -> Int {
    var sum = 0
    return blocks.reversed().prefix { block in
      defer { sum += block.images }
      return sum < length
    }.count
  }

  private func latest(_ length: Int) -> TrafficCounts {
    var counts = expected.zero
    for block in blocks.suffix(blockCount(length)) { counts.add(block) }
    return counts
  }

  private mutating func forget(allButLatest length: Int) {
    blocks = Array(blocks.suffix(blockCount(length)))
    imagesInBlocks = blocks.reduce(0) { $0 + $1.images }
    for figure in looks.keys {
      looks[figure] = looks[figure]?.filter { $0.key <= length }
    }
  }
}
