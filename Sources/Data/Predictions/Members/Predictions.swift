import CKernels
import Concurrency
import Files
import Formatting
import Statistics
import Weights

/// What one member says about one split: a distribution over the classes for each image, as log-probabilities.
///
/// The values are checked when they come in: finite or minus infinity, each row's probabilities sum to 1 within 1e-3.
public struct Predictions: Sendable {
  /// The member's name, unique among those that are combined.
  public let name: String
  /// The name of the member's network.
  public let network: String
  /// Multiply-accumulates of one image through the network, in `1...largestCost`.
  public let multiplyAccumulates: Int
  /// The network's parameters, in `1...largestCost`.
  public let parameters: Int
  /// The split's name, such as "test".
  public let split: String
  /// Identifies the images and labels, in order.
  public let fingerprint: String
  /// N, the number of images; at least 1.
  public let count: Int
  /// C, the number of classes; at least 1.
  public let classes: Int
  /// `[N]`, in `0..<C`.
  public let labels: [Int64]
  /// The file the predictions came from, or else the member's name: how errors call them.
  public let source: String
  let values: Values
  /// `[N]`: the logarithm of the sum of the exponentials of each image's logits, which its log-probabilities are less than its
  /// logits; nil where the scores were no logits. It says how unlike the training's an image may be, and nothing of its class.
  package private(set) var logNormalizers: [Float]?
  /// What is known beside, of predictions that another program made.
  var imported: ImportedData?

  /// What was inferred from a file of another program, for the user to see.
  public var notes: [Note] { imported?.notes ?? [] }

  /// `[C]`: the classes' names, in order, where another program's file or its reader had them.
  public var classNames: [String]? { imported?.classNames?.names }

  /// The greatest multiply-accumulates and parameters that are believed.
  public static let largestCost = 1_000_000_000_000_000

  enum Values {
    case resident([Float])
    case mapped(TensorBytes)
  }

  /// Predictions in memory.
  ///
  /// - Parameters:
  ///   - name: The member's name.
  ///   - network: The name of its network.
  ///   - multiplyAccumulates: Of one image through the network; at least 1.
  ///   - parameters: Of the network; at least 1.
  ///   - split: The split's name.
  ///   - fingerprint: Of the images and labels, in order.
  ///   - logProbabilities: `[N, C]`, row-major, in nats.
  ///   - labels: `[N]`, in `0..<C`.
  ///   - classes: C.
  /// - Throws: `EnsembleError` naming the member and what is wrong.
  public init(
    name: String, network: String, multiplyAccumulates: Int, parameters: Int, split: String,
    fingerprint: String, logProbabilities: [Float], labels: [Int64], classes: Int
  ) throws(EnsembleError) {
    try self.init(
      source: name, name: name, network: network, multiplyAccumulates: multiplyAccumulates,
      parameters: parameters, split: split, fingerprint: fingerprint,
      values: .resident(logProbabilities), labels: labels, classes: classes)
  }

  init(
    source: String, name: String, network: String, multiplyAccumulates: Int, parameters: Int,
    split: String, fingerprint: String, values: Values, labels: [Int64], classes: Int
  ) throws(EnsembleError) {
    self.source = source
    self.name = name
    self.network = network
    self.multiplyAccumulates = multiplyAccumulates
    self.parameters = parameters
    self.split = split
    self.fingerprint = fingerprint
    self.values = values
    self.labels = labels
    self.classes = classes
    count = labels.count
    try checkMetadata()
    try checkSizes()
    try checkLabels()
    try checkDistributions()
  }

  /// Calls `body` with the log-probabilities, `[N, C]`, row-major, which are valid during the call only.
  public func withLogProbabilities<R>(
    _ body: (UnsafeBufferPointer<Float>) throws -> R
  ) rethrows -> R {
    switch values {
    case .resident(let values): try values.withUnsafeBufferPointer(body)
    case .mapped(let bytes):
      try bytes.withBytes { bytes in
        try bytes.withMemoryRebound(to: Float.self, body)
      }
    }
  }

  /// Lets the system take back the memory of the images' log-probabilities where they are mapped from a file.
  package func release(_ images: Range<Int>) {
    guard case .mapped(let bytes) = values else { return }
    let row = classes * MemoryLayout<Float>.stride
    bytes.release(images.lowerBound * row..<images.upperBound * row)
  }

  /// The bytes of the log-probabilities that are mapped from a file; 0 where they are in memory.
  package var mappedByteCount: Int {
    if case .mapped(let bytes) = values { bytes.count } else { 0 }
  }
}

extension Predictions {
  /// The same predictions, of which is known what their logits were.
  ///
  /// - Parameter logNormalizers: `[N]`, finite.
  /// - Throws: `EnsembleError.wrongTensor` for another number of them, or one that is not finite.
  package func withLogNormalizers(
    _ logNormalizers: [Float]?
  ) throws(EnsembleError) -> Predictions {
    if let logNormalizers {
      guard logNormalizers.count == count, logNormalizers.allSatisfy(\.isFinite) else {
        throw .wrongTensor(
          source: source, tensor: Self.logNormalizersName, expected: "\(count) finite numbers",
          found: "\(logNormalizers.count) numbers, or others")
      }
    }
    var result = self
    result.logNormalizers = logNormalizers
    return result
  }
}

// MARK: - Checks

