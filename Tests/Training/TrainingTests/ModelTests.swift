import Foundation
import Networks
import Testing
import Torch
import Training

/// The interpreter against the same network written in PyTorch (`Fixtures/make_fixtures.py`).
@Suite struct ModelTests {
  private struct Case: Decodable {
    let losses: [Double]
    let logits: [Double]
    let evaluation: [Double]
    let gradients: [String: TensorSample]
    let weights: [String: TensorSample]
    let bfloat16: Mixed?
  }

  /// One step under autocast.
  private struct Mixed: Decodable {
    let loss: Double
    let logits: [Double]
    let gradients: [String: TensorSample]
  }

  private struct File: Decodable {
    let cases: [String: Case]
  }

  @Test(
    arguments: ["wide-resnet-10-1", "wide-resnet-16-2"], [MemoryFormat.contiguous, .channelsLast])
  func threeStepsEqualPyTorchs(name: String, memoryFormat: MemoryFormat) throws {
    let expected = try Self.fixture(name)
    try Runtime.setThreads(1)
    let model = try Model(
      Network(named: name), generator: Generator(seed: 1), memoryFormat: memoryFormat)
    try ReferenceNumbers.fill(model)
    let optimizer = try StochasticGradientDescent(
      model.trainableTensors, momentum: 0.9, weightDecay: 5e-4, nesterov: true)
    let images = try Tensor(
      ReferenceNumbers.formula(8 * 3 * 1024, phase: 1000), shape: [8, 3, 32, 32])
    let labels = try Tensor((0..<8).map { Int64($0) }, shape: [8])
    for step in 0..<3 {
      let logits = try model.logits(images, training: true)
      let loss = try logits.crossEntropy(labels)
      try loss.backward()
      ReferenceNumbers.expectClose(
        [try loss.detached().scalar()], [expected.losses[step]], scale: expected.losses[step],
        "loss of step \(step)")
      if step == 0 {
        let largest = expected.logits.map(abs).max() ?? 1
        ReferenceNumbers.expectClose(
          try logits.detached().converted(to: .float64).elements(), expected.logits,
          scale: largest, "logits")
        for (parameter, gradient) in expected.gradients {
          let tensor = try #require(try model[parameter]?.gradient())
          try ReferenceNumbers.expectClose(tensor, gradient, "gradient of \(parameter)")
        }
      }
      try optimizer.step(learningRate: 0.01)
    }
    for (parameter, sample) in expected.weights {
      try ReferenceNumbers.expectClose(#require(model[parameter]).detached(), sample, parameter)
    }
    // Three steps over eight images let rounding grow: channels-last and contiguous PyTorch differ by 1e-4 here too.
    let evaluation = try withoutGradients { try model.logits(images, training: false) }
    ReferenceNumbers.expectClose(
      try evaluation.converted(to: .float64).elements(), expected.evaluation,
      scale: expected.evaluation.map(abs).max() ?? 1, within: 5e-4, "evaluation")
  }

  private static func fixture(_ name: String) throws -> Case {
    let url = try #require(
      Bundle.module.url(
        forResource: "wide_resnets", withExtension: "json", subdirectory: "Fixtures"))
    let file = try JSONDecoder().decode(File.self, from: Data(contentsOf: url))
    return try #require(file.cases[name])
  }

  /// bfloat16 has 8 significant bits, and the same sums in another order differ in the last.
  @Test func bfloat16EqualsPyTorchsAutocast() throws {
    let name = "wide-resnet-10-1"
    let expected = try #require(Self.fixture(name).bfloat16)
    let full = try Self.fixture(name).logits
    try Runtime.setThreads(1)
    let model = try Model(
      Network(named: name), generator: Generator(seed: 1), precision: .bfloat16)
    try ReferenceNumbers.fill(model)
    let images = try Tensor(
      ReferenceNumbers.formula(8 * 3 * 1024, phase: 1000), shape: [8, 3, 32, 32])
    let logits = try model.logits(images, training: true)
    let loss = try logits.crossEntropy(Tensor((0..<8).map { Int64($0) }, shape: [8]))
    try loss.backward()
    let actual: [Double] = try logits.detached().converted(to: .float64).elements()
    let largest = expected.logits.map(abs).max() ?? 1
    ReferenceNumbers.expectClose(actual, expected.logits, scale: largest, within: 0.02, "logits")
    // It is not float32 under another name.
    #expect(zip(actual, full).contains { abs($0 - $1) > 1e-4 * largest })
    ReferenceNumbers.expectClose(
      [try loss.detached().scalar()], [expected.loss], scale: expected.loss, within: 0.01, "loss")
    for (parameter, gradient) in expected.gradients {
      let tensor = try #require(try model[parameter]?.gradient())
      #expect(try tensor.elementType() == .float32)
      try ReferenceNumbers.expectClose(tensor, gradient, "gradient of \(parameter)", within: 0.06)
    }
  }
}
