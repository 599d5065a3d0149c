import Foundation
import Predictions
import Randomness

/// Members that do not exist: larger networks are more often right, and all err on much the same images.
struct SyntheticMembers {
  /// A network that is trained some times.
  struct Network {
    var name: String
    var count: Int
    /// How far the true class stands out.
    var strength: Double
    var multiplyAccumulates: Int
    var parameters: Int
    var milliseconds: Double
  }

  var networks = [
    Network(
      name: "wide-resnet-16-1", count: 4, strength: 2.75, multiplyAccumulates: 26_657_408,
      parameters: 175_066, milliseconds: 0.61),
    Network(
      name: "wide-resnet-16-2", count: 2, strength: 2.95, multiplyAccumulates: 101_106_944,
      parameters: 692_706, milliseconds: 1.12),
    Network(
      name: "wide-resnet-16-4", count: 1, strength: 3.2, multiplyAccumulates: 392_612_352,
      parameters: 2_750_370, milliseconds: 2.94),
  ]
  var images = 400
  var classes = 10
  var hasLatencies = true
  var hasShifted = true

  var memberNames: [String] {
    networks.flatMap { network in (0..<network.count).map { "\(network.name)-\($0)" } }
  }

  /// Predictions of one split by all members.
  func predictions(_ split: String, seed: UInt64, loss: Double = 0) throws -> [Predictions] {
    let labels = (0..<images).map { Int64($0 % classes) }
    var stream = RandomStream(seed: seed, 0)
    let shared = (0..<images * classes).map { _ in Self.normal(&stream) }
    return try networks.enumerated().flatMap { place, network in
      try (0..<network.count).map { member in
        var stream = RandomStream(seed: seed &+ 1000, UInt64(place + 1), UInt64(member))
        let logits = shared.enumerated().map { index, common in
          let isLabel = labels[index / classes] == Int64(index % classes)
          let signal = isLabel ? network.strength - loss : 0
          return 2.2 * (signal + 0.78 * common + 0.62 * Self.normal(&stream))
        }
        return try Predictions(
          name: "\(network.name)-\(member)", network: network.name,
          multiplyAccumulates: network.multiplyAccumulates, parameters: network.parameters,
          split: split, fingerprint: "\(split)-\(seed)",
          logProbabilities: logProbabilities(logits), labels: labels, classes: classes)
      }
    }
  }

  func sets() throws -> PredictionSets {
    let latencies = networks.flatMap { network in
      (0..<network.count).map { ("\(network.name)-\($0)", network.milliseconds) }
    }
    return try PredictionSets(
      holdOut: predictions("hold-out", seed: 1), test: predictions("test", seed: 2),
      shifted: hasShifted ? predictions("shifted", seed: 3, loss: 0.6) : nil,
      latencies: hasLatencies ? Dictionary(uniqueKeysWithValues: latencies) : [:])
  }

  private func logProbabilities(_ logits: [Double]) -> [Float] {
    stride(from: 0, to: logits.count, by: classes).flatMap { start in
      let row = logits[start..<start + classes]
      let largest = row.max() ?? 0
      let total = largest + log(row.reduce(0) { $0 + exp($1 - largest) })
      return row.map { Float($0 - total) }
    }
  }

  private static func normal(_ stream: inout RandomStream) -> Double {
    let radius = (-2 * log(max(stream.unitInterval(), 1e-300))).squareRoot()
    return radius * cos(2 * .pi * stream.unitInterval())
  }
}
