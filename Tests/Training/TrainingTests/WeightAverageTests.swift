import Networks
import Testing
import Torch

@testable import SearchTraining
@testable import Training

/// The moving average against its formula, worked out number by number.
@Suite struct WeightAverageTests {
  @Test func movesAsTheFormulaSays() throws {
    let model = try Model(Network(named: "wide-resnet-10-1"), generator: Generator(seed: 1))
    let average = try WeightAverage(of: model, decay: 0.25)
    let names = ["head.bias", "bn.running_mean"]
    var expected: [Float] = [0, 0]
    for step in 1...3 {
      for (index, name) in names.enumerated() {
        let value = Double(step * 10 + index)
        try withoutGradients { try #require(model[name]).copy(from: .full([], value)) }
        // 2 / 11, 3 / 12 and then the decay itself, which is smaller than 4 / 13.
        let decay: Float = step == 1 ? 2 / 11 : 0.25
        expected[index] = decay * expected[index] + (1 - decay) * Float(value)
      }
      try average.update(step: step)
    }
    for (name, value) in zip(names, expected) {
      let values: [Float] = try #require(average.model[name]).elements()
      #expect(values.allSatisfy { abs($0 - value) < 1e-5 * value })
    }
    let bias = try #require(model["head.bias"]).detached()
    #expect(try bias.elements() == [Float](repeating: 30, count: 10))
  }
}
