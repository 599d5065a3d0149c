import Files
import Statistics

/// What a file of another program holds.
struct ImportedScores {
  let path: String
  /// What the file's names or signs say.
  private(set) var kind: ScoreKind?
  /// N.
  let count: Int
  /// C.
  let classes: Int
  /// What the rows look like.
  private(set) var evidence: ScoreEvidence
  /// What was understood.
  private(set) var notes: [Note]
  private let ownLabels: ImportedLabels?
  private let identifiers: ImageIdentifiers?
  private let ownNames: [String]?
  private let values: Values

  private enum Values {
    case array(NumPyArray)
    case resident([Double])
  }

  /// - Throws: `EnsembleError` naming the place.
  init(path: String, options: ImportOptions) throws(EnsembleError) {
    self.path = path
    switch path.split(separator: ".").last?.lowercased() {
    case "csv", "tsv":
      let table = try ScoreTable(path: path, options: options, isOfLabels: false)
      classes = table.classes.count
      count = table.scores.count / max(classes, 1)
      ownLabels = table.labels.map {
        ImportedLabels(source: path, words: $0, identifiers: table.identifiers)
      }
      identifiers = table.identifiers
      ownNames = table.classes
      values = .resident(table.scores)
      kind = table.arePercents ? .percents : nil
      notes = table.notes
    case "npy":
      let array = try NumPyArray(path: path)
      (count, classes) = try Self.shape(of: array)
      (ownLabels, identifiers, ownNames) = (nil, nil, nil)
      values = .array(array)
      notes = []
    case "npz":
      let content = try NumPyContent(path: path, options: options, isOfLabels: false)
      guard let array = content.scores else { throw Self.noScores(path) }
      (count, classes) = try Self.shape(of: array)
      (ownLabels, identifiers, ownNames) = (content.labels, content.identifiers, content.classes)
      values = .array(array)
      kind = content.kind
      notes = content.notes
    default:
      throw .invalidImport(
        source: path, reason: "has a name that ends in none of .npy, .npz, .csv and .tsv",
        fix: "name it after its format")
    }
    guard count > 0, classes > 0 else { throw Self.noScores(path) }
    // What is kept of the rows, and the log-probabilities that they become.
    try checkMemory(
      count, of: ScoreEvidence.rowBytes + classes * MemoryLayout<Float>.stride, for: path)
    evidence = ScoreEvidence(classes: classes, rows: count)
    try look()
  }

  private static func noScores(_ path: String) -> EnsembleError {
    .invalidImport(
      source: path, reason: "has no scores",
      fix: "give a line of column names, a column a class and a line an image")
  }

  private static func shape(of array: NumPyArray) throws(EnsembleError) -> (Int, Int) {
    guard array.count > 0 else {
      throw .invalidImport(
        source: array.source,
        reason: "is an array of shape \(array.shape): there are no images in it",
        fix: "save scores as [N, C] floats, a row an image")
    }
    guard array.element.isNumber, let shape = array.matrixShape else {
      throw .invalidImport(
        source: array.source, reason: "holds \(array.shape) of '\(array.element.descriptor)'",
        fix: "save scores as [N, C] floats")
    }
    return shape
  }

  private mutating func look() throws(EnsembleError) {
    var evidence = evidence
    try forEachRow { image, row throws(EnsembleError) in
      if let value = row.first(where: { $0.isNaN || $0 == .infinity }) {
        throw .invalidImport(
          source: "\(path), image \(image)", reason: "holds \(value)", fix: "give finite scores")
      }
      evidence.add(row)
    }
    self.evidence = evidence
    guard classes == 1, evidence.certainKind == nil else { return }
    throw .invalidImport(
      source: path, reason: "has one score an image, which is not a distribution over classes",
      fix: "give a score for each class: of two, the one and 1 less it")
  }

  private static let rowsAtATime = 64

  private func forEachRow(
    _ body: (Int, UnsafeBufferPointer<Double>) throws(EnsembleError) -> Void
  ) throws(EnsembleError) {
    var block: [Double] = []
    for start in stride(from: 0, to: count, by: Self.rowsAtATime) {
      let rows = start..<min(start + Self.rowsAtATime, count)
      switch values {
      case .array(let array): array.matrix(rows, into: &block)
      case .resident(let values):
        block = Array(values[rows.lowerBound * classes..<rows.upperBound * classes])
      }
      let result: Result<Void, EnsembleError> = block.withUnsafeBufferPointer { block in
        do throws(EnsembleError) {
          for image in rows {
            let first = (image - start) * classes
            try body(image, UnsafeBufferPointer(rebasing: block[first..<first + classes]))
          }
          return .success(())
        } catch { return .failure(error) }
      }
      try result.get()
    }
  }

