import Files

extension ImportedLabels {
  /// The labels as classes.
  struct Classes {
    /// `[N]`, in `0..<C`.
    let values: [Int64]
    /// Whether labels count the classes, so that they mean others where the classes have another order.
    let areIndices: Bool
    /// What was understood.
    let notes: [Note]
  }

  /// Finds out which class each label is.
  ///
  /// A label that is a class's name is that class, whatever it looks like. Where labels may as well count the classes, and
  /// the two differ, they are refused, unless the names are the numbers 0 to C - 1 themselves.
  ///
  /// - Parameters:
  ///   - names: The classes' names, where they are known.
  ///   - count: C.
  ///   - form: What the user says.
  /// - Throws: `EnsembleError.invalidImport` naming the label.
  func classes(
    _ names: ClassNames?, count: Int, form: LabelForm?
  ) throws(EnsembleError) -> Classes {
    if let image = words.firstIndex(of: "") {
      throw refused("has no label of image \(image)", "give every image a label, or leave it out")
    }
    let found = names?.find(words)
    if found == nil, let names, let wholes = wholeNumbers, names.find(wholes) != nil {
      return try ImportedLabels(
        source: source, words: wholes, identifiers: identifiers, notes: notes
      ).classes(names, count: count, form: form)
    }
    let indices = Self.indices(words, count: count, first: form == .indicesFromOne ? 1 : 0)
    switch form {
    case .names:
      guard let names else { throw namesMissing() }
      guard let found else { throw unknown(names, count, " (--labels-are names)") }
      return byName(found, names)
    case .indices, .indicesFromOne:
      guard let indices else {
        throw unknown(names, count, " (--labels-are \(form?.rawValue ?? ""))")
      }
      return Classes(values: indices, areIndices: true, notes: notes)
    case nil: break
    }
    if let found, let names {
      let named = byName(found, names)
      guard let indices, indices != named.values, !Self.areIndices(names, found.likeness) else {
        return named
      }
      let image = indices.indices.first { indices[$0] != named.values[$0] } ?? 0
      throw refused(
        "has the label '\(words[image])', which may be the class named so or the class number "
          + "\(words[image]) from 0, '\(names.names[Int(indices[image])])'",
        "say --labels-are names or --labels-are indices (\"labelsAre\" in a list)")
    }
    guard let indices else { throw unknown(names, count, "") }
    return Classes(
      values: indices, areIndices: true, notes: notes + indexNotes(indices, names, count))
  }

  private func refused(_ reason: String, _ fix: String) -> EnsembleError {
    .invalidImport(source: source, reason: reason, fix: fix)
  }

  private func namesMissing() -> EnsembleError {
    refused(
      "has names for labels, and the scores have no names of classes",
      "give them, in the order of the scores, with --classes, or \"classes\" in a list")
  }

  private func byName(
    _ found: (places: [String: Int], likeness: ClassNames.Likeness), _ names: ClassNames
  ) -> Classes {
    let values = words.map { Int64(found.places[$0] ?? 0) }
    let text: String? =
      switch found.likeness {
      case .exact: nil
      case .withoutCase: "labels are matched with the classes' names without case and blanks"
      case .withoutCommonParts:
        "labels are matched with the classes' names without what these have in common "
          + "(\(words.first ?? "") is '\(values.first.map { names.names[Int($0)] } ?? "")')"
      }
    return Classes(
      values: values, areIndices: false,
      notes: notes + (text.map { [Note(source: source, text: $0)] } ?? []))
  }

  /// The labels as whole numbers in `0..<count`, counted from `first`; nil where one is none.
  private static func indices(_ words: [String], count: Int, first: Int64) -> [Int64]? {
    var known: [String: Int64] = [:]
    var found: [Int64] = []
    found.reserveCapacity(words.count)
    for word in words {
      let index =
        known[word] ?? whole(word).map { $0.subtractingReportingOverflow(first).partialValue }
      guard let index, (0..<Int64(count)).contains(index) else { return nil }
      known[word] = index
      found.append(index)
    }
    return found
  }

  /// The whole number that a word is, such as "1" or "1.0".
  private static func whole(_ word: String) -> Int64? {
    Int64(word) ?? Double(word).flatMap { Int64(exactly: $0) }
  }

  /// The words without the fractions that others write to whole numbers, "1" for "1.0"; nil where there are none such.
  private var wholeNumbers: [String]? {
    let wholes = words.compactMap { Self.whole($0).map(String.init) }
    return wholes.count == words.count && wholes != words ? wholes : nil
  }

  /// Whether the names are the numbers 0 to C - 1, so that a label that is such a number can only mean the name.
  private static func areIndices(_ names: ClassNames, _ likeness: ClassNames.Likeness) -> Bool {
    let texts = likeness == .withoutCommonParts ? names.withoutCommonParts : names.names
    let numbers = texts.compactMap(whole)
    return Set(numbers) == Set(0..<Int64(names.names.count)) && numbers.count == texts.count
  }

  /// The first label that is no class, and why.
  private func unknown(_ names: ClassNames?, _ count: Int, _ form: String) -> EnsembleError {
    let numbers = words.compactMap(Self.whole)
    if numbers.count == words.count, let least = numbers.min(), let greatest = numbers.max() {
      if (1...Int64(count)).contains(least), greatest == Int64(count) {
        return refused(
          "has labels of \(least) to \(greatest) for \(count) classes\(form)",
          "say --labels-are indices-from-1 (\"labelsAre\" in a list) where they are counted from 1")
      }
      if let image = numbers.firstIndex(where: { $0 < 0 }) {
        return refused(
          "gives image \(image) the label \(numbers[image]), which is not a class",
          "leave out images without a label")
      }
      let image = numbers.firstIndex { $0 >= count } ?? 0
      return refused(
        "gives image \(image) the label \(numbers[image]), and there are \(count) classes\(form)",
        "give a class's index from 0, or its name")
    }
    guard let names else { return namesMissing() }
    let image =
      words.firstIndex {
        names.find([$0]) == nil
          && (form.contains("names") || Self.indices([$0], count: count, first: 0) == nil)
      }
      ?? words.firstIndex { names.find([$0]) == nil } ?? 0
    return refused(
      "has the label '\(words[image].prefix(40))' of image \(image)\(form), and the classes are "
        + "\(names.names.prefix(6).joined(separator: ", "))\(names.names.count > 6 ? ", …" : "")",
      "give a class's index from 0, or its name")
  }

  /// What is said of labels that count the classes.
  private func indexNotes(_ indices: [Int64], _ names: ClassNames?, _ count: Int) -> [Note] {
    var texts: [String] = []
    if let names { texts.append("labels count the classes from 0: \(names.listing)") }
    if !indices.contains(0), indices.count >= 10 * count {
      texts.append(
        "no label is 0: where labels are counted from 1, say --labels-are indices-from-1")
    }
    return texts.map { Note(source: source, text: $0) }
  }
}
