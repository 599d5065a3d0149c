extension NumPyArray {
  /// The array as labels: `[N]` or `[N, 1]` of whole numbers, truths, floats that are whole, or texts, or `[N, C]` with one 1
  /// among zeros in each row.
  ///
  /// - Throws: `EnsembleError.invalidImport` for any other.
  func labels() throws(EnsembleError) -> ImportedLabels {
    if shape.count > 1, count != shape.max() {
      guard let words = try oneHotLabels() else { throw notLabels }
      return ImportedLabels(
        source: source, words: words, notes: [.init(source: source, text: "labels are one-hot")])
    }
    guard count > 0 else {
      throw .invalidImport(
        source: source, reason: "is an array of shape \(shape): there are no images in it",
        fix: "save labels as [N] whole numbers, one an image")
    }
    guard !shape.isEmpty else { throw notLabels }
    try checkMemory(count, of: Self.wordBytes, for: source)
    guard element.isNumber else {
      guard let words = texts() else { throw notLabels }
      return ImportedLabels(source: source, words: words)
    }
    if element.isWhole { return ImportedLabels(source: source, words: integers().map(String.init)) }
    var words: [String] = []
    for (image, value) in doubles().enumerated() {
      guard let whole = Int64(exactly: value) else {
        throw .invalidImport(
          source: source,
          reason: "holds \(shape) of '\(element.descriptor)', and label \(image) is \(value)",
          fix: "save labels as [N] whole numbers")
      }
      words.append(String(whole))
    }
    return ImportedLabels(source: source, words: words)
  }

  /// Of a number and the text that it becomes, while the list of them grows.
  private static let wordBytes = MemoryLayout<Double>.stride + 2 * MemoryLayout<String>.stride

  private var notLabels: EnsembleError {
    .invalidImport(
      source: source, reason: "holds \(shape) of '\(element.descriptor)'",
      fix: "save labels as [N] whole numbers")
  }

  private func oneHotLabels() throws(EnsembleError) -> [String]? {
    guard element.isNumber, let (rows, columns) = matrixShape, rows > 0 else { return nil }
    var words: [String] = []
    var row: [Double] = []
    for image in 0..<rows {
      matrix(image..<image + 1, into: &row)
      guard let place = row.firstIndex(of: 1), row.count(where: { $0 == 0 }) == columns - 1 else {
        return nil
      }
      words.append(String(place))
    }
    return words
  }

  /// The array as texts, such as ids or the names of classes: `[N]` of texts or whole numbers; nil for any other.
  func words() -> [String]? {
    guard shape.count == 1 else { return nil }
    if !element.isNumber { return texts() }
    return element.isWhole ? integers().map(String.init) : nil
  }
}
