import Foundation
import Networks
import TestSupport
import Testing
import Torch
import Training

/// EfficientNets and ResNets against timm's and torchvision's (`Fixtures/make_networks.py`).
@Suite struct NetworkFamilyTests {
  struct Case: Decodable, CustomTestStringConvertible {
    let network, peer: String
    let size: Int
    let largest: Double
    let logits: [Double]
    let names: [String]?
    var testDescription: String { "\(network) as \(peer)" }
  }

  static func cases() throws -> [Case] {
    let url = try #require(
      Bundle.module.url(forResource: "networks", withExtension: "json", subdirectory: "Fixtures"))
    return try JSONDecoder().decode([Case].self, from: Data(contentsOf: url))
  }

  @Test(arguments: try cases()) func logitsEqualThePeers(of expected: Case) throws {
    try Runtime.setThreads(1)
    let model = try Model(
      Network(named: expected.network, inputSize: expected.size), generator: Generator(seed: 1))
    if let names = expected.names { #expect(model.parameters.map(\.name) == names) }
    try Self.fill(model)
    let images = try Tensor(
      fixtureNumbers(2 * 3 * expected.size * expected.size, phase: 1000),
      shape: [2, 3, expected.size, expected.size])
    let logits: [Double] = try withoutGradients {
      try model.logits(images, training: false).converted(to: .float64).elements()
    }
    let sample = stride(from: 0, to: 2000, by: 50).map { logits[$0] }
    let worst = zip(sample, expected.logits).map { abs($0 - $1) }.max() ?? .infinity
    #expect(sample.count == expected.logits.count && worst <= 1e-4 * expected.largest)
  }

  private static func fill(_ model: Model) throws {
    for (phase, parameter) in model.parameters.enumerated() {
      let (scale, offset): (Double, Double) =
        switch parameter.kind {
        case .convolutionWeight:
          ((6 / Double(parameter.count / parameter.shape[0])).squareRoot(), 0)
        case .linearWeight: (0.2, 0)
        case .normalizationWeight, .runningVariance: (0.1, 1)
        default: (0.1, 0)
        }
      let tensor = try #require(model[parameter.name])
      try withoutGradients {
        try tensor.copy(
          from: Tensor(fixtureNumbers(parameter.count, phase: phase), shape: parameter.shape))
        try tensor.multiply(.full([], scale))
        try tensor.add(.full([], offset))
      }
    }
  }
}