extension Predictions {
  private func checkMetadata() throws(EnsembleError) {
    for (key, value) in [
      ("name", name), ("network", network), ("split", split), ("fingerprint", fingerprint),
    ] where value.isEmpty {
      throw .invalidMetadata(source: source, key: key, value: value, expected: "some text")
    }
    try checkNames()
    for (key, value) in [("macs", multiplyAccumulates), ("parameters", parameters)]
    where !(1...Self.largestCost).contains(value) {
      throw .invalidMetadata(
        source: source, key: key, value: String(value), expected: Self.expectedCost)
    }
  }

  /// Names reach terminals, charts and pages, where such characters steer or hide, and long ones crowd the rest out.
  private func checkNames() throws(EnsembleError) {
    for (key, value) in [
      ("name", name), ("network", network), ("split", split), ("fingerprint", fingerprint),
    ]
    where !Self.isName(value) {
      throw .invalidMetadata(
        source: source, key: key, value: String(value.prefix(60)),
        expected:
          "text of at most \(Self.longestName) characters, none of them a control or format character"
      )
    }
  }

  static let longestName = 200

  /// Whether `text` may be a name: short enough, and without what steers terminals.
  package static func isName(_ text: String) -> Bool {
    // What is plain is most, and asked for every image that a server answers.
    if text.utf8.count <= longestName, text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) {
      return true
    }
    return text.unicodeScalars.count <= longestName
      && !text.unicodeScalars.contains(where: steers)
  }

  private static func steers(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }

  static var expectedCost: String { "an integer in 1...\(largestCost)" }

  private func checkSizes() throws(EnsembleError) {
    let (expected, overflow) = count.multipliedReportingOverflow(by: classes)
    let found = withLogProbabilities(\.count)
    guard count > 0, classes > 0, !overflow, found == expected else {
      throw .wrongTensor(
        source: source, tensor: Self.logProbabilitiesName,
        expected: "\(count) x \(classes) numbers, at least one", found: "\(found) numbers")
    }
  }

  private func checkLabels() throws(EnsembleError) {
    for (image, label) in labels.enumerated() where !(0..<Int64(classes)).contains(label) {
      throw .labelOutOfRange(source: source, image: image, label: label, classes: classes)
    }
  }

  private func checkDistributions() throws(EnsembleError) {
    // Large files are given back piece by piece, so that only their part at hand takes memory.
    let size = max(1, Self.pieceBytes / (classes * MemoryLayout<Float>.stride))
    let faults = parallelMap((count + size - 1) / size) { piece in
      let images = piece * size..<min((piece + 1) * size, count)
      defer { if mappedByteCount > Self.pieceBytes { release(images) } }
      return withLogProbabilities { fault(in: images, $0) }
    }
    if let fault = faults.lazy.compactMap({ $0 }).first {
      throw .notADistribution(source: source, image: fault.image, reason: fault.reason)
    }
  }

  /// Bytes of mapped predictions that are looked at between releases.
  static let pieceBytes = 16 << 20

  /// The first image whose row is no distribution, and why.
  private func fault(
    in images: Range<Int>, _ values: UnsafeBufferPointer<Float>
  ) -> (image: Int, reason: String)? {
    guard let base = values.baseAddress else { return nil }
    var image = images.lowerBound
    while image < images.upperBound {
      let rest = images.upperBound - image
      image += Int(
        consort_first_doubtful_row(base + image * classes, Int64(rest), Int64(classes)))
      guard image < images.upperBound else { break }
      let row = UnsafeBufferPointer(start: base + image * classes, count: classes)
      if let reason = Self.fault(in: row) { return (image, reason) }
      image += 1
    }
    return nil
  }

  private static func fault(in row: UnsafeBufferPointer<Float>) -> String? {
    var sum = 0.0
    for value in row {
      guard value.isFinite || value == -.infinity else { return "hold \(value)" }
      sum += exponential(Double(value))
    }
    return abs(sum - 1) <= 1e-3
      ? nil : "are of probabilities that sum to \(NumberFormat.short(sum)), not 1"
  }
}

extension Predictions {
  /// `[N]`: the most probable class of each image, of equals the first.
  public func predictedClasses() -> [Int] {
    var predicted = [Int64](repeating: 0, count: count)
    predicted.withUnsafeMutableBufferPointer { predicted in
      // Each piece fills its own images, and the buffer outlives the call.
      nonisolated(unsafe) let predicted = predicted
      forEachPiece { images, values in
        consort_first_greatest(
          values, Int64(images.count), Int64(classes),
          predicted.baseAddress.map { $0 + images.lowerBound })
      }
    }
    return predicted.map { Int($0) }
  }

  /// Calls `body` with consecutive images and their first log-probability, on all cores; what is mapped from a large file is
  /// given back.
  package func forEachPiece(_ body: @Sendable (Range<Int>, UnsafePointer<Float>) -> Void) {
    let size = max(1, Self.pieceBytes / 4 / (classes * MemoryLayout<Float>.stride))
    parallelFor((count + size - 1) / size) { piece in
      let images = piece * size..<min((piece + 1) * size, count)
      withLogProbabilities { values in
        if let first = values.baseAddress { body(images, first + images.lowerBound * classes) }
      }
      if mappedByteCount > Self.pieceBytes { release(images) }
    }
  }
}

/// The position of the greatest value, of equals the first, counted from the range's beginning.
@inlinable package func argmax(_ values: UnsafeBufferPointer<Float>, _ range: Range<Int>) -> Int {
  var best = range.lowerBound
  for index in range where values[index] > values[best] { best = index }
  return best - range.lowerBound
}
