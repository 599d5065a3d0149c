import Testing
import Torch

/// Every operation against PyTorch's values and gradients.
@Suite struct OperationTests {
  @Test func convolutions() throws {
    try verify("conv2d_stride1_padding1") { try $0[0].conv2d($0[1], stride: 1, padding: 1) }
    try verify("conv2d_stride2_padding1") { try $0[0].conv2d($0[1], stride: 2, padding: 1) }
    try verify("conv2d_1x1_stride2") { try $0[0].conv2d($0[1], stride: 2, padding: 0) }
    try verify("conv2d_stride2_padding1") {
      try $0[0].contiguous(.channelsLast).conv2d($0[1], stride: 2, padding: 1)
    }
  }

  @Test func groupsBiasAndUnevenPadding() throws {
    try verify("conv2d_groups_bias") {
      try $0[0].conv2d($0[1], bias: $0[2], stride: 2, padding: 1, groups: 2)
    }
    try verify("conv2d_uneven_padding") {
      try $0[0].conv2d(
        $0[1], stride: 2, padding: .init(top: 2, bottom: 0, left: 0, right: 1))
    }
    try verify("max_pool2d") { try $0[0].maxPool2d(kernelSize: 3, stride: 2, padding: 1) }
  }

  @Test func activations() throws {
    try verify("silu") { try $0[0].silu() }
    try verify("sigmoid") { try $0[0].sigmoid() }
    try verify("mul_broadcast") { try $0[0].multiplied(by: $0[1]) }
    try verify("mean_spatial_kept") { try $0[0].mean(over: [2, 3], keepingDimensions: true) }
  }

  /// As `torch.nn.functional.relu6` gives them.
  @Test func relu6() throws {
    let numbers = try Tensor([-1, 0, 0.5, 3, 6, 6.5, 100] as [Float], shape: [7])
    #expect(try numbers.relu6().elements() == [0, 0, 0.5, 3, 6, 6, 6] as [Float])
  }

  /// Whole images, each kept with its scale or dropped.
  @Test func droppedImagesAreWhole() throws {
    let images = try Tensor.full([200, 2, 3, 3], 1)
    let dropped = try images.dropPath(rate: 0.25, generator: Generator(seed: 5))
    let values: [Float] = try dropped.elements()
    let firsts = (0..<200).map { values[18 * $0] }
    #expect(values.indices.allSatisfy { values[$0] == firsts[$0 / 18] })
    #expect(Set(firsts) == [0, Float(1 / 0.75)])
    // 200 draws of probability 0.25: 50, with a standard deviation of 6.
    #expect((25...75).contains(firsts.count { $0 == 0 }))
  }

  @Test(arguments: [true, false]) func batchNorm(training: Bool) throws {
    let name = training ? "batch_norm_training" : "batch_norm_evaluation"
    let fixture = try Fixture.named(name)
    let earlier = try #require(fixture.earlier)
    let running = try #require(fixture.running)
    let mean = try earlier[0].tensor()
    let variance = try earlier[1].tensor()
    try verify(name) {
      try $0[0].batchNorm(
        .init(weight: $0[1], bias: $0[2], runningMean: mean, runningVariance: variance),
        training: training, momentum: 0.1, epsilon: 1e-5)
    }
    try expectEqual(mean, running[0])
    try expectEqual(variance, running[1])
  }

  @Test func elementwise() throws {
    try verify("relu") { try $0[0].relu() }
    try verify("relu") {
      let copy = try $0[0].clone()
      try copy.reluInPlace()
      return copy
    }
    try verify("add") { try $0[0].adding($0[1]) }
    try verify("add_broadcast") { try $0[0].adding($0[1]) }
  }

  @Test func reductions() throws {
    try verify("mean_spatial") { try $0[0].mean(over: [2, 3]) }
    try verify("sum") { try $0[0].sum() }
    try verify("argmax") { try $0[0].argMax(1) }
  }

  @Test func classifierHeadAndLosses() throws {
    try verify("linear") { try $0[0].linear($0[1], bias: $0[2]) }
    try verify("log_softmax") { try $0[0].logSoftmax(1) }
    let labels = try Tensor([0, 5, 2, 2] as [Int64], shape: [4])
    try verify("cross_entropy") { try $0[0].crossEntropy(labels) }
    try verify("cross_entropy_smoothed") { try $0[0].crossEntropy(labels, labelSmoothing: 0.1) }
  }

  @Test func indexing() throws {
    let rows = try Tensor([3, 0, 3] as [Int64], shape: [3])
    try verify("index_select") { try $0[0].indexSelect(0, rows) }
    try verify("narrow") { try $0[0].narrowed(1, 2..<5) }
    let first = try Tensor([1, 0] as [Int64], shape: [2, 1])
    let second = try Tensor([0, 2] as [Int64], shape: [1, 2])
    try verify("index") { try $0[0].gather([first, second]) }
  }

