import Datasets
import Deployment
import Files
import Inference
import ONNX
import Predictions
import Randomness
import Runs
import Schemas

/// Members in low precision, made and measured on held-out images: some calibrate, others say which layers stay in float32,
/// and the rest, which nothing was chosen on, say what each variant loses.
package struct CompressedMembers {
  /// Each member's variants, in order.
  package let variants: [CompressedVariant]
  /// How many images calibrated, were searched with, and were measured on.
  package let calibrationImages, searchImages, measuredImages: Int
  /// The bits of 8-bit weights.
  package let bits: QuantizedWeights.Bits
  /// What was inferred, and what is to be said of this processor.
  package let notes: [Note]
  /// Of the images measured on and their labels, with all others.
  package let fingerprint: String
  /// How they were made.
  package let options: CompressionOptions
  /// The processor that they were measured on.
  package let processor: ProcessorFeatures

  /// - Parameters:
  ///   - selection: The members.
  ///   - images: With labels.
  ///   - data: How errors name the images.
  ///   - progress: Is told what is being done.
  /// - Throws: `CompressionError`, `InferenceError`, `ONNXError`, or what keeps the images from being read.
  package init(
    _ selection: ModelSelection, on images: LabelledImages, data: String,
    _ options: CompressionOptions, processor: ProcessorFeatures,
    progress: @escaping (String) -> Void,
    predicted: @escaping @Sendable (_ done: Int, _ total: Int) -> Void
  ) throws {
    guard images.hasLabels else { throw CompressionError.noLabels(data: data) }
    let parts = try ImageParts(count: images.labels.count, options, data: data)
    let sources = try zip(selection.members, selection.files).map {
      try CompressibleMember($0, bytes: $1, precisions: options.precisions)
    }
    (self.options, self.processor) = (options, processor)
    let bits = options.bits ?? processor.bits
    self.bits = bits
    let prediction = PredictionOptions(inference: InferenceOptions(threads: options.threads))
    let predictor = VariantPredictor(
      images: images, measured: parts.measured, options: prediction, predicted: predicted)
    progress("predicting \(images.labels.count) images in float32")
    let float32 = try predictor.predict(selection.members, precision: .float32)
    fingerprint = float32.fingerprint
    var variants: [CompressedVariant] = []
    for (source, predictions) in zip(sources, float32.classes) {
      try predictor.checkKind(of: predictions, by: source.member, data: data)
      var making = VariantMaking(
        source: source, options: options, processor: processor, bits: bits, parts: parts,
        predictor: predictor, float32: predictions)
      variants += try making.variants { progress("\(source.member.name): \($0)") }
    }
    self.variants = variants
    (calibrationImages, searchImages, measuredImages) = (
      parts.calibration.count, parts.search.count, parts.measured.count
    )
    let name = selection.members.map(\.model.source).joined(separator: ", ")
    notes =
      selection.notes + images.notes + float32.notes
      + processor.notes(of: options.precisions, bits: bits).map { Note(source: name, text: $0) }
      + variants.filter { !$0.keptWeights.isEmpty }.map {
        Note(
          source: $0.name,
          text:
            "the weights \($0.keptWeights.joined(separator: ", ")) stay in float32: they are greater than "
            + "\($0.precision.rawValue) can be")
      }
  }

  /// Variants that are kept.
  package var kept: [CompressedVariant] {
    variants.filter { options.allowsLoss || !$0.losesTooMuch }
  }

  /// What is not kept.
  ///
  /// - Throws: `CompressionError.refused`.
  package func checkLosses() throws {
    let refusals = options.allowsLoss ? [] : variants.compactMap(\.refusal)
    guard refusals.isEmpty else { throw CompressionError.refused(refusals) }
  }

  /// Writes the variants that are kept, and compress.json, whole or not at all.
  ///
  /// - Throws: `FileError` where they cannot be written.
  package func write(to path: String, consort: String) throws {
    try Directory.createWhole(path) { directory in
      for variant in kept {
        try DurableFile.write(variant.bytes, to: "\(directory)/\(Self.file(of: variant))")
      }
      try DurableFile.write(
        CompressionRecord(self, consort: consort).readableJSON(), to: "\(directory)/compress.json")
    }
  }

  /// The name of a variant's file: names of members of several sources have slashes.
  package static func file(of variant: CompressedVariant) -> String {
    variant.name.map { $0 == "/" || $0.isWhitespace ? "-" : String($0) }.joined() + ".onnx"
  }
}