  /// `[N, C]`: log-probabilities, each row normalised, of scores that are of the kind.
  func logProbabilities(_ kind: ScoreKind) throws(EnsembleError) -> [Float] {
    try checkMemory(count * classes, of: MemoryLayout<Float>.stride, for: path)
    var result = [Float](repeating: 0, count: count * classes)
    let factor = kind.nats ?? 1
    let areShares = kind.nats == nil && kind != .logits
    try forEachRow { image, scores throws(EnsembleError) in
      let row = scores.map { areShares ? naturalLogarithm(max($0, 0)) : $0 * factor }
      result.withUnsafeMutableBufferPointer { result in
        let place = image * classes..<(image + 1) * classes
        logSoftmax(row[...], into: UnsafeMutableBufferPointer(rebasing: result[place]))
      }
    }
    return result
  }

  /// `[N]`: of logits, the logarithm of the sum of their exponentials; nil where one is beyond float32.
  func logNormalizers() throws(EnsembleError) -> [Float]? {
    var result = [Float](repeating: 0, count: count)
    try forEachRow { image, scores throws(EnsembleError) in
      let greatest = scores.max() ?? 0
      let sum = exponentials(scores.map { $0 - greatest }).reduce(0, +)
      result[image] = Float(greatest + naturalLogarithm(sum))
    }
    return result.allSatisfy(\.isFinite) ? result : nil
  }
}

// MARK: - Classes and labels

extension ImportedScores {
  /// The names of the classes, in order; nil where they are not known.
  ///
  /// - Throws: `EnsembleError.invalidImport` where the user names another number of them.
  func classNames(_ options: ImportOptions) throws(EnsembleError) -> ClassNames? {
    let names = options.classes ?? ownNames
    guard let names else { return nil }
    guard names.count == classes else {
      throw .invalidImport(
        source: path, reason: "has scores of \(classes) classes where \(names.count) are named",
        fix: "name each class once, in the order of the scores")
    }
    return ClassNames(names: names)
  }

  /// The images' labels as classes, what identifies the images, and what was understood.
  ///
  func labels(
    _ source: LabelSource, _ names: ClassNames?, _ options: ImportOptions
  ) throws(EnsembleError) -> (ImportedLabels.Classes, ImageIdentifiers?, [Note]) {
    if case .ignored = source {
      let none = Array(repeating: Int64(0), count: count)
      return (ImportedLabels.Classes(values: none, areIndices: false, notes: []), identifiers, [])
    }
    let given = source.given
    guard let labels = given ?? ownLabels else {
      throw .invalidImport(
        source: path, reason: "has no labels",
        fix:
          "give a file of labels, an array or a column of them, with --labels or \"labels\" in a list"
      )
    }
    try checkTransposed(labels)
    let matched = try labels.matching(identifiers, count: count, of: path)
    let found = try matched.classes(names, count: classes, form: options.labelForm)
    var notes = found.notes
    if let given, let ownLabels {
      let own = try? ownLabels.classes(names, count: classes, form: options.labelForm)
      let others = own.map { zip($0.values, found.values).count { $0 != $1 } }
      let difference =
        others.map { $0 == 0 ? ", which are the same" : ", of which \($0) of \(count) differ" }
        ?? ""
      notes.append(
        Note(
          source: path,
          text: "labels of '\(given.source)' are taken in place of its own\(difference)"))
    }
    // Images without ids of their own may have the labels'.
    return (found, identifiers ?? matched.identifiers, notes)
  }

  private func checkTransposed(_ labels: ImportedLabels) throws(EnsembleError) {
    guard labels.words.count == classes, count != classes,
      labels.identifiers == nil || identifiers == nil
    else { return }
    throw .invalidImport(
      source: path,
      reason:
        "holds \(count) x \(classes) scores, and there are \(classes) labels, as if its rows were classes",
      fix: "save it transposed, with a row an image")
  }
}
