import Testing
import Torch

/// Convolutions by Winograd's way, which channels-last maps take, against libtorch's, which others take.
@Suite struct WinogradConvolutionTests {
  struct Shape: CustomTestStringConvertible {
    let images, inputs, outputs, height, width: Int
    var groups = 1
    var testDescription: String {
      "\(images)x\(inputs)x\(height)x\(width) to \(outputs) in \(groups)"
    }
  }

  /// One layer: its output, and the gradients of map and weight, in one order whatever the memory's.
  private struct Result {
    var output, mapGradient, weightGradient: [Float]

    init(_ shape: Shape, format: MemoryFormat, threads: Int) throws {
      try Runtime.setThreads(threads)
      let generator = try Generator(seed: 3)
      func leaf(_ shape: [Int]) throws -> Tensor {
        let values = try Tensor.normal(shape, standardDeviation: 1, generator: generator)
        let leaf = try values.contiguous(format)
        try leaf.setRequiresGradient()
        return leaf
      }
      let map = try leaf([shape.images, shape.inputs, shape.height, shape.width])
      let weight = try leaf([shape.outputs, shape.inputs / shape.groups, 3, 3])
      let result = try map.conv2d(weight, stride: 1, padding: 1, groups: shape.groups)
      let weighted = try result.adding(.zeros([1]))
      try weighted.multiply(
        Tensor.normal(result.shape(), standardDeviation: 1, generator: generator))
      try weighted.sum().backward()
      output = try result.detached().elements()
      mapGradient = try #require(try map.gradient()).elements()
      weightGradient = try #require(try weight.gradient()).elements()
    }
  }

  /// Maps of even and odd sizes, with whole tiles and cut ones, one chunk and several, and every remainder of rows.
  @Test(
    arguments: [
      Shape(images: 1, inputs: 16, outputs: 16, height: 1, width: 1),
      Shape(images: 1, inputs: 16, outputs: 48, height: 2, width: 3),
      Shape(images: 3, inputs: 16, outputs: 32, height: 5, width: 8),
      Shape(images: 2, inputs: 80, outputs: 16, height: 9, width: 4),
      Shape(images: 7, inputs: 64, outputs: 64, height: 8, width: 8),
      Shape(images: 2, inputs: 16, outputs: 16, height: 33, width: 31),
      Shape(images: 3, inputs: 64, outputs: 128, height: 7, width: 8, groups: 4),
    ], [1, 2])
  func equalsTheDirectConvolution(shape: Shape, threads: Int) throws {
    let winograd = try Result(shape, format: .channelsLast, threads: threads)
    let direct = try Result(shape, format: .contiguous, threads: threads)
    expectClose(winograd.output, direct.output)
    expectClose(winograd.mapGradient, direct.mapGradient)
    expectClose(winograd.weightGradient, direct.weightGradient)
  }

  @Test(arguments: [1, 2, 3]) func sharesTheWork(threads: Int) throws {
    try Runtime.setThreads(threads)
    #expect(try Runtime.sharingThreads() == threads)
  }

  /// Otherwise the test above would compare libtorch with itself.
  @Test(arguments: [1, 2]) func isTaken(groups: Int) throws {
    let shape = Shape(images: 2, inputs: 32, outputs: 32, height: 8, width: 8, groups: groups)
    let winograd = try Result(shape, format: .channelsLast, threads: 1)
    let direct = try Result(shape, format: .contiguous, threads: 1)
    #expect(winograd.output != direct.output)
    #expect(winograd.mapGradient != direct.mapGradient)
    #expect(winograd.weightGradient != direct.weightGradient)
  }

  /// Within a few roundings of the largest value: each is a sum of many of that size.
  private func expectClose(_ values: [Float], _ expected: [Float]) {
    let largest = expected.map(abs).max() ?? 0
    let error = zip(values, expected).map { abs($0 - $1) }.max() ?? .infinity
    #expect(values.count == expected.count && error <= 5e-6 * largest)
  }
}
