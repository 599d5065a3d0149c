import Files

/// What the scores of another program are.
public enum ScoreKind: String, Codable, CaseIterable, Sendable {
  /// Any numbers; their softmax is the distribution. Minus infinity rules a class out.
  case logits
  /// In `0...1`; each row's sum is 1 within 1e-3.
  case probabilities
  /// Logarithms of probabilities, in nats.
  case logProbabilities
}

/// What a file of another program does not say about a member.
public struct MemberDescription: Codable, Hashable, Sendable {
  /// The member's name, unique among those that are combined.
  public var name: String
  /// The name of the member's network.
  public var network: String
  /// Multiply-accumulates of one image through the network, at least 1.
  public var multiplyAccumulates: Int
  /// The network's parameters, at least 1.
  public var parameters: Int
  /// The split's name, such as "hold-out" or "test".
  public var split: String
  /// Identifies the images and labels, in order; nil to identify them by their labels, and ids where there are some.
  public var fingerprint: String?

  /// Describes a member.
  public init(
    name: String, network: String, multiplyAccumulates: Int, parameters: Int, split: String,
    fingerprint: String? = nil
  ) {
    self.name = name
    self.network = network
    self.multiplyAccumulates = multiplyAccumulates
    self.parameters = parameters
    self.split = split
    self.fingerprint = fingerprint
  }
}

extension Predictions {
  /// Reads the scores that another program gave.
  ///
  /// - `.npy`: `[N, C]`, float16, float32 or float64; the labels come from `labels`.
  /// - `.npz`: one such array, named `logits`, `probabilities`, `log_probabilities` or otherwise, and labels `[N]` of whole
  ///   numbers, named `labels`, unless they come from `labels`. Not compressed.
  /// - `.csv`: a line of names, then one line an image: a column `label` (unless `labels` is given), one column a class, and
  ///   perhaps a column `id`.
  ///
  /// Files with Python objects are refused. The distributions are kept in memory; `write(to:)` makes a file of them that
  /// is mapped.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - labels: `.npy`, `[N]` of whole numbers, or `.csv` with a column `label`; nil where the file has them.
  ///   - description: What the file does not say.
  ///   - kind: What the scores are; nil to look. Scores in `0...1` are then probabilities, those whose exponentials sum to
  ///     1 in every row log-probabilities, and others logits.
  /// - Throws: `EnsembleError` naming the file, the place and the mend.
  public init(
    importing path: String, labels labelsPath: String? = nil, as description: MemberDescription,
    kind: ScoreKind? = nil
  ) throws(EnsembleError) {
    var scores = try ImportedScores(path: path)
    if let labelsPath { scores.labels = try ImportedScores.labels(path: labelsPath) }
    guard let labels = scores.labels else {
      throw .invalidImport(
        source: path, reason: "has no labels",
        mend: "give a file of labels, an array or a column of them")
    }
    guard labels.count == scores.count else {
      throw .invalidImport(
        source: path, reason: "has \(scores.count) images and \(labels.count) labels",
        mend: "give one label an image, in the same order")
    }
    let kind = if let known = kind ?? scores.kind { known } else { try scores.detectedKind() }
    try self.init(
      source: path, name: description.name, network: description.network,
      multiplyAccumulates: description.multiplyAccumulates, parameters: description.parameters,
      split: description.split,
      fingerprint: description.fingerprint
        ?? Self.fingerprint(labels: labels, identifiers: scores.identifiers),
      values: .resident(scores.logProbabilities(kind)), labels: labels, classes: scores.classes)
  }

  private static func fingerprint(labels: [Int64], identifiers: [String]) -> String {
    guard !identifiers.isEmpty else { return DataIdentity.fingerprint(ofLabels: labels) }
    var hasher = SHA256Hasher()
    labels.map(\.littleEndian).withUnsafeBytes { hasher.update($0) }
    for identifier in identifiers {
      Array(identifier.utf8 + [0]).withUnsafeBytes { hasher.update($0) }
    }
    return "ids-sha256:" + hasher.finish()
  }
}

/// What a file of another program holds.
struct ImportedScores {
  let path: String
  /// Where the file's names tell.
  private(set) var kind: ScoreKind?
  /// N.
  let count: Int
  /// C.
  let classes: Int
  var labels: [Int64]?
  let identifiers: [String]
  private let values: Values

  private enum Values {
    case array(NumPyArray)
    case resident([Double])
  }

