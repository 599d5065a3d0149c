#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A class's name as people and programs write it, to be compared with another's.
struct ClassName {
  /// Without blanks around it, in small letters, with one sign for blanks, underscores and hyphens.
  let folded: String
  /// WordNet's number, where it begins with one, such as `n01440764` of `n01440764_tench`.
  let synset: String?
  /// What follows that number, or the whole, up to the first comma, folded; empty where there is nothing.
  let word: String

  init(_ name: String) {
    let trimmed = Self.trimmed(name)
    folded = Self.folded(trimmed)
    let digits = trimmed.dropFirst().prefix(8)
    let rest = trimmed.dropFirst(9)
    if trimmed.first == "n", digits.count == 8, digits.allSatisfy(\.isASCIIDigit),
      rest.first?.isASCIIDigit != true
    {
      synset = "n\(digits)"
      word = Self.folded(Self.firstSynonym(rest))
    } else {
      synset = nil
      word = Self.folded(Self.firstSynonym(trimmed[...]))
    }
  }

  /// The name without blanks and invisible marks around it.
  static func trimmed(_ name: String) -> String {
    let unseen: (Character) -> Bool = {
      $0.isWhitespace || $0 == "\u{FEFF}" || $0 == "\u{200B}" || $0 == "\u{200E}"
    }
    let start = name.drop(while: unseen)
    guard let end = start.lastIndex(where: { !unseen($0) }) else { return "" }
    return String(start[...end])
  }

  private static func folded(_ name: some StringProtocol) -> String {
    let words = name.lowercased().split { $0.isWhitespace || $0 == "_" || $0 == "-" }
    return words.joined(separator: "_")
  }

  private static func firstSynonym(_ names: Substring) -> Substring {
    names.prefix { $0 != "," }
  }
}

extension Character {
  /// Whether it is one of 0 to 9.
  var isASCIIDigit: Bool { isASCII && isNumber }
}
