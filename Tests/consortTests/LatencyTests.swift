import ArchitectureSearch
import Foundation
import Networks
import Testing

@testable import consort

@Suite struct LatencyTests {
  /// The factor is generous, because others use the machine meanwhile: this is no benchmark.
  @Test func aNetworkTakesAboutWhatItsSegmentsDo() throws {
    let network = try WideResNet(depth: 10, widenFactor: 1, inputSize: 16).network
    var steps: [LatencyMeasurement.Progress] = []
    let table = try LatencyTable(
      measuring: [network], checkedOn: [network], secondsPerPiece: 0.05,
      progress: { steps.append($0) })
    let check = try #require(table.check?.networks.first)
    #expect(try check.predictedMilliseconds == table.latency(of: network))
    #expect((0.2...5).contains(check.predictedMilliseconds / check.measuredMilliseconds))
    #expect(table.milliseconds.count == 5)
    #expect(table.conditions.contains("OpenVINO"))
    #expect(steps.map(\.done) == Array(1...steps.count))
    #expect(steps.last?.total == steps.count)
    #expect(steps.last?.secondsLeft == 0)
  }
}
