import Weights

extension Predictions {
  static let logProbabilitiesName = "log_probabilities"
  static let labelsName = "labels"
  static let logNormalizersName = "log_normalizers"

  /// Maps the predictions file at `path` and checks it whole.
  ///
  /// The file is a safetensors file with `log_probabilities`, float32 `[N, C]`, and `labels`, int64 `[N]`, and with the
  /// metadata `name`, `network`, `macs`, `parameters`, `split` and `fingerprint`; with a checksum, where we wrote it. It may have
  /// `log_normalizers`, float32 `[N]`, where logits were known.
  ///
  /// - Throws: `EnsembleError` naming the file and what is wrong in it.
  public init(path: String) throws(EnsembleError) {
    let content: FileContent
    do throws(WeightsError) {
      let file = try SafeTensors(path: path)
      try file.verifyChecksumIfPresent()
      content = try FileContent(file)
    } catch {
      throw .weights(error)
    }
    let shape = content.logProbabilities.shape
    guard shape.count == 2, content.labels.shape == [shape[0]] else {
      throw .wrongTensor(
        source: path, tensor: Self.logProbabilitiesName,
        expected: "[N, C] beside labels [N]", found: "\(shape) beside \(content.labels.shape)")
    }
    try self.init(
      source: path,
      name: content.text("name"), network: content.text("network"),
      multiplyAccumulates: content.cost("macs"), parameters: content.cost("parameters"),
      split: content.text("split"), fingerprint: content.text("fingerprint"),
      values: content.values, labels: content.labelValues, classes: shape[1])
    self = try withLogNormalizers(content.logNormalizers)
  }

  /// Writes the predictions file at `path`, whole or not at all, with a checksum.
  ///
  /// - Parameters:
  ///   - path: The file, of safetensors.
  ///   - others: Further metadata, by key; the predictions' own keys stay as they are.
  /// - Throws: `EnsembleError.weights`; what was at `path` is then unchanged.
  public func write(to path: String, metadata others: [String: String] = [:]) throws {
    var metadata = [
      "name": name, "network": network, "macs": String(multiplyAccumulates),
      "parameters": String(parameters), "split": split, "fingerprint": fingerprint,
    ]
    metadata.merge(others) { own, _ in own }
    let logProbabilities = TensorContent(
      name: Self.logProbabilitiesName, dataType: .float32, shape: [count, classes]
    ) { receive in
      try withLogProbabilities { try receive(UnsafeRawBufferPointer($0)) }
    }
    let labels = TensorContent(name: Self.labelsName, shape: [count], int64s: labels)
    let normalizers =
      logNormalizers.map {
        [TensorContent(name: Self.logNormalizersName, shape: [count], floats: $0)]
      } ?? []
    do {
      try SafeTensors.write(
        to: path, tensors: [logProbabilities, labels] + normalizers, metadata: metadata,
        isChecksummed: true)
    } catch let error as WeightsError {
      throw EnsembleError.weights(error)
    }
  }
}

/// What a predictions file holds, before its numbers are checked.
private struct FileContent {
  let file: SafeTensors
  let logProbabilities: SafeTensors.Entry
  let labels: SafeTensors.Entry
  let values: Predictions.Values
  let labelValues: [Int64]
  let logNormalizers: [Float]?

  init(_ file: SafeTensors) throws(WeightsError) {
    self.file = file
    logProbabilities = try file.entry(Predictions.logProbabilitiesName)
    guard logProbabilities.dataType == .float32 else {
      throw .wrongDataType(
        path: file.path, tensor: Predictions.logProbabilitiesName, expected: [.float32],
        found: logProbabilities.dataType)
    }
    let bytes = try file.bytes(of: Predictions.logProbabilitiesName)
    let isAligned = bytes.withBytes { bytes in
      UInt(bitPattern: bytes.baseAddress) % UInt(MemoryLayout<Float>.alignment) == 0
    }
    // Other writers may leave floats unaligned; those are copied.
    values =
      isAligned
      ? .mapped(bytes) : .resident(try file.floats(named: Predictions.logProbabilitiesName))
    labels = try file.entry(Predictions.labelsName)
    labelValues = try file.int64s(named: Predictions.labelsName)
    logNormalizers =
      file.names.contains(Predictions.logNormalizersName)
      ? try file.floats(named: Predictions.logNormalizersName) : nil
  }

  func text(_ key: String) throws(EnsembleError) -> String {
    guard let value = file.metadata[key] else {
      throw .missingMetadata(source: file.path, key: key)
    }
    return value
  }

  func cost(_ key: String) throws(EnsembleError) -> Int {
    let text = try text(key)
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int(text) else {
      throw .invalidMetadata(
        source: file.path, key: key, value: text, expected: Predictions.expectedCost)
    }
    return value
  }
}