  init(path: String) throws(EnsembleError) {
    self.path = path
    switch path.split(separator: ".").last?.lowercased() {
    case "csv":
      let table = try ScoreTable(path: path)
      classes = table.classes.count
      guard classes > 0, !table.scores.isEmpty else {
        throw .invalidImport(
          source: path, reason: "has no scores",
          mend: "give a line of column names, a column a class and a line an image")
      }
      count = table.scores.count / classes
      labels = table.labels.isEmpty ? nil : table.labels
      identifiers = table.identifiers
      values = .resident(table.scores)
    case "npy":
      let array = try Self.array(path)
      (count, classes) = try Self.shape(of: array)
      identifiers = []
      values = .array(array)
    case "npz":
      let arrays = try NumPyArchive(importedFile(path)).arrays
      if let array = arrays["labels"] { labels = try Self.labels(array) }
      let others = arrays.filter { $0.key != "labels" }
      guard let (name, array) = others.first, others.count == 1 else {
        let names = others.keys.sorted().map { "'\($0)'" }.joined(separator: ", ")
        throw .invalidImport(
          source: path, reason: "has not one array of scores but \(names.isEmpty ? "none" : names)",
          mend: "save one array of scores and one named labels")
      }
      kind = ["log_probabilities": .logProbabilities][name] ?? ScoreKind(rawValue: name)
      (count, classes) = try Self.shape(of: array)
      identifiers = []
      values = .array(array)
    default:
      throw .invalidImport(
        source: path, reason: "has a name that ends in none of .npy, .npz and .csv",
        mend: "name it after its format")
    }
  }

  /// Reads a file of labels.
  static func labels(path: String) throws(EnsembleError) -> [Int64] {
    if path.lowercased().hasSuffix(".npy") { return try labels(array(path)) }
    guard path.lowercased().hasSuffix(".csv") else {
      throw .invalidImport(
        source: path, reason: "has a name that ends in neither .npy nor .csv",
        mend: "name it after its format")
    }
    let labels = try ScoreTable(path: path).labels
    guard !labels.isEmpty else {
      throw .invalidImport(
        source: path, reason: "has no labels", mend: "give it a column 'label' and a line an image")
    }
    return labels
  }

  private static func array(_ path: String) throws(EnsembleError) -> NumPyArray {
    let file = try importedFile(path)
    return try NumPyArray(file, bytes: 0..<file.count, source: path)
  }

  private static func labels(_ array: NumPyArray) throws(EnsembleError) -> [Int64] {
    guard array.isOfIntegers, array.shape.count == 1 else {
      throw .invalidImport(
        source: array.source, reason: "holds \(array.shape) of '\(array.element.rawValue)'",
        mend: "save labels as [N] whole numbers")
    }
    return array.integers(0..<array.count)
  }

  private static func shape(of array: NumPyArray) throws(EnsembleError) -> (Int, Int) {
    guard array.shape.count == 2, array.count > 0, !array.isOfIntegers else {
      throw .invalidImport(
        source: array.source, reason: "holds \(array.shape) of '\(array.element.rawValue)'",
        mend: "save scores as [N, C] floats")
    }
    return (array.shape[0], array.shape[1])
  }

  private func row(_ image: Int) -> [Double] {
    let places = image * classes..<(image + 1) * classes
    return switch values {
    case .array(let array): array.doubles(places)
    case .resident(let values): Array(values[places])
    }
  }
}

// MARK: - Distributions

extension ImportedScores {
  /// What the numbers look like.
  func detectedKind() throws(EnsembleError) -> ScoreKind {
    var areShares = true
    var areLogarithms = true
    for image in 0..<count {
      let row = row(image)
      areShares = areShares && row.allSatisfy { (0...1.001).contains($0) }
      areLogarithms =
        areLogarithms && row.allSatisfy { $0 <= 0.001 }
        && abs(row.reduce(0) { $0 + exponential($1) } - 1) <= 1e-3
      if !areShares && !areLogarithms { return .logits }
    }
    return areLogarithms ? .logProbabilities : .probabilities
  }

  /// `[N, C]`: log-probabilities, each row normalised.
  func logProbabilities(_ kind: ScoreKind) throws(EnsembleError) -> [Float] {
    var result: [Float] = []
    result.reserveCapacity(count * classes)
    for image in 0..<count {
      let row = row(image)
      if let fault = Self.fault(in: row, kind) {
        throw .invalidImport(
          source: "\(path), image \(image)", reason: fault.reason, mend: fault.mend)
      }
      result += Self.logSoftmax(kind == .probabilities ? row.map(naturalLogarithm) : row)
    }
    return result
  }

  private static func fault(
    in row: [Double], _ kind: ScoreKind
  ) -> (reason: String, mend: String)? {
    if let value = row.first(where: { $0.isNaN || $0 == .infinity }) {
      return ("holds \(value)", "give finite scores")
    }
    switch kind {
    case .logits:
      return row.contains { $0 > -.infinity }
        ? nil : ("rules every class out", "give some class a finite score")
    case .probabilities:
      if let value = row.first(where: { $0 < 0 }) {
        return ("holds the probability \(value)", "say that these are logits, or correct them")
      }
      return sumFault(row.reduce(0, +))
    case .logProbabilities: return sumFault(row.reduce(0) { $0 + exponential($1) })
    }
  }

  private static func sumFault(_ sum: Double) -> (reason: String, mend: String)? {
    abs(sum - 1) <= 1e-3
      ? nil
      : (
        "holds probabilities that sum to \(sum), not 1",
        "say that these are logits, or correct them"
      )
  }

  private static func logSoftmax(_ row: [Double]) -> [Float] {
    let greatest = row.max() ?? 0
    let total = naturalLogarithm(row.reduce(0) { $0 + exponential($1 - greatest) })
    return row.map { Float($0 - greatest - total) }
  }
}
