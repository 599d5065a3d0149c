import Foundation
import Testing
import Torch

/// What replaces libtorch's own, on and off. The choice is the process's, so each test has one to itself.
@Suite struct SubstituteTests {
  /// A convolution, normalisation with ReLU, and the same of a sum: the output, running means and gradients.
  private static func results() throws -> [[Float]] {
    let generator = try Generator(seed: 5)
    func leaf(_ shape: [Int]) throws -> Tensor {
      let values = try Tensor.normal(shape, standardDeviation: 1, generator: generator)
        .contiguous(shape.count == 4 ? .channelsLast : .contiguous)
      try values.setRequiresGradient()
      return values
    }
    let map = try leaf([4, 16, 40, 40])
    let kernel = try leaf([32, 16, 3, 3])
    let (weight, bias) = (try leaf([32]), try leaf([32]))
    let runningMean = try Tensor.zeros([32])
    let layer = Tensor.BatchNormVectors(
      weight: weight, bias: bias, runningMean: runningMean,
      runningVariance: try .full([32], 1))
    let convolved = try map.conv2d(kernel, stride: 1, padding: 1)
    let first = try convolved.batchNormRelu(layer, momentum: 0.1, epsilon: 1e-5)
    let (sum, second) = try convolved.addBatchNormRelu(
      first, layer, momentum: 0.1, epsilon: 1e-5)
    let output = try sum.adding(second)
    try output.multiplied(by: output.detached()).sum().backward()
    return try [output.detached(), runningMean].map { try $0.elements() }
      + [map, kernel, weight, bias].map { try #require(try $0.gradient()).elements() }
  }

  /// The largest difference, as a share of the largest value.
  private static func difference(_ results: [[Float]], _ expected: [[Float]]) -> Float {
    zip(results, expected).map { values, expected in
      let largest = expected.map(abs).max() ?? 0
      return (zip(values, expected).map { abs($0 - $1) }.max() ?? .infinity) / largest
    }.max() ?? .infinity
  }

  @Test func winogradAgreesWithLibtorch() async {
    await #expect(processExitsWith: .success) {
      #expect(Runtime.uses(.winograd))
      let on = try Self.results()
      setenv("CONSORT_WINOGRAD", "0", 1)
      try Runtime.chooseSubstitutes()
      #expect(!Runtime.uses(.winograd) && Runtime.uses(.fusedNormalization))
      let off = try Self.results()
      #expect(on != off && Self.difference(on, off) < 1e-4)
    }
  }

  @Test func fusedNormalizationAgreesWithLibtorch() async {
    await #expect(processExitsWith: .success) {
      #expect(Runtime.uses(.fusedNormalization))
      let on = try Self.results()
      setenv("CONSORT_FUSED_NORMALIZATION", "0", 1)
      try Runtime.chooseSubstitutes()
      #expect(!Runtime.uses(.fusedNormalization) && Runtime.uses(.winograd))
      let off = try Self.results()
      #expect(on != off && Self.difference(on, off) < 1e-4)
    }
  }

  @Test func keptMemoryChangesNoBit() async {
    await #expect(processExitsWith: .success) {
      setenv("CONSORT_CACHING_ALLOCATOR", "0", 1)
      try Runtime.chooseSubstitutes()
      try Runtime.keepMemory()
      #expect(!Runtime.keepsMemory)
      let off = try Self.results()
      setenv("CONSORT_CACHING_ALLOCATOR", "1", 1)
      try Runtime.chooseSubstitutes()
      try Runtime.keepMemory()
      #expect(Runtime.keepsMemory)
      // The second time, blocks are used again that hold the first time's numbers.
      for _ in 0..<2 { #expect(try Self.results() == off) }
    }
  }

  @Test func anotherLibtorchTurnsAllOff() async throws {
    let result = await #expect(
      processExitsWith: .success, observing: [\.standardErrorContent]
    ) {
      try Runtime.chooseSubstitutes(version: "2.12.0")
      for substitute: Runtime.Substitute in [.winograd, .fusedNormalization, .cachingAllocator] {
        #expect(!Runtime.uses(substitute))
      }
      try Runtime.keepMemory()
      #expect(!Runtime.keepsMemory)
      #expect(try !Self.results().isEmpty)
    }
    let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(
      text.split(separator: "\n").filter { $0.contains("libtorch 2.12.0 is loaded, not 2.11.0") }
        .count == 1)
  }

  @Test func theLoadedLibtorchIsThePinnedOne() {
    #expect(Runtime.version == "2.11.0")
  }
}
