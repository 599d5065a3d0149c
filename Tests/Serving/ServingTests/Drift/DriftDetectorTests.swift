import Ensembles
import Randomness
import Testing

@testable import Serving

/// Images whose answers have given shares.
private struct Source {
  var exits = [0.62, 0.23, 0.15]
  var confidences = [0.05, 0.1, 0.15, 0.7]
  var disagreement = 0.2

  private static func index(_ shares: [Double], _ stream: inout RandomStream) -> Int {
    var rest = stream.unitInterval()
    for (index, share) in shares.enumerated() {
      rest -= share
      if rest < 0 { return index }
    }
    return shares.count - 1
  }

  func counts(_ images: Int, _ stream: inout RandomStream) -> TrafficCounts {
    var answers = AnswerCounts(
      exits: [0, 0, 0], confidenceBounds: [0.5, 0.7, 0.9], confidences: [0, 0, 0, 0],
      disagreements: 0)
    for _ in 0..<images {
      answers.exits?[Self.index(exits, &stream)] += 1
      answers.confidences[Self.index(confidences, &stream)] += 1
      answers.disagreements += stream.unitInterval() < disagreement ? 1 : 0
    }
    return TrafficCounts(images: images, answers)
  }

  /// A detector whose hold-out is drawn from it.
  func detector(
    holdOut images: Int = 2000, _ stream: inout RandomStream,
    imagesPerFalseAlarm: Double = DriftDetector.imagesPerFalseAlarm
  ) -> DriftDetector {
    let counts = counts(images, &stream)
    return DriftDetector(
      images: images,
      AnswerCounts(
        exits: counts.exits, confidenceBounds: [0.5, 0.7, 0.9], confidences: counts.confidences,
        disagreements: counts.disagreements), imagesPerFalseAlarm: imagesPerFalseAlarm)
  }
}

@Suite struct DriftDetectorTests {
  /// Adds images of `source` until there is an alarm, or until none is; returns how many.
  private func run(
    _ detector: inout DriftDetector, _ source: Source, _ stream: inout RandomStream,
    until isAlarmed: Bool, atMost images: Int
  ) -> Int? {
    var count = 0
    while count < images {
      detector.add(source.counts(64, &stream), at: Double(count))
      count += 64
      if detector.alarms.isEmpty != isAlarmed { return count }
    }
    return nil
  }

  /// How many of 30 runs of 4,000 images like the hold-out raise an alarm.
  private func falseAlarms(imagesPerFalseAlarm: Double) -> Int {
    (0..<30).count { seed in
      var stream = RandomStream(seed: 11, UInt64(seed))
      var detector = Source().detector(&stream, imagesPerFalseAlarm: imagesPerFalseAlarm)
      return run(&detector, Source(), &stream, until: true, atMost: 4000) != nil
    }
  }

  @Test func falseAlarmsAreAsRareAsIsSaid() {
    // 0.2 are allowed in a run.
    #expect(falseAlarms(imagesPerFalseAlarm: 20_000) <= 6)
    // A lax level raises some, or the test shows nothing.
    #expect(falseAlarms(imagesPerFalseAlarm: 400) > 0)
    #expect(falseAlarms(imagesPerFalseAlarm: DriftDetector.imagesPerFalseAlarm) == 0)
  }

  @Test func findsEachKindOfShift() {
    var (exits, confidences, disagreement) = (Source(), Source(), Source())
    exits.exits = [0.42, 0.33, 0.25]
    confidences.confidences = [0.15, 0.2, 0.2, 0.45]
    disagreement.disagreement = 0.45
    for (source, figure) in [
      (exits, DriftFigure.exits), (confidences, .confidence), (disagreement, .disagreement),
    ] {
      var delays: [Int] = []
      for seed in 0..<5 {
        var stream = RandomStream(seed: 12, UInt64(seed))
        var detector = Source().detector(&stream)
        #expect(run(&detector, Source(), &stream, until: true, atMost: 2048) == nil)
        delays.append(run(&detector, source, &stream, until: true, atMost: 2048) ?? .max)
        #expect(Array(detector.alarms.keys) == [figure])
      }
      #expect(delays.max() ?? .max <= 1024, "\(figure): \(delays)")
    }
  }

  @Test func findsASmallShiftInLongerWindows() throws {
    var small = Source()
    small.exits = [0.55, 0.28, 0.17]
    var stream = RandomStream(seed: 13)
    var detector = Source().detector(holdOut: 10_000, &stream)
    let delay = try #require(run(&detector, small, &stream, until: true, atMost: 20_000))
    #expect(delay > 256)
    #expect(detector.alarms[.exits].map { $0.length > 256 } == true)
  }

  @Test func aTinyHoldOutRaisesNoAlarm() {
    var stream = RandomStream(seed: 14)
    for _ in 0..<10 {
      var detector = Source().detector(holdOut: 30, &stream)
      #expect(run(&detector, Source(), &stream, until: true, atMost: 4000) == nil)
    }
  }

  @Test func anAlarmStaysUntilAsManyImagesLookRightAgain() throws {
    var other = Source()
    other.exits = [0.2, 0.3, 0.5]
    var stream = RandomStream(seed: 15)
    var detector = Source().detector(&stream)
    #expect(detector.isGathering)
    #expect(DriftReport(detector, omittedImages: 0).state == .gathering)
    #expect(run(&detector, Source(), &stream, until: true, atMost: 1024) == nil)
    #expect(DriftReport(detector, omittedImages: 0).state == .asExpected)
    let before = detector.images
    let delay = try #require(run(&detector, other, &stream, until: true, atMost: 512))
    let alarm = try #require(detector.alarms[.exits])
    #expect(alarm.since == Double(delay - 64))
    #expect(alarm.length == 256)
    // While it goes on it stays.
    #expect(run(&detector, other, &stream, until: false, atMost: 3000) == nil)
    let report = DriftReport(detector, omittedImages: 3)
    #expect(report.state == .drifted)
    #expect(report.images > before + 3000)
    #expect(report.omittedImages == 3)
    let figure = try #require(report.figures.first { $0.figure == .exits })
    #expect(figure.since == alarm.since)
    #expect(figure.strength >= 1)
    #expect(report.differences.count == 1)
    #expect(report.differences[0].contains("of the last 256 images stop after stage"))
    // It ends once a window has no image of it, and the longer windows have forgotten it too.
    let end = try #require(run(&detector, Source(), &stream, until: false, atMost: 2048))
    #expect((192...512).contains(end))
    #expect(run(&detector, Source(), &stream, until: true, atMost: 6000) == nil)
    #expect(DriftReport(detector, omittedImages: 0).state == .asExpected)
  }

  @Test func windowsSlideOverBlocksOfAnySize() {
    var stream = RandomStream(seed: 16)
    var detector = Source().detector(&stream)
    for size in [1, 1000, 30, 64, 500] { detector.add(Source().counts(size, &stream), at: 0) }
    #expect(detector.images == 1595)
    #expect(detector.window.images == 1594)
    #expect(detector.looks[.exits]?[256]?.images == 500)
    for _ in 0..<40 { detector.add(Source().counts(1000, &stream), at: 0) }
    #expect(detector.window.images == 17_000)
    detector.add(detector.expected.zero, at: 0)
    #expect(detector.images == 41_595)
  }
}
