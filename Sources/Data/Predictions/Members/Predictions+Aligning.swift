import Files

extension Predictions {
  /// Puts predictions of the same images by several members into the first one's order of images and classes.
  ///
  /// Images are found by id and classes by name, where files of other programs have them; other members stay as they are.
  ///
  /// - Throws: `EnsembleError.differentData` naming two files and an image or class that only one has, and
  ///   `.invalidImport` where labels that count the classes are for members with different orders of them.
  public static func aligned(_ members: [Predictions]) throws(EnsembleError) -> [Predictions] {
    let named = members.first { $0.imported?.classNames != nil }
    let identified = members.first { $0.imported?.identifiers != nil }
    var result: [Predictions] = []
    for member in members {
      let columns = try named.map { first throws(EnsembleError) in
        try first.columns(of: member)
      }
      let rows = try identified.map { first throws(EnsembleError) in try first.rows(of: member) }
      result.append(try member.reordered(rows: rows ?? nil, columns: columns ?? nil))
    }
    return result
  }

  /// Where this member's classes are among another's; nil where they are in the same order, or not known.
  private func columns(of other: Predictions) throws(EnsembleError) -> [Int]? {
    guard let mine = imported?.classNames, let theirs = other.imported?.classNames,
      mine.names != theirs.names, classes == other.classes
    else { return nil }
    guard let places = theirs.places(of: mine) else {
      let missing = theirs.names.first { ClassNames(names: mine.names).find([$0]) == nil }
      let lacking = mine.names.first { ClassNames(names: theirs.names).find([$0]) == nil }
      throw .differentData(
        first: source, second: other.source,
        difference:
          "the class '\(lacking ?? mine.names[0])' of one and '\(missing ?? theirs.names[0])' of the other"
      )
    }
    guard places != Array(places.indices) else { return nil }
    if let labels = imported?.labelsSource, labels == other.imported?.labelsSource {
      throw .invalidImport(
        source: labels,
        reason:
          "has labels that count the classes, and '\(source)' and '\(other.source)' have theirs in different orders",
        fix:
          "give labels as the classes' names, or name the columns in the order that the labels count with "
          + "--classes, or \"classes\" in a list")
    }
    return places
  }

  /// Where this member's images are among another's; nil where they are in the same order, or not known.
  private func rows(of other: Predictions) throws(EnsembleError) -> [Int]? {
    guard let mine = imported?.identifiers, let theirs = other.imported?.identifiers,
      mine != theirs,
      count == other.count
    else { return nil }
    let places = Dictionary(zip(theirs.values, theirs.values.indices)) { first, _ in first }
    var found: [Int] = []
    for value in mine.values {
      guard let place = places[value] else {
        throw .differentData(
          first: source, second: other.source,
          difference: "the image '\(value.prefix(60))' of one is none of the other's")
      }
      found.append(place)
    }
    return found
  }

  /// The same predictions with images, and classes, taken from these places in order; all where nil.
  private func reordered(rows: [Int]?, columns: [Int]?) throws(EnsembleError) -> Predictions {
    guard rows != nil || columns != nil else { return self }
    let images = rows ?? Array(0..<count)
    let order = columns ?? Array(0..<classes)
    let values: [Float] = withLogProbabilities { values in
      images.flatMap { image in order.map { values[image * classes + $0] } }
    }
    var numbers = Array(repeating: Int64(0), count: classes)
    for (place, column) in order.enumerated() { numbers[column] = Int64(place) }
    let labels = images.map { numbers[Int(self.labels[$0])] }
    var data = imported
    data?.classNames = imported?.classNames.map { ClassNames(names: order.map($0.names.element)) }
    data?.identifiers = imported?.identifiers.map { ids in
      ImageIdentifiers(unchecked: images.map { ids.values[$0] })
    }
    let texts = [
      columns.map { _ in "its classes are found by name: they are in another order" },
      rows.map { _ in "its images are found by id: they are in another order" },
    ]
    data?.notes += texts.compactMap { $0.map { Note(source: source, text: $0) } }
    let isGiven = imported?.hasGivenFingerprint ?? true
    var result = try Predictions(
      source: source, name: name, network: network, multiplyAccumulates: multiplyAccumulates,
      parameters: parameters, split: split,
      fingerprint: isGiven
        ? fingerprint : Self.fingerprint(labels: labels, identifiers: data?.identifiers),
      values: .resident(values), labels: labels, classes: classes
    ).withLogNormalizers(logNormalizers.map { all in images.map { all[$0] } })
    result.imported = data
    return result
  }
}

extension [String] {
  fileprivate func element(_ index: Int) -> String { self[index] }
}
