import Files
import Statistics

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

  /// Says what a file of scores does not: name, network, cost of one image, split.
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
  /// - `.npy`: `[N, C]` of numbers, in any order of bytes and elements; the labels come from `labels`.
  /// - `.npz`: such an array, compressed or not, and perhaps arrays of labels, ids and the names of classes. Where there are
  ///   several of scores, `options` names one.
  /// - `.csv`, `.tsv`: a line of names, then one line an image: a column a class, and perhaps columns `label` and `id` or
  ///   such as are called alike (`ColumnRole`).
  ///
  /// What the scores are, and which class a label is, is certain from the file, or said in `notes`, or refused. Files with
  /// Python objects are refused. The distributions are kept in memory; `write(to:)` makes a file of them that is mapped.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - labelsPath: A file of labels, which are found by id where both files have ids; nil where `path` has them.
  ///   - description: What the file does not say.
  ///   - kind: What the scores are; nil to look.
  ///   - options: What else the user says.
  /// - Throws: `EnsembleError` naming the file, the place and the fix.
  public init(
    importing path: String, labels labelsPath: String? = nil, as description: MemberDescription,
    kind: ScoreKind? = nil, options: ImportOptions = ImportOptions()
  ) throws(EnsembleError) {
    let labels = try labelsPath.map { path throws(EnsembleError) in
      try ImportedLabels(path: path, options: options)
    }
    try self.init(
      importing: path, labels: labels.map { .given($0) } ?? .own, as: description, kind: kind,
      options: options)
  }

  /// - Parameter source: Where labels come from.
  init(
    importing path: String, labels source: LabelSource, as description: MemberDescription,
    kind: ScoreKind?, options: ImportOptions
  ) throws(EnsembleError) {
    let scores = try ImportedScores(path: path, options: options)
    let names = try scores.classNames(options)
    let (labels, identifiers, notes) = try scores.labels(source, names, options)
    let (known, kindNotes) = try scores.evidence.kind(
      said: kind ?? options.kind, named: scores.kind, source: path)
    try self.init(
      source: path, name: description.name, network: description.network,
      multiplyAccumulates: description.multiplyAccumulates, parameters: description.parameters,
      split: description.split,
      fingerprint: description.fingerprint
        ?? Self.fingerprint(labels: labels.values, identifiers: identifiers),
      values: .resident(scores.logProbabilities(known)), labels: labels.values,
      classes: scores.classes)
    if known == .logits { self = try withLogNormalizers(scores.logNormalizers()) }
    imported = ImportedData(
      classNames: names, identifiers: identifiers,
      hasGivenFingerprint: description.fingerprint != nil,
      labelsSource: labels.areIndices ? (source.given?.source ?? path) : nil,
      notes: scores.notes + notes + kindNotes)
    if case .ignored = source { return }
    let doubts = [
      doubtfulAccuracy(), ruledOut(), belowLeast(), options.classes == nil ? unseenClasses() : nil,
    ].compactMap { $0 }
    imported?.notes += doubts
  }

  static func fingerprint(labels: [Int64], identifiers: ImageIdentifiers?) -> String {
    guard let identifiers, !identifiers.areRowNumbers else {
      return DataIdentity.fingerprint(ofLabels: labels)
    }
    var hasher = SHA256Hasher()
    labels.map(\.littleEndian).withUnsafeBytes { hasher.update($0) }
    for identifier in identifiers.values {
      Array(identifier.utf8 + [0]).withUnsafeBytes { hasher.update($0) }
    }
    return "ids-sha256:" + hasher.finish()
  }

  /// How many images give their own class the probability 0.
  package var ruledOutCount: Int {
    withLogProbabilities { values in
      labels.indices.count { values[$0 * classes + Int(labels[$0])] == -.infinity }
    }
  }

  /// Says so where images rule their own class out, which rounding does to small probabilities.
  private func ruledOut() -> Note? {
    let count = ruledOutCount
    guard count > 0 else { return nil }
    return Note(
      source: source,
      text:
        "\(count) of \(labels.count) images \(count == 1 ? "gives its" : "give their") own class the probability 0, as rounding does to small ones: "
        + "likelihoods count it as 1e-45 and say little")
  }

  /// The logarithm of the least probability that likelihoods count: of float32's least number.
  private static let leastLogProbability = naturalLogarithm(Double(Float.leastNonzeroMagnitude))

  /// Says so where images give their own class less than likelihoods count, as logits of a large scale do.
  private func belowLeast() -> Note? {
    let count = withLogProbabilities { values in
      labels.indices.count {
        let value = Double(values[$0 * classes + Int(labels[$0])])
        return value.isFinite && value < Self.leastLogProbability - 1e-4
      }
    }
    guard count > 0 else { return nil }
    return Note(
      source: source,
      text:
        "\(count) of \(labels.count) images \(count == 1 ? "gives its" : "give their") own class a probability below 1e-45, as logits of a large scale do: "
        + "likelihoods count it as 1e-45, at most 103.28 nats an image, and are too small")
  }

  /// Says so where no image is of a class that a column is taken for: a column of anything else has none.
  private func unseenClasses() -> Note? {
    guard let imported, imported.labelsSource == nil, let names = imported.classNames?.names else {
      return nil
    }
    let seen = Set(labels)
    let unseen = names.indices.filter { !seen.contains(Int64($0)) }.map { names[$0] }
    guard !unseen.isEmpty else { return nil }
    let listed = unseen.prefix(3).map { "'\($0)'" }.joined(separator: ", ")
    return Note(
      source: source,
      text:
        "\(names.count) columns are taken as classes, and no image is of \(listed)"
        + (unseen.count > 3 ? " and \(unseen.count - 3) more" : "")
        + ": where these are no classes, name those that are with --classes")
  }

  /// Says so where fewer images are right than by chance: labels and scores then count classes in different orders.
  private func doubtfulAccuracy() -> Note? {
    let predicted = predictedClasses()
    let hits = zip(predicted, labels).count { $0 == $1 }
    guard classes > 1, count >= 10 * classes, hits * classes < count / 2 else { return nil }
    return Note(
      source: source,
      text:
        "only \(hits) of \(count) images \(hits == 1 ? "is" : "are") right, fewer than by chance: do its labels count the classes in the order "
        + "of its scores, and from 0?")
  }
}

/// Where the labels of imported scores come from.
enum LabelSource {
  /// From the file of scores itself.
  case own
  /// These, in place of the file's own.
  case given(ImportedLabels)
  /// From nowhere: they are not looked at, and all are 0.
  case ignored

  var given: ImportedLabels? { if case .given(let labels) = self { labels } else { nil } }
}

/// What is known of predictions that another program made.
struct ImportedData: Sendable {
  /// The classes' names, in order, where they are known.
  var classNames: ClassNames?
  /// What identifies the images, where it is known.
  var identifiers: ImageIdentifiers?
  /// Whether the user gave the fingerprint.
  let hasGivenFingerprint: Bool
  /// The file whose labels count the classes; nil where labels name them.
  let labelsSource: String?
  /// What was understood.
  var notes: [Note]
}
