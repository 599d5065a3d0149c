import Datasets
import Deployment
import Foundation
import Inference
import ONNX
import TestSupport
import Testing

@testable import LowPrecision

@Suite struct CompressedMembersTests {
  @Test func variantsAreMeasuredOnOtherImages() throws {
    let compression = try Small.compression(of: Small.path, Small.options(LowPrecision.allCases))
    #expect(compression.calibrationImages == 32 && compression.searchImages == 56)
    #expect(compression.measuredImages == 112)
    #expect(compression.variants.map(\.name) == ["small-int8", "small-float16", "small-bfloat16"])
    for variant in compression.variants {
      #expect(variant.accuracy.images == 112)
      #expect(variant.accuracy.agreement > 0.9, "\(variant.name)")
      #expect(variant.latencies.map(\.batch) == [1, 64])
      #expect(variant.bytes.count < variant.float32ByteCount)
      #expect(
        variant.computedIn == ProcessorFeatures.current.precision(of: variant.precision))
    }
    let temporary = try TemporaryDirectory()
    let out = "\(temporary.path)/out"
    try compression.write(to: out, consort: "test")
    let names = ["compress.json", "small-bfloat16.onnx", "small-float16.onnx", "small-int8.onnx"]
    #expect(try temporary.names(in: "out") == names)
    // They are members as any.
    let selection = try ModelSelection(names.dropFirst().map { "\(out)/\($0)" })
    #expect(selection.labels == Small.classes)
    #expect(
      selection.members.map(\.network) == ["small-bfloat16", "small-float16", "small-int8"])
    let ensemble = try selection.write(to: "\(temporary.path)/ensemble").ensemble
    #expect(ensemble.manifest.members.count == 3)
  }

  @Test func whatLosesTooMuchIsRefused() throws {
    var options = Small.options()
    options.tolerance = 0
    let compression = try Small.compression(of: Small.path, options)
    #expect(compression.kept.isEmpty)
    let error = #expect(throws: CompressionError.self) { try compression.checkLosses() }
    let layer = try #require(compression.variants[0].costliestLayer)
    let text = try #require(error).description
    #expect(text.contains("the layer that costs most is '\(layer)'"), "\(text)")
    #expect(text.contains("--tolerance is 0.00"))
    options.allowsLoss = true
    let allowed = try Small.compression(of: Small.path, options)
    #expect(allowed.kept.count == 1)
    try allowed.checkLosses()
  }

  @Test func whatIsCompressedIsNotCompressedAgain() throws {
    let error = #expect(throws: CompressionError.self) {
      try Small.compression(of: fixture("small-int8.onnx"))
    }
    #expect(
      error
        == .alreadyCompressed(
          source: fixture("small-int8.onnx"), what: "its graph has DequantizeLinear"))
    let temporary = try TemporaryDirectory()
    let path = "\(temporary.path)/half.onnx"
    try Data(Small.editable().withWeights(in: .bfloat16).model.bytes()).write(
      to: URL(filePath: path))
    #expect(throws: CompressionError.alreadyCompressed(source: path, what: "weights in bfloat16")) {
      try Small.compression(of: path)
    }
  }

  @Test func oldOperatorsAreNamed() throws {
    let path = fixture("old.onnx")
    #expect(
      throws: CompressionError.oldOperators(
        source: path, operatorSet: 11, needed: 13, precision: "int8")
    ) { try Small.compression(of: path) }
    // float16 needs nothing that is new.
    #expect(try Small.compression(of: path, Small.options([.float16])).variants.count == 1)
  }

  @Test func tooFewImages() throws {
    var options = Small.options()
    options.calibrationImages = 150
    #expect(
      throws: CompressionError.tooFewImages(
        data: "hold-out", count: 200, calibration: 150, needed: 100)
    ) { try Small.compression(of: Small.path, options) }
  }

  @Test func imagesOfAnotherKind() throws {
    let split = try Small.split()
    // The same noise for each class.
    let pixels = (0..<split.count).flatMap { image in
      (0..<3072).map { UInt8(truncatingIfNeeded: ($0 &* 7919 &+ image / 40 &* 104_729) >> 3) }
    }
    let noise = ImageSplit(
      name: "noise", height: 32, width: 32, pixels: pixels, labels: split.labels,
      classNames: split.classNames)
    let error = #expect(throws: CompressionError.self) {
      try Small.compression(on: noise)
    }
    guard case .imagesOfAnotherKind = try #require(error) else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func numbersThatAreNoneAreNamed() throws {
    let path = fixture("infinite.onnx")
    let error = #expect(throws: CompressionError.self) { try Small.compression(of: path) }
    #expect(
      error
        == .notFinite(source: path, value: "endless", layer: "explosion", kind: "infinite"))
  }

  @Test func processorsWithoutTheInstructionsAreTold() throws {
    let plain = ProcessorFeatures(
      multipliesBytes: false, multipliesBfloat16: false, multipliesFloat16: false)
    #expect(plain.bits == .seven)
    let notes = plain.notes(of: LowPrecision.allCases, bits: .seven)
    #expect(notes.count == 3)
    #expect(notes[0].contains("no VNNI") && notes[2].contains("no bfloat16"))
    #expect(plain.notes(of: [.int8], bits: .eight)[0].contains("computed in float32"))
    #expect(plain.precision(of: .bfloat16) == .float32)
    let new = ProcessorFeatures(
      multipliesBytes: true, multipliesBfloat16: true, multipliesFloat16: true)
    #expect(new.bits == .eight && new.precision(of: .bfloat16) == .bfloat16)
    #expect(new.precision(of: .int8) == .float32)
    #expect(new.notes(of: [.int8], bits: .eight)[0].contains("--weight-bits 7"))
    #expect(new.notes(of: LowPrecision.allCases, bits: .seven).isEmpty)
  }
}