/// Which images are for what.
struct ImageParts {
  /// Places among all images.
  let calibration, search, measured: [Int]

  /// The most images that are searched with.
  private static let mostSearched = 2000

  /// Deals the images out at random, the same way each time.
  ///
  /// - Throws: `CompressionError.tooFewImages`.
  init(count: Int, _ options: CompressionOptions, data: String) throws(CompressionError) {
    let needed = CompressionOptions.fewestMeasuredImages
    let searched =
      options.precisions.contains(.int8)
      ? min(Self.mostSearched, max(0, count - options.calibrationImages) / 3) : 0
    let calibrated = options.precisions.contains(.int8) ? options.calibrationImages : 0
    guard count - calibrated - searched >= needed else {
      throw .tooFewImages(data: data, count: count, calibration: calibrated, needed: needed)
    }
    var random = RandomStream(seed: 0, 0x636F_6D70)
    let order = random.permutation(of: count)
    calibration = Array(order.prefix(calibrated))
    search = Array(order[calibrated..<calibrated + searched])
    measured = order[(calibrated + searched)...].sorted()
  }
}

/// A member that can be made smaller, as a graph.
struct CompressibleMember {
  let member: EnsembleMember
  let model: EditableModel
  let byteCount: Int

  private static let integerOperations: Set<String> = [
    "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "QLinearConv", "QLinearMatMul",
    "ConvInteger", "MatMulInteger",
  ]

  /// - Throws: `CompressionError` where it is in low precision already, or follows operators that are too old;
  ///   `InferenceError.externalData`.
  init(_ member: EnsembleMember, bytes: MemberBytes, precisions: [LowPrecision]) throws {
    let source = member.model.source
    guard !member.model.hasExternalData else { throw InferenceError.externalData(source: source) }
    self.member = member
    (model, byteCount) = try bytes.withBytes {
      (try EditableModel(bytes: $0, path: source), $0.count)
    }
    let counts = model.description.operationCounts
    if let found = Self.integerOperations.filter({ counts[$0] != nil }).min() {
      throw CompressionError.alreadyCompressed(source: source, what: "its graph has \(found)")
    }
    let halves = [10: "float16", 16: "bfloat16"]
    if let type = model.constants.values.compactMap({ $0.count > 1 ? halves[$0.elementType] : nil })
      .min()
    {
      throw CompressionError.alreadyCompressed(source: source, what: "weights in \(type)")
    }
    let operatorSet = model.description.operatorSet
    for precision in precisions where precision.operatorSet > operatorSet {
      throw CompressionError.oldOperators(
        source: source, operatorSet: operatorSet, needed: precision.operatorSet,
        precision: precision.rawValue)
    }
  }
}

/// Predicts all images with members, and gives the classes of those that are measured on.
struct VariantPredictor {
  let images: LabelledImages
  let measured: [Int]
  let options: PredictionOptions
  let predicted: @Sendable (_ done: Int, _ total: Int) -> Void

  /// Labels of the images that are measured on.
  var labels: [Int] { measured.map { Int(images.labels[$0]) } }

  func predict(
    _ members: [EnsembleMember], precision: InferenceOptions.Precision
  ) throws -> (classes: [[Int]], fingerprint: String, notes: [Note]) {
    var options = options
    options.inference.precision = precision
    let found = try EnsemblePredictions(
      of: members, on: images.images, options: options, progress: predicted)
    let classes = zip(members, found.logProbabilities).map { member, values in
      let all = SampleScores.predictedClasses(values, classes: member.model.classes)
      return measured.map { all[$0] }
    }
    return (classes, found.fingerprint, found.notes)
  }

  /// Makes sure that a member knows such images: it gets more of them right than one class for all would.
  ///
  /// - Throws: `CompressionError.imagesOfAnotherKind`.
  func checkKind(of classes: [Int], by member: EnsembleMember, data: String) throws {
    let labels = labels
    let right = zip(classes, labels).count { $0 == $1 }
    let counts = Dictionary(labels.map { ($0, 1) }, uniquingKeysWith: +)
    let guessed = counts.values.max() ?? 0
    guard right > guessed || counts.count < 2 && right == guessed else {
      throw CompressionError.imagesOfAnotherKind(
        data: data, source: member.model.source, right: right, images: labels.count,
        guessed: guessed)
    }
  }
}

