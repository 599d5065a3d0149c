import Deployment
import Foundation
import Inference
import ONNX
import Predictions
import TestSupport
import Testing

@testable import LowPrecision

/// The file in 8-bit numbers of a small trained network, on real images.
@Suite struct QuantizedModelTests {
  private static let ranges = fixture("ranges.json")
  private static let quantized = fixture("small-int8.onnx")
  /// With weights of 8 bits.
  private static let wide = fixture("small-int8-wide.onnx")

  private static func folded() throws -> EditableModel {
    var model = try Small.editable()
    try model.foldNormalizations()
    return model
  }

  /// Ours on the first 100 images, between percentiles.
  private static func found() throws -> [String: ClosedRange<Float>] {
    let model = try folded()
    let images = PredictionImages.decoded(try Small.split())
    let member = try ModelSelection([Small.path]).members[0]
    let sample = try ImageSample(
      images, choice: Array(0..<100), for: member,
      options: PredictionOptions(inference: InferenceOptions(threads: 1)))
    let values = Set(model.quantizableLayers.flatMap(\.activations)).sorted()
    return try Calibrator(model: model, member: member, sample: sample, threads: 1)
      .histograms(of: values) { _, _ in }
      .mapValues { $0.range(.percentile, percentile: 99.999) }
  }

  private static func expectedRanges() throws -> [String: ClosedRange<Float>] {
    try JSONDecoder().decode(
      [String: [Float]].self, from: Data(contentsOf: URL(filePath: ranges))
    ).mapValues { $0[0]...$0[1] }
  }

