/// The names of classes, and how words of other files are found among them.
///
/// Names are compared as they are; where that does not find all words, without case and blanks; then without what all names
/// begin or end with, such as "prob_".
struct ClassNames: Hashable, Sendable {
  /// In order.
  let names: [String]

  /// How words were found.
  enum Likeness: CaseIterable {
    case exact
    case withoutCase
    case withoutCommonParts
  }

  private static func plain(_ name: String) -> String {
    name.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  /// The names' places by what words are compared with; nil where two names are then one.
  private func places(_ likeness: Likeness) -> [String: Int]? {
    let keys: [String] =
      switch likeness {
      case .exact: names
      case .withoutCase: names.map(Self.plain)
      case .withoutCommonParts: withoutCommonParts.map(Self.plain)
      }
    let places = Dictionary(zip(keys, keys.indices)) { first, _ in first }
    return places.count == keys.count ? places : nil
  }

  /// The names without what all begin with, up to a sign or digits, and without what all end with, from a sign.
  var withoutCommonParts: [String] {
    guard names.count > 1 else { return names }
    var first = names[0][...]
    var last = names[0][...]
    for name in names {
      first = first.commonPrefix(with: name)
      last = last.commonSuffix(with: name)
    }
    let isSign = { (character: Character) in !character.isLetter && !character.isNumber }
    while let end = first.last, !isSign(end),
      !names.allSatisfy({ $0.dropFirst(first.count).first?.isNumber == true && !end.isNumber })
    {
      first = first.dropLast()
    }
    while let start = last.first, !isSign(start) { last = last.dropFirst() }
    let kept = names.map { name in
      String(name.dropFirst(first.count).dropLast(min(last.count, name.count - first.count)))
    }
    return kept.contains("") ? names : kept
  }

  /// The places of all words among the names, and how they were found; nil where one is none of them.
  func find(_ words: [String]) -> (places: [String: Int], likeness: Likeness)? {
    let different = Set(words)
    for likeness in Likeness.allCases {
      guard let places = places(likeness) else { continue }
      var found: [String: Int] = [:]
      for word in different {
        found[word] = places[likeness == .exact ? word : Self.plain(word)]
      }
      if found.count == different.count { return (found, likeness) }
    }
    return nil
  }

  /// The first of some words that is none of the names, compared without case.
  func firstUnknown(of words: [String]) -> String? {
    let known = Set(names.map(Self.plain))
    return words.first { !known.contains(Self.plain($0)) }
  }

  /// The place of each of another file's names, which are the same ones in any order; nil where they are not.
  func places(of others: ClassNames) -> [Int]? {
    guard names.count == others.names.count else { return nil }
    for (mine, theirs) in [
      (names, others.names), (names.map(Self.plain), others.names.map(Self.plain)),
      (withoutCommonParts.map(Self.plain), others.withoutCommonParts.map(Self.plain)),
    ] {
      let places = Dictionary(zip(mine, mine.indices)) { first, _ in first }
      let found = theirs.compactMap { places[$0] }
      if found.count == names.count, Set(found).count == names.count { return found }
    }
    return nil
  }

  /// Such as "0 → cat, 1 → dog".
  var listing: String {
    let shown = names.prefix(3).enumerated().map { "\($0) → \($1)" }.joined(separator: ", ")
    guard names.count > 3, let last = names.last else { return shown }
    return "\(shown), … \(names.count - 1) → \(last)"
  }
}

extension Substring {
  fileprivate func commonPrefix(with other: String) -> Substring {
    prefix(zip(self, other).prefix { $0 == $1 }.count)
  }

  fileprivate func commonSuffix(with other: String) -> Substring {
    suffix(zip(reversed(), other.reversed()).prefix { $0 == $1 }.count)
  }
}
