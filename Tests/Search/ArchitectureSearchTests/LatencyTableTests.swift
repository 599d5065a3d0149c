import ArchitectureSearch
import Foundation
import Networks
import Testing

@Suite struct LatencyTableTests {
  private static let network = Result { try Network(named: "wide-resnet-10-1") }

  /// Each segment takes as many milliseconds as it has steps.
  private static func table() throws -> LatencyTable {
    let segments = try network.get().segments()
    return LatencyTable(
      milliseconds: Dictionary(
        segments.map { ($0, Double($0.steps.count)) }, uniquingKeysWith: { first, _ in first }),
      overheadMilliseconds: 0.5, conditions: "by hand",
      check: LatencyTable.Check(networks: [
        .init(network: "a", predictedMilliseconds: 11, measuredMilliseconds: 10),
        .init(network: "b", predictedMilliseconds: 3, measuredMilliseconds: 4),
        .init(network: "c", predictedMilliseconds: 5, measuredMilliseconds: 5),
      ]))
  }

  @Test func aNetworkTakesTheSumOfItsSegments() throws {
    let (table, network) = (try Self.table(), try Self.network.get())
    #expect(table.latency(of: network) == Double(network.layers.count) + 0.5)
    #expect(table.missingSegments(of: network).isEmpty)
  }

  @Test func whatWasNotMeasuredIsNotGuessed() throws {
    let (table, other) = (try Self.table(), try Network(named: "wide-resnet-10-2"))
    #expect(table.latency(of: other) == nil)
    #expect(table.missingSegments(of: other) == other.segments())
    let shorter = LatencyTable(
      milliseconds: table.milliseconds.filter { $0.value > 2 }, overheadMilliseconds: 0,
      conditions: "")
    let network = try Self.network.get()
    #expect(shorter.missingSegments(of: network) == [0, 4].map { network.segments()[$0] })
  }

  @Test func theCheckSaysTheMedianAndTheNinetiethPercentile() throws {
    let check = try #require(try Self.table().check)
    #expect(try abs(#require(check.medianError) - 0.1) < 1e-12)
    #expect(check.ninetiethPercentileError == 0.25)
    let even = LatencyTable.Check(networks: Array(check.networks.prefix(2)))
    #expect(try abs(#require(even.medianError) - 0.175) < 1e-12)
    #expect(LatencyTable.Check(networks: []).medianError == nil)
  }

  @Test func oneFactorMakesUpForWhatSegmentsAloneLack() throws {
    let (table, segments) = (try Self.table(), try Self.network.get().segments())
    let calibrated = table.calibrated(on: [
      .init(network: "a", predictedMilliseconds: 10.5, measuredMilliseconds: 12.5),
      .init(network: "b", predictedMilliseconds: 10.5, measuredMilliseconds: 11.5),
      .init(network: "c", predictedMilliseconds: 10.5, measuredMilliseconds: 100),
    ])
    #expect(calibrated.milliseconds == table.milliseconds.mapValues { $0 * 1.2 })
    #expect(calibrated.overheadMilliseconds == 0.5)
    #expect(calibrated.conditions == "by hand; segments times 1.2, fitted on 3 whole networks")
    #expect(table.calibrated(on: []).latency(of: segments) == table.latency(of: segments))
  }

  @Test func aTableIsReadAsItWasWritten() throws {
    let table = try Self.table()
    let bytes = try Self.encoded(table)
    let read = try JSONDecoder().decode(LatencyTable.self, from: bytes)
    #expect(read.milliseconds == table.milliseconds)
    #expect(read.check == table.check)
    #expect(try Self.encoded(read) == bytes)
  }

  @Test(arguments: [
    ("\"milliseconds\":2,", "\"milliseconds\":0,", "finite and positive"),
    ("\"milliseconds\":2,", "\"milliseconds\":-1,", "finite and positive"),
    ("\"milliseconds\":2,", "\"milliseconds\":1e999,", ""),
    ("\"milliseconds\":2,", "", ""),
    ("\"overheadMilliseconds\":0.5", "\"overheadMilliseconds\":-0.5", "not negative"),
    ("\"version\":1", "\"version\":2", "it is 2, not 1"),
    ("\"measuredMilliseconds\":4", "\"measuredMilliseconds\":0", "'b' has a time"),
    ("\"reads\":[0]", "\"reads\":[]", "one result or two"),
    ("\"reads\":[0]", "\"reads\":[9]", "not a piece of a network"),
    ("\"reads\":[0]", "\"reads\":[-9223372036854775808]", "not a piece of a network"),
    ("\"channels\":3,", "\"channels\":0,", "not a piece of a network"),
    ("\"channels\":16", "\"channels\":32", "not a piece of a network"),
    ("\"outputs\":10", "\"outputs\":9223372036854775807", "not a piece of a network"),
  ])
  func nonsenseIsRefused(text: String, nonsense: String, reason: String) throws {
    let json = String(decoding: try Self.encoded(Self.table()), as: UTF8.self)
    #expect(json.contains(text))
    let damaged = json.replacing(text, with: nonsense, maxReplacements: 1)
    try Self.expectRefusal(damaged, reason)
  }

  @Test func aSegmentIsThereOnce() throws {
    let json = String(decoding: try Self.encoded(Self.table()), as: UTF8.self)
    let start = try #require(json.range(of: "\"segments\":[")).upperBound
    let end = try #require(json.range(of: ",{\"milliseconds\"")).upperBound
    let row = json[start..<end].dropLast(",{\"milliseconds\"".count)
    try Self.expectRefusal(
      json.replacing("\"segments\":[", with: "\"segments\":[\(row),"), "segment 1 is there twice")
  }

  private static func encoded(_ table: LatencyTable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return try encoder.encode(table)
  }

  private static func expectRefusal(_ json: String, _ reason: String) throws {
    let error = #expect(throws: DecodingError.self) {
      _ = try JSONDecoder().decode(LatencyTable.self, from: Data(json.utf8))
    }
    let text = "\(try #require(error))"
    #expect(reason.isEmpty || text.contains(reason))
  }
}
