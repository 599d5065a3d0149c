import Testing
import Torch

/// Batch normalisation with ReLU as one operation, against PyTorch and against the two operations.
@Suite struct FusedNormalizationTests {
  @Test(arguments: ["batch_norm_relu", "batch_norm_relu_far"])
  func batchNormRelu(name: String) throws {
    let (vectors, running) = try runningStatistics(name)
    try verify(name) {
      try $0[0].contiguous(.channelsLast).batchNormRelu(
        vectors($0[1], $0[2]), momentum: 0.1, epsilon: 1e-5)
    }
    try expectEqual(running.mean, running.expected[0])
    try expectEqual(running.variance, running.expected[1])
  }

  @Test func addBatchNormRelu() throws {
    let name = "add_batch_norm_relu"
    let (vectors, running) = try runningStatistics(name)
    try verify(name) {
      let (sum, output) = try $0[0].contiguous(.channelsLast).addBatchNormRelu(
        $0[1].contiguous(.channelsLast), vectors($0[2], $0[3]), momentum: 0.1, epsilon: 1e-5)
      // Gradients arrive at both results.
      return try sum.adding(output)
    }
    try expectEqual(running.mean, running.expected[0])
    try expectEqual(running.variance, running.expected[1])
  }

  /// A view of the gradient that arrives is kept as another leaf's gradient: it must not be written over.
  @Test func gradientsThatOthersSeeStayAsTheyAre() throws {
    let generator = try Generator(seed: 3)
    let map = try Tensor.normal([6, 4, 1, 1], standardDeviation: 1, generator: generator)
      .contiguous(.channelsLast)
    let other = try Tensor.normal([6, 4], standardDeviation: 1, generator: generator)
    for leaf in [map, other] { try leaf.setRequiresGradient() }
    let layer = Tensor.BatchNormVectors(
      weight: try .full([4], 1), bias: try .full([4], 0.1), runningMean: try .zeros([4]),
      runningVariance: try .full([4], 1))
    let weights = try Tensor.normal([6, 4, 1, 1], standardDeviation: 1, generator: generator)
    let sum = try map.batchNormRelu(layer, momentum: 0.1, epsilon: 1e-5)
      .adding(other.reshaped([6, 4, 1, 1]))
    try sum.multiplied(by: weights).sum().backward()
    let gradient: [Float] = try #require(try other.gradient()).elements()
    #expect(try gradient == weights.elements())
  }

  private typealias Vectors = (_ weight: Tensor, _ bias: Tensor) -> Tensor.BatchNormVectors

  /// The layer's running statistics as the fixture has them before and after.
  private func runningStatistics(
    _ name: String
  ) throws -> (Vectors, (mean: Tensor, variance: Tensor, expected: [Fixture.Values])) {
    let fixture = try Fixture.named(name)
    let earlier = try #require(fixture.earlier)
    let (mean, variance) = (try earlier[0].tensor(), try earlier[1].tensor())
    let vectors: Vectors = {
      .init(weight: $0, bias: $1, runningMean: mean, runningVariance: variance)
    }
    return (vectors, (mean, variance, try #require(fixture.running)))
  }

  /// One training step of a layer: its output and the gradients of map, weight and bias.
  private struct Step: Equatable {
    var output, mapGradient, weightGradient, biasGradient: [Float]

    init(channels: Int, isFused: Bool, threads: Int) throws {
      try Runtime.setThreads(threads)
      let generator = try Generator(seed: 7)
      let map = try Tensor.normal(
        [5, channels, 41, 43], standardDeviation: 2, generator: generator
      ).contiguous(.channelsLast)
      let weight = try Tensor.normal([channels], standardDeviation: 1, generator: generator)
      let bias = try Tensor.normal([channels], standardDeviation: 1, generator: generator)
      for leaf in [map, weight, bias] { try leaf.setRequiresGradient() }
      let layer = Tensor.BatchNormVectors(
        weight: weight, bias: bias, runningMean: try .zeros([channels]),
        runningVariance: try .full([channels], 1))
      let output =
        isFused
        ? try map.batchNormRelu(layer, momentum: 0.1, epsilon: 1e-5)
        : try map.batchNorm(layer, training: true, momentum: 0.1, epsilon: 1e-5).relu()
      let weighted = try output.adding(.zeros([1]))
      try weighted.multiply(
        Tensor.normal([5, channels, 41, 43], standardDeviation: 1, generator: generator))
      try weighted.sum().backward()
      self.output = try output.detached().elements()
      mapGradient = try #require(try map.gradient()).elements()
      weightGradient = try #require(try weight.gradient()).elements()
      biasGradient = try #require(try bias.gradient()).elements()
    }

    func worstDifference(to other: Step) -> Float {
      zip(
        [output, mapGradient, weightGradient, biasGradient],
        [other.output, other.mapGradient, other.weightGradient, other.biasGradient]
      ).map { mine, theirs in
        let scale = theirs.map(abs).max() ?? 1
        return zip(mine, theirs).map { abs($0 - $1) }.max().map { $0 / scale } ?? 0
      }.max() ?? 0
    }
  }

  /// Maps of several chunks, of channels that fill a vector register, do not, and are more than a step has.
  @Test(arguments: [1, 16, 20, 130]) func agreesWithTheTwoOperations(channels: Int) throws {
    let fused = try Step(channels: channels, isFused: true, threads: 1)
    let apart = try Step(channels: channels, isFused: false, threads: 1)
    #expect(fused.worstDifference(to: apart) < 1e-5)
    #expect(try fused == Step(channels: channels, isFused: true, threads: 2))
  }

  @Test func whatIsNoNumberStaysNone() throws {
    let map = try Tensor([1, .nan, 3, 4, 5, 6, 7, 8] as [Float], shape: [1, 2, 2, 2]).contiguous(
      .channelsLast)
    let layer = Tensor.BatchNormVectors(
      weight: try .full([2], 1), bias: try .zeros([2]), runningMean: try .zeros([2]),
      runningVariance: try .full([2], 1))
    let output: [Float] = try map.batchNormRelu(
      layer, momentum: 0.1, epsilon: 1e-5
    ).elements()
    #expect(output[..<4].allSatisfy(\.isNaN) && output[4...].allSatisfy(\.isFinite))
  }

  @Test func refusesOtherMaps() throws {
    let layer = Tensor.BatchNormVectors(
      weight: try .full([2], 1), bias: try .zeros([2]), runningMean: try .zeros([2]),
      runningVariance: try .full([2], 1))
    for map in [
      try Tensor.zeros([2, 3, 4, 4]).contiguous(.channelsLast), try .zeros([2, 2, 4, 4]),
    ] {
      #expect(throws: TorchError.self) {
        try map.batchNormRelu(layer, momentum: 0.1, epsilon: 1e-5)
      }
    }
  }

  @Test func interpolatesTowardsSources() throws {
    let fixture = try Fixture.named("lerp")
    let targets = [try fixture.inputs[0].tensor()]
    try targets.interpolate(towards: [fixture.inputs[1].tensor()], weight: 0.25)
    try expectEqual(targets[0], fixture.output)
  }
}
