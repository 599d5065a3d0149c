import ArchitectureSearch
import Foundation
import Networks
import Testing

@testable import Latency

@Suite struct LatencyTableTests {
  @Test func theSegmentsAreScaledToWhatTheNetworkTakes() throws {
    let network = try WideResNet(depth: 10, widenFactor: 1, inputSize: 16).network
    var steps: [LatencyMeasurement.Progress] = []
    let table = try LatencyTable(
      measuring: [network], calibratedOn: [network], checkedOn: [network], secondsPerPiece: 0.05,
      progress: { steps.append($0) })
    let check = try #require(table.check?.networks.first)
    #expect(try check.predictedMilliseconds == table.latency(of: network))
    // It is the network that the factor was fitted on.
    #expect(check.error < 1e-9)
    let factor = try #require(table.conditions.firstMatch(of: #/segments times ([0-9.]+)/#)?.1)
    #expect(try #require(Double(factor)) > 0)
    #expect(table.milliseconds.count == 5)
    #expect(table.conditions.contains("OpenVINO"))
    #expect(steps.map(\.done) == Array(1...steps.count))
    #expect(steps.last?.total == steps.count)
    #expect(steps.last?.secondsLeft == 0)
  }
}