/// Makes and measures the variants of one member.
private struct VariantMaking {
  let source: CompressibleMember
  let options: CompressionOptions
  let processor: ProcessorFeatures
  let bits: QuantizedWeights.Bits
  let parts: ImageParts
  let predictor: VariantPredictor
  /// `[N]`: what float32 predicts of the images that are measured on.
  let float32: [Int]

  private static let batches = [1, 64]

  mutating func variants(progress: @escaping (String) -> Void) throws -> [CompressedVariant] {
    try options.precisions.map { precision in
      if let format = precision.halfFormat {
        progress("weights in \(precision.rawValue)")
        let (model, kept) = source.model.withWeights(in: format)
        return try measured(model, precision, quantized: nil, keptWeights: kept, progress)
      }
      var quantized = try quantizedMember(progress)
      return try measured(quantized.model, precision, quantized: quantized, keptWeights: []) {
        progress($0)
      } afterwards: {
        try quantized.findCostliestLayer()
        return quantized.costliestLayer
      }
    }
  }

  private func quantizedMember(_ progress: @escaping (String) -> Void) throws -> QuantizedMember {
    let images = predictor.images
    return try QuantizedMember(
      QuantizedMember.Material(
        member: source.member, model: source.model,
        calibration: ImageSample(
          images.images, choice: parts.calibration, for: source.member, options: predictor.options),
        search: ImageSample(
          images.images, choice: parts.search, for: source.member, options: predictor.options),
        searchLabels: parts.search.map { images.labels[$0] },
        measuredImages: parts.measured.count), options, bits: bits, progress: progress)
  }

  private func measured(
    _ model: EditableModel, _ precision: LowPrecision, quantized: QuantizedMember?,
    keptWeights: [String], _ progress: @escaping (String) -> Void,
    afterwards costliestLayer: () throws -> String? = { nil }
  ) throws -> CompressedVariant {
    let name = "\(source.member.name)-\(precision.rawValue)"
    let bytes = try described(
      model, name: name, precision, floatLayers: quantized?.floatLayers.count)
    let image = try bytes.withUnsafeBytes {
      try ImageModel(
        bytes: $0, source: name, imageSize: source.member.model.input.height,
        choice: source.member.model.choice)
    }
    let member = try EnsembleMember(image)
    let computedIn = processor.precision(of: precision)
    progress("measuring \(name)")
    let classes = try predictor.predict([member], precision: computedIn).classes[0]
    let accuracy = VariantAccuracy(
      float32: float32, variant: classes, labels: predictor.labels)
    let latencies = try Self.batches.map {
      try LatencyComparison(
        of: image, precision: computedIn, beside: source.member.model, batch: $0,
        secondsOfRound: options.secondsOfRound)
    }
    let isRefused = accuracy.lossInterval.upperBound > options.tolerance && !options.allowsLoss
    return CompressedVariant(
      name: name, member: source.member.name, precision: precision, bytes: bytes,
      float32ByteCount: source.byteCount, accuracy: accuracy, latencies: latencies,
      computedIn: computedIn, layerCount: quantized?.layerCount,
      floatLayers: quantized?.floatLayers ?? [], keptWeights: keptWeights,
      costliestLayer: isRefused ? try costliestLayer() : quantized?.costliestLayer,
      tolerance: options.tolerance)
  }

  /// The file, which says what it is and how images become its input.
  private func described(
    _ model: EditableModel, name: String, _ precision: LowPrecision, floatLayers: Int?
  ) throws -> [UInt8] {
    var model = model
    let member = source.member
    // Times and curves are those of a network: one in other numbers is another.
    let float = floatLayers.map { $0 > 0 ? "-\($0)-float" : "" } ?? ""
    model.metadata["name"] = name
    model.metadata["network"] = "\(member.network)-\(precision.rawValue)\(float)"
    model.metadata["parameters"] = "\(member.parameters)"
    model.metadata["preprocessing"] = try member.preprocessing.readableJSON()
    model.metadata["labels"] = try member.labels?.readableJSON() ?? model.metadata["labels"]
    model.metadata["precision"] = precision.rawValue
    return try model.bytes()
  }
}
