import ONNX
import Testing

@testable import LowPrecision

/// Weights, ranges and formats as onnxruntime.quantization 1.32.0 and NumPy have them.
@Suite struct ReferenceTests {
  @Test func weightsEqualONNXRuntimes() throws {
    for expected in try References.load().weights {
      let bits = try #require(QuantizedWeights.Bits(rawValue: expected.bits))
      let found = QuantizedWeights(
        expected.weights, shape: expected.shape, axis: expected.axis, bits: bits)
      #expect(found.values == expected.values)
      for (scale, reference) in zip(found.scales, expected.scales) {
        #expect(abs(scale - reference) <= 1e-6 * reference)
      }
    }
  }

  @Test func activationScalesEqualONNXRuntimes() throws {
    for expected in try References.load().scales {
      let found = ActivationScale(expected.range[0]...expected.range[1])
      #expect(abs(found.scale - expected.scale) <= 1e-6 * expected.scale)
      #expect(found.zeroPoint == expected.zeroPoint)
    }
    #expect(ActivationScale(0...0) == ActivationScale(0...0))
    #expect(ActivationScale(0...0).scale == 1)
  }

  @Test func thresholdsEqualONNXRuntimes() throws {
    for expected in try References.load().histograms {
      let histogram = ActivationHistogram(
        range: expected.least...expected.greatest, counts: expected.counts)
      for (name, range) in expected.ranges {
        let percentile = Double(name.dropFirst("percentile".count))
        let found = histogram.range(
          percentile == nil ? .entropy : .percentile, percentile: percentile ?? 0)
        let size = max(abs(range[0]), abs(range[1]))
        #expect(
          abs(found.lowerBound - range[0]) <= 1e-6 * size
            && abs(found.upperBound - range[1]) <= 1e-6 * size,
          "\(expected.name), \(name): \(found) for \(range)")
      }
      #expect(histogram.range(.minmax, percentile: 0) == expected.least...expected.greatest)
    }
  }

  @Test func numbersAreCountedWhereTheyLie() {
    var histogram = ActivationHistogram(range: -1...2)
    [Float](arrayLiteral: -1, 0, 0.0005, 2).withUnsafeBufferPointer { histogram.add($0) }
    #expect(histogram.counts.reduce(0, +) == 4)
    // Bins of 4 / 2048 from -2.
    #expect(histogram.counts[512] == 1 && histogram.counts[1024] == 2)
    #expect(histogram.counts[2047] == 1)
    var nothing = ActivationHistogram(range: 0...0)
    [Float](arrayLiteral: 0, 0).withUnsafeBufferPointer { nothing.add($0) }
    for method in CalibrationMethod.allCases {
      #expect(nothing.range(method, percentile: 99) == 0...0)
    }
  }

  @Test func halvesEqualNumPys() throws {
    let halves = try References.load().halves
    for (place, value) in halves.values.enumerated() {
      #expect(HalfFormat.float16.bits(value) == halves.float16[place], "\(value)")
      #expect(HalfFormat.bfloat16.bits(value) == halves.bfloat16[place], "\(value)")
    }
  }
}
