import ArchitectureSearch
import Files
import Networks
import Runs
import Schemas
import TestSupport
import Testing

@Suite struct LatencyTableFileTests {
  private static func table() throws -> LatencyTable {
    let segments = try Network(named: "wide-resnet-10-1").segments()
    return LatencyTable(
      milliseconds: Dictionary(segments.map { ($0, 0.5) }, uniquingKeysWith: { first, _ in first }),
      overheadMilliseconds: 0.01, conditions: "by hand")
  }

  @Test func aFileIsReadAsItWasWritten() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/latencies.json"
    try DurableFile.write(try Self.table().readableJSON(), to: path)
    let read = try LatencyTable(file: path)
    #expect(read.milliseconds == (try Self.table().milliseconds))
    #expect(try read.latency(of: Network(named: "wide-resnet-10-1")) == 2.51)
  }

  @Test(arguments: [
    ("\"milliseconds\" : 0.5", "\"milliseconds\" : -1", "segments: segment 0 takes -1.0 ms"),
    ("\"version\" : 1", "\"version\" : 3", "version: it is 3, not 1"),
    ("\"kernelSize\" : 3", "\"kernelSize\" : \"three\"", "kernelSize"),
    ("\"version\" : 1", "\"version\" : 1, \"version\" : 1", "the key 'version' stands twice"),
    ("{", "", "JSON"),
  ])
  func theErrorNamesTheFileAndThePlace(text: String, nonsense: String, reason: String) throws {
    let directory = try TemporaryDirectory()
    let json = try Self.table().readableJSON()
    #expect(json.contains(text))
    let damaged = json.replacing(text, with: nonsense, maxReplacements: 1)
    let path = try directory.write(Array(damaged.utf8), to: "latencies.json")
    let error = try #require(
      #expect(throws: ExperimentError.self) { _ = try LatencyTable(file: path) })
    #expect("\(error)".hasPrefix("'\(path)' is not a table of latencies: "))
    #expect("\(error)".contains(reason))
  }
}
