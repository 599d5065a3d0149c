import Formatting
import Inference
import ONNX
import Runs

/// What is written beside the variants: compress.json.
package struct CompressionRecord: Encodable {
  let version = 1
  let consort, engine, processor, instructionSets: String
  let calibration: CalibrationMethod
  let percentile: Double?
  let weightBits: Int
  let tolerance: Double
  let calibrationImages, searchImages, measuredImages: Int
  let fingerprint: String
  let variants: [Variant]

  /// One variant; losses are of an accuracy of 1.
  struct Variant: Encodable {
    let name, member: String
    let precision: LowPrecision
    /// nil where it was not written.
    let file: String?
    let byteCount, float32ByteCount: Int
    let accuracy, float32Accuracy, loss: Double
    let lossInterval: [Double]
    let agreement: Double
    let onlyFloat32Right, onlyVariantRight: Int
    let computedIn: InferenceOptions.Precision
    let latencies: [LatencyComparison]
    let layers: Int?
    let floatLayers: [String]
    let costliestLayer: String?
  }

  /// Takes down what was made and measured.
  package init(_ compression: CompressedMembers, consort: String) {
    let environment = RunEnvironment(command: [], versions: [:], device: "cpu", threads: 1)
    let options = compression.options
    self.consort = consort
    (engine, processor) = (InferenceEngine.version, environment.processor)
    instructionSets = RunEnvironment.instructionSets()
    calibration = options.calibration
    percentile = options.calibration == .percentile ? options.percentile : nil
    (weightBits, tolerance) = (compression.bits.rawValue, options.tolerance)
    calibrationImages = compression.calibrationImages
    searchImages = compression.searchImages
    measuredImages = compression.measuredImages
    fingerprint = compression.fingerprint
    variants = compression.variants.map { variant in
      Variant(variant, isKept: options.allowsLoss || !variant.losesTooMuch)
    }
  }
}

extension CompressionRecord.Variant {
  fileprivate init(_ variant: CompressedVariant, isKept: Bool) {
    let accuracy = variant.accuracy
    self.init(
      name: variant.name, member: variant.member, precision: variant.precision,
      file: isKept ? CompressedMembers.file(of: variant) : nil, byteCount: variant.bytes.count,
      float32ByteCount: variant.float32ByteCount, accuracy: accuracy.accuracy,
      float32Accuracy: Double(accuracy.float32Right) / Double(max(1, accuracy.images)),
      loss: accuracy.loss,
      lossInterval: [accuracy.lossInterval.lowerBound, accuracy.lossInterval.upperBound],
      agreement: accuracy.agreement, onlyFloat32Right: accuracy.onlyFloat32Right,
      onlyVariantRight: accuracy.onlyVariantRight, computedIn: variant.computedIn,
      latencies: variant.latencies, layers: variant.layerCount, floatLayers: variant.floatLayers,
      costliestLayer: variant.costliestLayer)
  }
}

extension CompressedMembers {
  /// The variants as a table, and what they were measured on.
  package func text(consort: String) -> String {
    let batches = variants.first?.latencies.map(\.batch) ?? []
    var table = TextTable(
      columns: [.init("variant", isKept: true), .init("loss in points", .right, isKept: true)]
        + [.init("agreement", .right, isKept: true)]
        + batches.map { .init("batch \($0) ms", .right, isKept: true) }
        + [
          .init("MB", .right, isKept: true), .init("float layers", .right), .init("", isKept: true),
        ])
    for variant in variants {
      let interval = variant.accuracy.lossInterval
      table.append(
        [
          variant.name,
          "\(Self.points(variant.accuracy.loss)) (\(Self.points(interval.lowerBound)) to \(Self.points(interval.upperBound)))",
          NumberFormat.percent(variant.accuracy.agreement),
        ]
          + variant.latencies.map {
            "\(NumberFormat.milliseconds($0.median)) of \(NumberFormat.milliseconds($0.float32Median))"
          }
          + [
            "\(Self.megabytes(variant.bytes.count)) of \(Self.megabytes(variant.float32ByteCount))",
            variant.layerCount.map { "\(variant.floatLayers.count) of \($0)" } ?? "",
            variant.losesTooMuch ? (options.allowsLoss ? "loses too much" : "refused") : "",
          ])
    }
    let environment = RunEnvironment(command: [], versions: [:], device: "cpu", threads: 1)
    let conditions =
      "measured on \(measuredImages.grouped) images that nothing was chosen on, intervals 95 %; \(calibrationImages.grouped) "
      + "calibrated, \(searchImages.grouped) chose layers; times of one thread, beside float32 in turn; "
      + "\(environment.processor) (\(RunEnvironment.instructionSets())), consort \(consort), \(InferenceEngine.version)"
    return table.text()
      + Terminal.wrapped(conditions, width: Terminal.textWidth).map { $0 + "\n" }.joined()
  }

  private static func points(_ share: Double) -> String { NumberFormat.fixed(100 * share, 2) }

  private static func megabytes(_ bytes: Int) -> String {
    NumberFormat.fixed(Double(bytes) / 1_000_000, 2)
  }
}
