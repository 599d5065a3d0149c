import Inference
import ONNX

/// How variants in low precision are made and judged.
package struct CompressionOptions: Sendable {
  /// Which are made.
  package var precisions: [LowPrecision]
  /// How ranges of 8-bit numbers are found, and for percentiles which one.
  package var calibration: CalibrationMethod
  package var percentile: Double
  /// Images for calibration.
  package var calibrationImages: Int
  /// Bits of 8-bit weights; what suits this processor where nil.
  package var bits: QuantizedWeights.Bits?
  /// The accuracy that may be lost, of 1.
  package var tolerance: Double
  /// Whether a variant that may lose more is kept all the same.
  package var allowsLoss: Bool
  /// Threads for predictions.
  package var threads: Int
  /// Seconds that each model runs in each round of timing.
  package var secondsOfRound: Double

  /// All variants, as they are made unless told otherwise.
  package init(threads: Int) {
    precisions = LowPrecision.allCases
    (calibration, percentile, calibrationImages) = (.percentile, 99.999, 256)
    (bits, tolerance, allowsLoss, self.threads) = (nil, 0.003, false, threads)
    secondsOfRound = 0.3
  }

  /// Fewer calibration images say too little of what a network computes.
  package static let fewestCalibrationImages = 16
  /// Fewer images are not measured on.
  package static let fewestMeasuredImages = 100
}

/// A number format of a variant.
package enum LowPrecision: String, Codable, CaseIterable, Sendable {
  case int8, float16, bfloat16

  /// The first set of operators that has what it needs: a scale a channel, or bfloat16.
  var operatorSet: Int { self == .float16 ? 7 : 13 }

  /// The format of its weights, where they are of 16 bits.
  var halfFormat: HalfFormat? {
    switch self {
    case .int8: nil
    case .float16: .float16
    case .bfloat16: .bfloat16
    }
  }
}
