import Deployment
import Inference
import ONNX

/// A member in low precision, and what is known of it.
package struct CompressedVariant: Sendable {
  /// What it is called, and the member that it was made of.
  package let name, member: String
  /// Its format.
  package let precision: LowPrecision
  /// The whole ONNX file, and that of float32.
  package let bytes: [UInt8]
  package let float32ByteCount: Int
  /// What it loses.
  package let accuracy: VariantAccuracy
  /// At batch 1 and 64.
  package let latencies: [LatencyComparison]
  /// In which numbers it was run.
  package let computedIn: InferenceOptions.Precision
  /// Of 8-bit numbers: how many layers could be in them, and which stay in float32.
  package let layerCount: Int?
  package let floatLayers: [String]
  /// Weights that stay in float32 because its format has no such numbers.
  package let keptWeights: [String]
  /// The layer whose return to float32 gains most, where that was found out.
  package let costliestLayer: String?
  /// What may be lost, of 1.
  package let tolerance: Double

  /// Whether it may lose more than that.
  package var losesTooMuch: Bool { accuracy.lossInterval.upperBound > tolerance }

  /// Why it is not written; nil where it loses little enough.
  var refusal: CompressionError.Refusal? {
    guard losesTooMuch else { return nil }
    return CompressionError.Refusal(
      name: name, costliestLayer: costliestLayer, loss: accuracy.loss,
      upperLoss: accuracy.lossInterval.upperBound, tolerance: tolerance, images: accuracy.images)
  }
}