  @Test func layersAreFound() throws {
    let layers = try Self.folded().quantizableLayers
    #expect(layers.map(\.name) == ["stem", "depth", "point", "add", "wide", "head"])
    #expect(
      layers.map(\.activations) == [
        ["images"], ["a"], ["b"], ["point_normed", "a"], ["c"], ["features"],
      ])
    #expect(try Self.folded().description.operationCounts["BatchNormalization"] == 4)
    #expect(try Self.folded().operations.allSatisfy { $0.type != "BatchNormalization" })
  }

  /// Those of ONNX Runtime's calibrator on its own activations.
  @Test func rangesAreONNXRuntimes() throws {
    let (found, expected) = (try Self.found(), try Self.expectedRanges())
    #expect(found.count == expected.count && expected.count == 6)
    for (value, range) in expected {
      let size = max(abs(range.lowerBound), abs(range.upperBound))
      let other = try #require(found[value])
      // A bin is a thousandth of it, and float32 sums differ in their last places.
      #expect(abs(other.lowerBound - range.lowerBound) <= 2e-3 * size, "\(value)")
      #expect(abs(other.upperBound - range.upperBound) <= 2e-3 * size, "\(value)")
    }
  }

  /// Weights do not depend on the ranges: those of the recorded file are written again.
  @Test(arguments: [(quantized, QuantizedWeights.Bits.seven), (wide, .eight)])
  func theSameWeightsAreWritten(path: String, bits: QuantizedWeights.Bits) throws {
    let model = try Self.folded()
    let made = model.quantized(
      model.quantizableLayers, ranges: try Self.expectedRanges(), bits: bits)
    let recorded = try Small.editable(path)
    let names = recorded.constants.keys.filter { $0.contains("weight") && $0.hasSuffix(".scale") }
    #expect(names.count == 5)
    for name in names {
      #expect(made.constants[name]?.floats == recorded.constants[name]?.floats, "\(name)")
    }
    #expect(made.operations.map(\.type) == recorded.operations.map(\.type))
  }

  /// Without VNNI the engine's own sums of 8-bit weights overflow: a quarter of the classes would be others.
  @Test func weightsOfEightBitsAreKnown() throws {
    let isPlain = !ProcessorFeatures.current.multipliesBytes
    #expect(try ImageModel(path: Self.wide).isComputedInFloat32 == isPlain)
    #expect(try ImageModel(path: Self.wide).notes.count == (isPlain ? 1 : 0))
    #expect(try !ImageModel(path: Self.quantized).isComputedInFloat32)
    #expect(try !ImageModel(path: Small.path).isComputedInFloat32)
  }

  /// Both round inner values to 256 levels, but not after the same operations: a value next to a border becomes another byte.
  @Test(arguments: [
    ("small.onnx", 1e-5), ("small-int8.onnx", 0.03), ("small-int8-wide.onnx", 0.03),
  ])
  func openVINOAnswersAsONNXRuntime(name: String, tolerance: Double) throws {
    let expected = try JSONDecoder().decode(
      [String: [Double]].self,
      from: Data(contentsOf: URL(filePath: fixture("probabilities.json"))))
    let reference = try #require(expected[name])
    let scores = try Self.scores(of: fixture(name))
    var (greatest, others) = (0.0, 0)
    for image in 0..<200 {
      let row = image * 10..<(image + 1) * 10
      let ours = scores.logProbabilities[row].map { exp(Double($0)) }
      let theirs = Array(reference[row])
      for (one, other) in zip(ours, theirs) { greatest = max(greatest, abs(one - other)) }
      let best = { (values: [Double]) in
        values.indices.reduce(0) { values[$1] > values[$0] ? $1 : $0 }
      }
      let margin = theirs.sorted().suffix(2).reduce(0) { $1 - $0 }
      // Classes as probable as each other may change places.
      if best(ours) != best(theirs), margin > tolerance { others += 1 }
    }
    #expect(greatest <= tolerance, "\(name): \(greatest)")
    #expect(others == 0)
  }

  private static func scores(of path: String) throws -> SampleScores {
    let images = PredictionImages.decoded(try Small.split())
    let member = try ModelSelection([path]).members[0]
    let sample = try ImageSample(
      images, choice: Array(0..<200), for: member,
      options: PredictionOptions(inference: InferenceOptions(threads: 1)))
    return try SampleScores(of: member.model, on: sample, count: 200, threads: 1)
  }

  @Test func foldingKeepsTheAnswers() throws {
    let temporary = try TemporaryDirectory()
    let path = "\(temporary.path)/folded.onnx"
    try Data(try Self.folded().bytes()).write(to: URL(filePath: path))
    let (before, after) = (try Self.scores(of: Small.path), try Self.scores(of: path))
    for (one, other) in zip(before.logProbabilities, after.logProbabilities) {
      #expect(abs(one - other) < 1e-4)
    }
  }

  @Test func costsAreThoseOfFloat32() throws {
    let whole = try ModelCost(path: Small.path)
    let quantized = try ModelCost(path: Self.quantized)
    #expect(quantized.multiplyAccumulates == whole.multiplyAccumulates)
    // Normalisations are folded: of each, the shift is left as a bias.
    #expect(quantized.parameters == whole.parameters - (16 + 16 + 16 + 32))
    let temporary = try TemporaryDirectory()
    for format in HalfFormat.allCases {
      let path = "\(temporary.path)/\(format.rawValue).onnx"
      let (half, kept) = try Small.editable().withWeights(in: format)
      #expect(kept.isEmpty)
      try Data(half.bytes()).write(to: URL(filePath: path))
      let cost = try ModelCost(path: path)
      #expect(cost.multiplyAccumulates == whole.multiplyAccumulates)
      #expect(cost.parameters == whole.parameters)
    }
  }

  /// Two layers read one constant, and an addition reads it too.
  @Test func sharedWeightsAreQuantizedOnce() throws {
    let path = fixture("shared.onnx")
    let model = try Small.editable(path)
    let layers = model.quantizableLayers
    #expect(layers.map(\.name) == ["first_map", "first", "second", "third"])
    let ranges = Dictionary(
      uniqueKeysWithValues: Set(layers.flatMap(\.activations)).map { ($0, Float(-4)...4) })
    let whole = model.quantized(layers, ranges: ranges, bits: .eight)
    // The weights once along each axis; each bias is the layer's own.
    #expect(whole.constants.values.count { $0.elementType == 3 && $0.shape == [5, 5] } == 2)
    let temporary = try TemporaryDirectory()
    let written = "\(temporary.path)/shared-int8.onnx"
    try Data(whole.bytes()).write(to: URL(filePath: written))
    #expect(try ImageModel(path: written, imageSize: 8).classes == 5)
    // One layer in float32 goes on reading what it read.
    let part = model.quantized([layers[2], layers[3]], ranges: ranges, bits: .eight)
    #expect(part.operations.first { $0.name == "first" }?.inputs[1] == "weight")
  }
}
