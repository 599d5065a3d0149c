import Datasets
import Deployment
import Foundation
import Inference
import ONNX
import TestSupport

@testable import LowPrecision

/// What `make_references.py` took from onnxruntime.quantization.
struct References: Decodable {
  struct Weights: Decodable {
    let shape: [Int]
    let axis, bits: Int
    let weights, scales: [Float]
    let values: [Int8]
  }
  struct Histogram: Decodable {
    let name: String
    let least, greatest: Float
    let counts: [Int]
    let ranges: [String: [Float]]
  }
  struct Scale: Decodable {
    let range: [Float]
    let scale: Float
    let zeroPoint: UInt8
  }
  struct Halves: Decodable {
    let values: [Float]
    /// nil where the number would be infinite.
    let float16, bfloat16: [UInt16?]
  }
  let weights: [Weights]
  let histograms: [Histogram]
  let scales: [Scale]
  let halves: Halves

  static func load() throws -> References {
    try JSONDecoder().decode(
      References.self, from: Data(contentsOf: URL(filePath: fixture("references.json"))))
  }
}

/// The small network that `make_model.py` trained on CIFAR-10, and 200 of its test images.
enum Small {
  static let path = fixture("small.onnx")
  static let classes = [
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
  ]

  static func split() throws -> ImageSplit {
    let records = [UInt8](try Data(contentsOf: URL(filePath: fixture("images.bin"))))
    let starts = stride(from: 0, to: records.count, by: 3073)
    return ImageSplit(
      name: "hold-out", height: 32, width: 32,
      pixels: starts.flatMap { records[$0 + 1..<$0 + 3073] },
      labels: starts.map { Int64(records[$0]) }, classNames: classes)
  }

  /// Its bytes, as they are or otherwise.
  static func editable(_ path: String = path) throws -> EditableModel {
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    return try bytes.withUnsafeBytes { try EditableModel(bytes: $0, path: path) }
  }

  static func options(_ precisions: [LowPrecision] = [.int8]) -> CompressionOptions {
    var options = CompressionOptions(threads: 1)
    (options.precisions, options.calibrationImages) = (precisions, 32)
    // 112 images are left to measure on, which show no less.
    (options.tolerance, options.bits, options.secondsOfRound) = (0.2, .seven, 0.001)
    return options
  }

  /// Makes variants of the model at `path`.
  static func compression(
    of path: String = path, _ options: CompressionOptions = options(),
    on split: ImageSplit? = nil
  ) throws -> CompressedMembers {
    try CompressedMembers(
      ModelSelection([path]), on: LabelledImages(split ?? Self.split()), data: "hold-out", options,
      processor: .current, progress: { _ in },
      predicted: { _, _ in })
  }
}

/// The path of a fixture of these tests.
func fixture(_ name: String) -> String { fixture(name, of: "Deployment/LowPrecisionTests") }
