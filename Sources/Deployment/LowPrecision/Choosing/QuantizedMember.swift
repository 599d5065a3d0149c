import Deployment
import Inference
import ONNX
import Statistics

/// A member in 8-bit numbers, but for layers that its distributions suffer from.
struct QuantizedMember {
  /// The whole file, without a name of its own yet.
  let model: EditableModel
  /// How many layers could be in 8-bit numbers, and which of them stay in float32.
  let layerCount: Int
  let floatLayers: [String]
  /// Calibrated ranges by value.
  let ranges: [String: ClosedRange<Float>]
  /// The layer whose return to float32 alone gains most, where that was found out.
  private(set) var costliestLayer: String?
  private let search: LayerSearch
  private let layers: [QuantizableLayer]

  /// The layer whose return to float32 alone gains most.
  mutating func findCostliestLayer() throws {
    guard costliestLayer == nil else { return }
    costliestLayer = try search.costliest().map { layers[$0].name }
  }

  /// What a search needs.
  struct Material {
    let member: EnsembleMember
    let model: EditableModel
    let calibration, search: ImageSample
    /// Labels of the images to search with.
    let searchLabels: [Int64]
    /// Images that the result will be measured on.
    let measuredImages: Int
  }

  /// Images that gains of single layers are computed on.
  private static let imagesOfGains = 256
  /// The share of the layers that may return.
  private static let largestFloatShare = 0.34

  /// - Parameter progress: What is being done.
  /// - Throws: `CompressionError`, `InferenceError`.
  init(
    _ material: Material, _ options: CompressionOptions, bits: QuantizedWeights.Bits,
    progress: @escaping (String) -> Void
  ) throws {
    var model = material.model
    try model.foldNormalizations()
    let layers = model.quantizableLayers
    guard layers.contains(where: { $0.weightAxis != nil }) else {
      throw CompressionError.nothingToQuantize(source: material.member.model.source)
    }
    progress("calibrating \(layers.count) layers on \(material.calibration.count) images")
    var values: [String] = []
    for value in layers.flatMap(\.activations) where !values.contains(value) {
      values.append(value)
    }
    let calibrator = Calibrator(
      model: model, member: material.member, sample: material.calibration,
      threads: options.threads)
    let ranges = try calibrator.histograms(of: values) { _, _ in }
      .mapValues { $0.range(options.calibration, percentile: options.percentile) }
    let trial = Trial(
      material: material, model: model, layers: layers, ranges: ranges, bits: bits,
      threads: options.threads)
    let gainImages = min(Self.imagesOfGains, material.search.count)
    let reference = try trial.scores(of: material.member.model, count: material.search.count)
    let gainReference = try trial.scores(of: material.member.model, count: gainImages)
    search = LayerSearch(
      count: layers.count, most: Int(Double(layers.count) * Self.largestFloatShare),
      divergence: { floats in
        try trial.scores(without: floats, count: gainImages).divergence(from: gainReference)
      },
      isEnough: { floats in
        let scores = try trial.scores(without: floats, count: material.search.count)
        let loss = trial.expectedUpperLoss(scores, reference)
        progress(
          "\(floats.count) of \(layers.count) layers in float32: a loss of up to \(Self.points(loss)) points expected"
        )
        return loss <= options.tolerance
      })
    let found = try search.run()
    let kept = Set(found.floatLayers)
    self.model = trial.model(without: kept)
    self.layers = layers
    self.ranges = ranges
    layerCount = layers.count
    floatLayers = found.floatLayers.map { layers[$0].name }
    costliestLayer = found.costliest.map { layers[$0].name }
  }

  private static func points(_ share: Double) -> String {
    "\((share * 10_000).rounded() / 100)"
  }
}

/// Tries which layers are in 8-bit numbers.
private struct Trial {
  let material: QuantizedMember.Material
  let model: EditableModel
  let layers: [QuantizableLayer]
  let ranges: [String: ClosedRange<Float>]
  let bits: QuantizedWeights.Bits
  let threads: Int

  func model(without floats: Set<Int>) -> EditableModel {
    model.quantized(
      layers.indices.filter { !floats.contains($0) }.map { layers[$0] }, ranges: ranges, bits: bits)
  }

  func scores(without floats: Set<Int>, count: Int) throws -> SampleScores {
    let bytes = try model(without: floats).bytes()
    let model = try bytes.withUnsafeBytes {
      try ImageModel(
        bytes: $0, source: material.member.model.source,
        imageSize: material.member.model.input.height, choice: material.member.model.choice)
    }
    return try scores(of: model, count: count)
  }

  func scores(of model: ImageModel, count: Int) throws -> SampleScores {
    try SampleScores(of: model, on: material.search, count: count, threads: threads)
  }

  /// The upper end of the interval that is to be expected on the images that will be measured on: of a normal distribution,
  /// for this forecast alone.
  func expectedUpperLoss(_ scores: SampleScores, _ reference: SampleScores) -> Double {
    var (onlyFirst, onlySecond) = (0, 0)
    for ((label, first), second) in zip(
      zip(material.searchLabels, reference.predictedClasses), scores.predictedClasses)
    {
      if first == Int(label), second != Int(label) { onlyFirst += 1 }
      if first != Int(label), second == Int(label) { onlySecond += 1 }
    }
    let count = Double(material.searchLabels.count)
    let differing = Double(onlyFirst + onlySecond + 1) / count
    let loss = Double(onlyFirst - onlySecond) / count
    return loss + 2 * (differing / Double(material.measuredImages)).squareRoot()
  }
}
