import Decisions
import Ensembles
import Foundation
import Predictions

@testable import Reports

/// All that a report shows, of members that do not exist.
struct SyntheticReport {
  var members = SyntheticMembers()
  /// Two stages: three take a debug build long to search.
  var options = {
    var options = Decision.Options()
    options.maximumStages = 2
    return options
  }()
  var context = ReportContext(
    title: "cifar10-widths", dataset: "cifar10",
    command: "consort decide runs/cifar10-widths",
    origins: [
      MemberOrigin(
        path: "runs/cifar10-widths", members: Set(SyntheticMembers().memberNames), holdsModels: true
      )
    ],
    environment: [.init(name: "machine.cpu", value: "A & B")])
  var hasDecision = true
  var examples = 12
  var maximumSubsets = 1000
  /// A group a test image.
  var groups: [String]?
  var costs: ErrorCosts?
  var classNames: [String]?

  /// Made once. The cheapest that is so accurate is a cascade.
  static let plain = Result {
    var report = SyntheticReport()
    report.options.minimumAccuracy = 0.94
    return try report.content()
  }

  func content() throws -> ReportContent {
    let sets = try members.sets()
    var decision = try Decision(sets, options: options)
    try decision.analyzeErrors(
      in: sets,
      groups: groups.map {
        GroupFile.Sets(
          holdOut: nil, test: ImageGroups(labels: $0))
      }, costs: costs, classNames: classNames)
    let reference = try sets.test.first {
      [$0.name] == decision.candidate(decision.reference)?.members
    }
    .map { try ReliabilitySummary(of: $0) }
    return ReportContent(
      decision: hasDecision ? decision : nil,
      frontier: try Frontier.analyze(sets.test, maximumSubsets: maximumSubsets),
      diversity: try Diversity(sets.test),
      contributions: hasDecision
        ? try MemberContributions(of: sets.holdOut, maximumSubsets: maximumSubsets) : nil,
      forecasts: hasDecision ? try forecasts(sets) : [],
      referenceReliability: hasDecision ? reference : nil,
      examples: hasDecision ? exampleImages : [], context: context)
  }

  private func forecasts(_ sets: PredictionSets) throws -> [NetworkForecast] {
    try members.networks.compactMap { network in
      let own = sets.holdOut.filter { $0.network == network.name }
      guard own.count >= Forecast.fewestMembers else { return nil }
      return NetworkForecast(
        network: network.name, split: "hold-out",
        forecast: try Forecast(from: own, maximumSubsets: maximumSubsets),
        checks: own.count > Forecast.fewestMembers
          ? try Forecast.check(own, known: Forecast.fewestMembers, maximumSubsets: maximumSubsets)
          : [])
    }
  }

  private var exampleImages: [ExampleImage] {
    let names = ["cat", "dog", "frog", "ship", "truck", "deer"]
    return (0..<examples).map { index in
      let share = Double(index % 12)
      return ExampleImage(
        png: Self.picture(index), label: names[index % 6],
        chosen: (names[index % 6], 0.51 + 0.03 * share),
        reference: (names[(index + 1) % 6], 0.44 + 0.02 * share))
    }
  }

  /// A PNG of 32 x 32 pixels, uncompressed.
  static func picture(_ seed: Int) -> [UInt8] {
    let rows = pixels(seed)
    var compressed: [UInt8] = [0x78, 0x01, 0x01]
    let count = UInt16(rows.count)
    for number in [count, ~count] { compressed += [UInt8(number & 255), UInt8(number >> 8)] }
    compressed += rows
    var (a, b) = (UInt32(1), UInt32(0))
    for byte in rows {
      a = (a + UInt32(byte)) % 65521
      b = (b + a) % 65521
    }
    compressed += bigEndian(b << 16 | a)
    var png: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
    png += chunk("IHDR", [0, 0, 0, 32, 0, 0, 0, 32, 8, 2, 0, 0, 0])
    png += chunk("IDAT", compressed)
    png += chunk("IEND", [])
    return png
  }

  /// A disc before a sky, each row behind a zero.
  private static func pixels(_ seed: Int) -> [UInt8] {
    let (middle, size) = (14 + seed % 5, 60 + 8 * seed)
    var rows: [UInt8] = []
    for y in 0..<32 {
      rows.append(0)
      for x in 0..<32 {
        let (across, down) = (x - 16, y - middle)
        let isInside = across * across + down * down < size
        let pixel: [Int] =
          isInside
          ? [200 - 9 * (seed % 9), 90 + 3 * y, 40 + 10 * (seed % 12)]
          : [60 + 4 * y, 110 + 3 * x, 160 + seed % 40]
        rows += pixel.map { UInt8($0) }
      }
    }
    return rows
  }

  private static func bigEndian(_ value: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(value >> $0 & 255) }
  }

  private static func chunk(_ name: String, _ bytes: [UInt8]) -> [UInt8] {
    let body = Array(name.utf8) + bytes
    var crc: UInt32 = 0xffff_ffff
    for byte in body {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xedb8_8320 : crc >> 1 }
    }
    let count = bigEndian(UInt32(bytes.count))
    return count + body + bigEndian(~crc)
  }
}
