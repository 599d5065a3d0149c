import Statistics
import Weights

extension Predictions {
  static let logProbabilitiesName = "log_probabilities"
  static let labelsName = "labels"
  static let logNormalizersName = "log_normalizers"

  /// Maps the predictions file at `path` and checks it whole.
  ///
  /// The file is a safetensors file with `log_probabilities`, float32 `[N, C]`, and `labels`, int64 `[N]`, and with the
  /// metadata `name`, `network`, `macs`, `parameters`, `split` and `fingerprint`; with a checksum, where we wrote it. It may have
  /// `log_normalizers`, float32 `[N]`, where logits were known. `write(halvesTo:)` writes float16, which is normalised again, and
  /// labels as bytes.
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
    try write([logProbabilities, labels] + normalizers, to: path, others)
  }

  private func write(
    _ tensors: [TensorContent], to path: String, _ others: [String: String]
  ) throws {
    var metadata = [
      "name": name, "network": network, "macs": String(multiplyAccumulates),
      "parameters": String(parameters), "split": split, "fingerprint": fingerprint,
    ]
    metadata.merge(others) { own, _ in own }
    do {
      try SafeTensors.write(
        to: path, tensors: tensors, metadata: metadata, isChecksummed: true)
    } catch let error as WeightsError {
      throw EnsembleError.weights(error)
    }
  }
}

// MARK: - Half the size

extension Predictions {
  /// Writes the predictions at half precision, for a record: each image's most probable class stays what it is, and files are a
  /// third as large.
  ///
  /// - Parameters:
  ///   - path: The file, of safetensors.
  ///   - others: Further metadata, by key; the predictions' own keys stay as they are.
  /// - Throws: `EnsembleError.weights`; what was at `path` is then unchanged.
  public func write(halvesTo path: String, metadata others: [String: String] = [:]) throws {
    let values = TensorContent(
      name: Self.logProbabilitiesName, dataType: .float16, shape: [count, classes]
    ) { receive in try halves().withUnsafeBytes(receive) }
    let labels =
      classes <= 256
      ? TensorContent(
        name: Self.labelsName, dataType: .uint8, shape: [count],
        bytes: labels.map { UInt8(truncatingIfNeeded: $0) })
      : TensorContent(name: Self.labelsName, shape: [count], int64s: labels)
    try write([values, labels], to: path, others)
  }

  /// `[N, C]`: the bits of the log-probabilities, rounded to the nearest half.
  private func halves() -> [UInt16] {
    withLogProbabilities { values in
      var halves = values.map { value in
        value.isFinite ? max(Float16(value), -.greatestFiniteMagnitude) : -.infinity
      }
      for (image, best) in predictedClasses().enumerated() {
        let start = image * classes
        // Of equals the first is the predicted class: what was less must not become equal before it.
        for place in start..<start + best where halves[place] == halves[start + best] {
          halves[place] = halves[place].nextDown
        }
      }
      return halves.map(\.bitPattern)
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
    switch logProbabilities.dataType {
    case .float32: values = try Self.wholeValues(file)
    case .float16:
      values = .resident(try Self.normalizedHalves(file, classes: logProbabilities.shape.last ?? 1))
    default:
      throw .wrongDataType(
        path: file.path, tensor: Predictions.logProbabilitiesName, expected: [.float32, .float16],
        found: logProbabilities.dataType)
    }
    labels = try file.entry(Predictions.labelsName)
    labelValues =
      labels.dataType == .uint8
      ? try file.bytes(of: Predictions.labelsName).withBytes { $0.map(Int64.init) }
      : try file.int64s(named: Predictions.labelsName)
    logNormalizers =
      file.names.contains(Predictions.logNormalizersName)
      ? try file.floats(named: Predictions.logNormalizersName) : nil
  }

  private static func wholeValues(_ file: SafeTensors) throws(WeightsError) -> Predictions.Values {
    let bytes = try file.bytes(of: Predictions.logProbabilitiesName)
    let isAligned = bytes.withBytes { bytes in
      UInt(bitPattern: bytes.baseAddress) % UInt(MemoryLayout<Float>.alignment) == 0
    }
    // Other writers may leave floats unaligned; those are copied.
    return isAligned
      ? .mapped(bytes) : .resident(try file.floats(named: Predictions.logProbabilitiesName))
  }

  /// The log-probabilities of halves, whose rounding is taken back as far as the sums of probabilities show it. Rows that hold
  /// what cannot be a log-probability stay as they are.
  private static func normalizedHalves(
    _ file: SafeTensors, classes: Int
  ) throws(WeightsError) -> [Float] {
    var values = try file.floats(named: Predictions.logProbabilitiesName)
    guard classes > 0 else { return values }
    values.withUnsafeMutableBufferPointer { values in
      for start in stride(from: 0, to: values.count - classes + 1, by: classes) {
        let row = UnsafeMutableBufferPointer(rebasing: values[start..<start + classes])
        let sum = row.reduce(0.0) { $0 + exponential(Double($1)) }
        guard abs(sum - 1) <= halfTolerance else { continue }
        logSoftmax(row.map(Double.init)[...], into: row)
      }
    }
    return values
  }

  /// How far the probabilities' sum may lie from 1 by rounding logarithms to 11 bits: with C classes by at most 2^-11 ln C.
  private static let halfTolerance = 0.01

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
