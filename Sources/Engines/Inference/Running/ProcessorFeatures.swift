import COpenVINO
import Files

/// What a processor computes low precision with.
package struct ProcessorFeatures: Hashable, Sendable {
  /// Whether it adds products of 8-bit numbers in 32 bits at once: VNNI, AMX, or Arm's dot product. Others add pairs of them in
  /// 16 bits, where they may saturate.
  package let multipliesBytes: Bool
  /// Whether it multiplies numbers of bfloat16, and of float16.
  package let multipliesBfloat16, multipliesFloat16: Bool

  /// Describes a processor.
  package init(multipliesBytes: Bool, multipliesBfloat16: Bool, multipliesFloat16: Bool) {
    self.multipliesBytes = multipliesBytes
    self.multipliesBfloat16 = multipliesBfloat16
    self.multipliesFloat16 = multipliesFloat16
  }

  /// This machine's.
  package static let current: ProcessorFeatures = {
    var found = co_processor()
    co_processor_features(&found)
    return ProcessorFeatures(
      multipliesBytes: found.multiplies_bytes != 0,
      multipliesBfloat16: found.multiplies_bfloat16 != 0,
      multipliesFloat16: found.multiplies_float16 != 0)
  }()
}

extension LoadedModel {
  /// Whether it has 8-bit weights that use all 8 bits, whose products may saturate.
  var hasWideBytes: Bool {
    var result: Int32 = 0
    return co_model_has_wide_bytes(graph.handle, &result) == CO_OK && result != 0
  }
}

extension ImageModel {
  /// Whether this processor computes its 8-bit weights in float32, because its own sums of them might saturate.
  package var isComputedInFloat32: Bool {
    hasWideBytes && !ProcessorFeatures.current.multipliesBytes
  }

  /// What is to be said of how this processor computes it.
  package var processorNotes: [Note] {
    guard isComputedInFloat32 else { return [] }
    return [
      Note(
        source: source,
        text:
          "its weights use all 8 bits, whose sums may overflow on this processor, which has no VNNI: it is computed in float32, "
          + "rounded to the same levels, and no faster than float32; `consort compress --weight-bits 7` makes one that it computes in 8 bits"
      )
    ]
  }
}
