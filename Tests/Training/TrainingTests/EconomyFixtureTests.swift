import Foundation
import Networks
import Runs
import Testing
import Torch

@testable import Training

/// What `Fixtures/make_economy.py` had PyTorch say of ways to several members for the price of one.
struct EconomyFixture: Decodable {
  struct Rates: Decodable {
    let initial: Double
    let cycles: Int
    let rates: [Double]
  }

  struct Packed: Decodable {
    let parameters: Int
    let logits: [Double]
    let loss: Double
    let gradients: [String: TensorSample]
    let evaluation: [Double]
  }

  struct Distilled: Decodable {
    let temperature, weight, loss: Double
    let gradient: [Double]
  }

  let cyclicCosine: Rates
  let distillation: [Distilled]
  let statistics: [String: TensorSample]
  let packed: [String: Packed]

  static func load() throws -> EconomyFixture {
    let url = try #require(
      Bundle.module.url(forResource: "economy", withExtension: "json", subdirectory: "Fixtures"))
    return try JSONDecoder().decode(EconomyFixture.self, from: Data(contentsOf: url))
  }
}

@Suite struct EconomyFixtureTests {
  /// `torch.optim.lr_scheduler.CosineAnnealingWarmRestarts`.
  @Test func cyclicRatesEqualPyTorchs() throws {
    let expected = try EconomyFixture.load().cyclicCosine
    let rate = LearningRate.cyclicCosine(initial: expected.initial, cycles: expected.cycles)
    for (step, value) in expected.rates.enumerated() {
      #expect(abs(rate.value(at: step, stepsPerEpoch: 4, epochs: 6) - value) < 1e-12)
    }
    #expect(expected.rates.count == 24)
  }

  /// `torch.optim.swa_utils.update_bn`.
  @Test func statisticsEstimatedAnewEqualPyTorchs() throws {
    let expected = try EconomyFixture.load().statistics
    try Runtime.setThreads(1)
    let model = try Model(
      Network(named: "wide-resnet-10-1", inputSize: 8), generator: Generator(seed: 1))
    try ReferenceNumbers.fill(model)
    try model.estimateStatistics { take in
      for (number, count) in [5, 5, 2].enumerated() {
        try take(
          Tensor(
            ReferenceNumbers.formula(count * 3 * 64, phase: 1000 + number),
            shape: [count, 3, 8, 8]))
      }
    }
    #expect(expected.count == 14)
    for (name, sample) in expected {
      try ReferenceNumbers.expectClose(#require(model[name]).detached(), sample, name)
    }
    // A training goes on as the layers say.
    #expect(model.statisticsMomentum == nil)
  }

  /// `kl_div` of softened distributions beside `cross_entropy`, of batches that take rows of all images.
  @Test func distillationEqualsPyTorchs() throws {
    let cases = try EconomyFixture.load().distillation
    #expect(cases.count == 3)
    let teacher = ReferenceNumbers.formula(6 * 5, phase: 3).map { Double($0) * 3 }
    let logProbabilities = stride(from: 0, to: 30, by: 5).flatMap {
      SoftLabels.logSoftmax(Array(teacher[$0..<$0 + 5])).map(Float.init)
    }
    let places = try Tensor([Int64(4), 1, 5], shape: [3])
    let labels = try Tensor([Int64(0), 3, 2], shape: [3])
    for expected in cases {
      let soft = try SoftLabels(
        logProbabilities, classes: 5,
        Distillation(
          teacher: "", temperature: expected.temperature, weight: expected.weight), device: .cpu)
      let logits = try Tensor(ReferenceNumbers.formula(15, phase: 7).map { $0 * 2 }, shape: [3, 5])
      try logits.setRequiresGradient()
      let loss = try soft.loss(
        of: logits, logits.crossEntropy(labels), images: { try $0.indexSelect(0, places) })
      try loss.backward()
      let gradient = try #require(try logits.gradient())
      ReferenceNumbers.expectClose(
        [try loss.detached().scalar()], [expected.loss], scale: 1, within: 1e-5, "loss")
      ReferenceNumbers.expectClose(
        try gradient.converted(to: .float64).elements(), expected.gradient,
        scale: 1, within: 1e-5, "gradient")
    }
  }

  /// Packed layers of torch-uncertainty in the order of a Wide ResNet's own blocks.
  @Test(arguments: [
    "packed-wide-resnet-10-1-m4-a2-g1", "packed-wide-resnet-16-2-m2-a1.5-g1",
    "packed-wide-resnet-10-8-m2-a2-g2",
  ])
  func packedNetworksEqualTorchUncertaintys(name: String) throws {
    let expected = try #require(EconomyFixture.load().packed[name])
    try Runtime.setThreads(1)
    let network = try Network(named: name)
    #expect(network.totals.parameters == expected.parameters)
    let model = try Model(network, generator: Generator(seed: 1))
    try ReferenceNumbers.fill(model)
    let images = try Tensor(
      ReferenceNumbers.formula(4 * 3 * 1024, phase: 1000), shape: [4, 3, 32, 32])
    let labels = try Tensor((0..<4).map { Int64($0) }, shape: [4])
    let logits = try model.logits(images, training: true)
    let loss = try logits.memberLoss { try $0.crossEntropy(labels, labelSmoothing: 0.1) }
    try loss.backward()
    ReferenceNumbers.expectClose(
      try logits.detached().converted(to: .float64).elements(), expected.logits,
      scale: expected.logits.map(abs).max() ?? 1, "logits")
    ReferenceNumbers.expectClose(
      [try loss.detached().scalar()], [expected.loss], scale: expected.loss, "loss")
    for (parameter, sample) in expected.gradients {
      // torch-uncertainty wraps each convolution.
      let own = parameter.replacing(".conv.weight", with: ".weight")
      let tensor = try #require(model[own], "\(own)")
      let gradient = try #require(try tensor.gradient())
      try ReferenceNumbers.expectClose(gradient, sample, "gradient of \(own)")
    }
    let optimizer = try StochasticGradientDescent(
      model.trainableTensors, momentum: 0.9, weightDecay: 5e-4, nesterov: true)
    try optimizer.step(learningRate: 0.01)
    let evaluation = try withoutGradients {
      try model.logits(images, training: false).logSoftmax(1)
    }
    ReferenceNumbers.expectClose(
      try evaluation.converted(to: .float64).elements(), expected.evaluation,
      scale: expected.evaluation.map(abs).max() ?? 1, "evaluation")
  }
}
