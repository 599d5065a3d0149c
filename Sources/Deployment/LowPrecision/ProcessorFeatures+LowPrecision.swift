import Inference
import ONNX

extension ProcessorFeatures {
  /// Bits of weights that it computes in 8 bits: where two products are added in 16, eight might saturate.
  package var bits: QuantizedWeights.Bits { multipliesBytes ? .eight : .seven }

  /// In which numbers a variant is run on it.
  func precision(of precision: LowPrecision) -> InferenceOptions.Precision {
    switch precision {
    case .int8: .float32
    case .float16: multipliesFloat16 ? .float16 : .float32
    case .bfloat16: multipliesBfloat16 ? .bfloat16 : .float32
    }
  }

  /// What is to be said of how variants run on it.
  func notes(of precisions: [LowPrecision], bits: QuantizedWeights.Bits) -> [String] {
    precisions.compactMap { precision in
      switch precision {
      case .int8 where !multipliesBytes && bits == .eight:
        "this processor has no VNNI, and its sums of 8-bit weights may overflow: int8 is computed in float32, rounded to the "
          + "same levels; its accuracy is that of processors with VNNI, its times are not"
      case .int8 where !multipliesBytes:
        "this processor has no VNNI: int8 is computed by slower instructions, and its times are not those of processors that "
          + "have it; weights use 7 of 8 bits, so that sums do not overflow (--weight-bits 8 for processors with VNNI)"
      case .int8 where bits == .eight:
        "weights use all 8 bits: on processors without VNNI `consort` computes them in float32, and other runtimes may "
          + "overflow; --weight-bits 7 is for those"
      case .bfloat16 where !multipliesBfloat16:
        "this processor has no bfloat16: weights are rounded to it and computed in float32, as fast as float32"
      case .float16 where !multipliesFloat16:
        "this processor computes no float16: weights are rounded to it and computed in float32, as fast as float32"
      default: nil
      }
    }
  }
}