  @Test(arguments: [true, false]) func stochasticGradientDescent(nesterov: Bool) throws {
    let fixture = try Fixture.named(nesterov ? "sgd_nesterov" : "sgd_heavy_ball")
    let parameter = try fixture.inputs[0].tensor()
    try parameter.setRequiresGradient()
    let optimizer = try StochasticGradientDescent(
      [parameter], momentum: 0.9, weightDecay: 5e-4, nesterov: nesterov)
    for step in try #require(fixture.steps) {
      // The gradient of sum(parameter * g) is g.
      let product = try parameter.adding(Tensor.zeros([5]))
      try product.multiply(step.gradient.tensor())
      try product.sum().backward()
      try optimizer.step(learningRate: 0.1)
      try expectEqual(parameter, step.parameter)
    }
  }

  /// With the moving average whose decay warms up, as timm's RMSpropTF and ModelEmaV2 have them.
  @Test(arguments: [1e-2, 0], [true, false])
  func rmsProp(weightDecay: Double, isRateTensor: Bool) throws {
    let fixture = try Fixture.named(weightDecay > 0 ? "rmsprop_decay" : "rmsprop_plain")
    let parameter = try fixture.inputs[0].tensor()
    let average = try parameter.clone()
    try parameter.setRequiresGradient()
    let optimizer = try RMSProp(
      [parameter], decay: 0.9, momentum: 0.9, epsilon: 1e-3, weightDecays: [weightDecay])
    for (index, step) in try #require(fixture.steps).enumerated() {
      try parameter.multiplied(by: step.gradient.tensor()).sum().backward()
      if isRateTensor {
        try optimizer.step(learningRate: Tensor.full([], 0.1))
      } else {
        try optimizer.step(learningRate: 0.1)
      }
      try expectEqual(parameter, step.parameter)
      let count = Double(index + 1)
      let decay = min(0.9999, (1 + count) / (10 + count))
      try [average].interpolate(towards: [parameter], weight: 1 - decay)
      try expectEqual(average, #require(step.average))
    }
  }

  /// A weight decay that some parameters are spared from moves the others as before.
  @Test func weightDecaysByParameter() throws {
    func moved(_ weightDecays: [Double]) throws -> [[Float]] {
      let parameters = try weightDecays.map { _ in try Tensor([1, -2, 3] as [Float], shape: [3]) }
      for parameter in parameters { try parameter.setRequiresGradient() }
      let optimizer = try StochasticGradientDescent(
        parameters, momentum: 0.9, weightDecays: weightDecays, nesterov: true)
      for _ in 0..<2 {
        for parameter in parameters { try parameter.multiplied(by: parameter).sum().backward() }
        try optimizer.step(learningRate: 0.1)
      }
      return try parameters.map { try $0.detached().elements() }
    }
    let (mixed, decayed, spared) = try (moved([0.5, 0]), moved([0.5]), moved([0]))
    #expect(mixed == [decayed[0], spared[0]])
    #expect(mixed[0] != mixed[1])
  }

  /// The learning rate as a tensor, changed in place between steps, against the same numbers as Doubles.
  @Test(arguments: [true, false]) func learningRatesInTensorsMoveAsFar(nesterov: Bool) throws {
    let start = (0..<5).map { Float($0) / 3 - 1 }
    let twins = try (0..<2).map { _ in
      let parameter = try Tensor(start, shape: [5])
      try parameter.setRequiresGradient()
      return (
        parameter,
        try StochasticGradientDescent(
          [parameter], momentum: 0.9, weightDecay: 5e-4, nesterov: nesterov)
      )
    }
    let rate = try Tensor.zeros([])
    for (step, value) in [0.5, 0.25, 0.0625].enumerated() {
      for (parameter, _) in twins {
        try parameter.adding(parameter).crossEntropy(Tensor([Int64(step)], shape: [])).backward()
      }
      try twins[0].1.step(learningRate: value)
      try rate.copy(from: Tensor.full([], value))
      try twins[1].1.step(learningRate: rate)
      #expect(try twins[1].0.gradient() == nil)
      let moved: [Float] = try twins[0].0.detached().elements()
      #expect(try twins[1].0.detached().elements() == moved)
    }
    #expect(try twins[0].0.detached().elements() != start)
    try twins[1].0.adding(twins[1].0).sum().backward()
    #expect(throws: TorchError.self) {
      try twins[1].1.step(learningRate: Tensor.full([], 0.1, type: .float64))
    }
  }
}
