import Files
import Formatting

/// Why a model gets no variant in low precision.
package enum CompressionError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The model computes in low precision already.
  case alreadyCompressed(source: String, what: String)
  /// The model follows operators that have no such numbers.
  case oldOperators(source: String, operatorSet: Int, needed: Int, precision: String)
  /// No layer of the model can be computed in 8-bit numbers.
  case nothingToQuantize(source: String)
  /// The images have no labels, so that nothing can be measured.
  case noLabels(data: String)
  /// There are too few images for calibration and for measuring.
  case tooFewImages(data: String, count: Int, calibration: Int, needed: Int)
  /// The float32 model gets no more of the images right than guessing does.
  case imagesOfAnotherKind(data: String, source: String, right: Int, images: Int, guessed: Int)
  /// A value of the network is no number on a calibration image.
  case notFinite(source: String, value: String, layer: String?, kind: String)
  /// Variants lost more than the tolerance, or may have.
  case refused([Refusal])

  /// A variant that was not written.
  package struct Refusal: Hashable, Sendable {
    /// The variant's name, and the layer that costs most, where it has layers in 8-bit numbers.
    package let name: String
    package let costliestLayer: String?
    /// What it loses, and the most that it may lose, of an accuracy of 1; and what may be lost.
    package let loss, upperLoss, tolerance: Double
    /// Images that it was measured on.
    package let images: Int
  }

  /// What is wrong, where, and the fix.
  package var description: String {
    switch self {
    case .alreadyCompressed(let source, let what):
      "'\(source)' is in low precision already (\(what)); give the float32 model that it was made of"
    case .oldOperators(let source, let operatorSet, let needed, let precision):
      "'\(source)' follows operator set \(operatorSet), and \(precision) needs \(needed) or newer: export it with "
        + "opset_version=\(max(needed, 17)), convert it with onnx.version_converter.convert_version, or leave "
        + "\(precision) out of --precisions"
    case .nothingToQuantize(let source):
      "'\(source)' has no convolution or matrix product with constant weights in float32; leave int8 out of --precisions"
    case .noLabels(let data):
      "the images in '\(data)' have no labels, and what a variant loses is measured on labelled ones; give folders of classes"
    case .tooFewImages(let data, let count, let calibration, let needed):
      "'\(data)' has \(count.counted("image")), of which \(calibration) would be for calibration and at least \(needed) for "
        + "measuring; give more, or fewer for calibration with --images"
    case .imagesOfAnotherKind(let data, let source, let right, let images, let guessed):
      "'\(source)' gets \(right) of \(images) images in '\(data)' right, and guessing one class for all \(guessed): they are "
        + "images of another kind, or prepared or labelled otherwise; give images like those that it was trained on, and see "
        + "--class-order, --mean and --std"
    case .notFinite(let source, let value, let layer, let kind):
      "'\(source)' computes \(kind == "NaN" ? "NaN" : "an infinite number") of a calibration image, in "
        + "\(layer.map { "the layer '\($0)'" } ?? "the value '\(value)'"); look at how images become its input (--mean, --std, "
        + "--scale), or train it again"
    case .refused(let refusals): Self.description(of: refusals)
    }
  }

  private static func description(of refusals: [Refusal]) -> String {
    refusals.map { refusal in
      let points = { (share: Double) in NumberFormat.fixed(100 * share, 2) }
      let layer = refusal.costliestLayer.map { "; the layer that costs most is '\($0)'" } ?? ""
      let isShown = refusal.loss > refusal.tolerance
      let fact =
        isShown
        ? "loses \(points(refusal.loss)) points"
        : "loses \(points(refusal.loss)) points, and on \(refusal.images.grouped) images up to \(points(refusal.upperLoss)) "
          + "cannot be ruled out"
      return "'\(refusal.name)' \(fact), where --tolerance is \(points(refusal.tolerance))\(layer)"
    }.joined(separator: "\n")
      + "\nnot written: give more images, another --calibration, a higher --tolerance, or --allow-loss to write it all the same"
  }
}
