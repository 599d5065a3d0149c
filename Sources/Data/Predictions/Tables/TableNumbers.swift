import Files

/// Reads the numbers of a table, with points or decimal commas, with or without per cent signs, and remembers which.
struct TableNumbers {
  private var hasPoints = false
  private var hasCommas = false
  /// Whether a number with a comma cannot be one with groups of thousands.
  private var hasDecimalComma = false
  private var plain = 0
  /// Numbers with a per cent sign.
  private(set) var percents = 0

  /// The number that `text` is; nil for none.
  mutating func number(_ text: String) -> Double? {
    if let number = Double(text) {
      plain += 1
      hasPoints = hasPoints || text.utf8.contains(UInt8(ascii: "."))
      return number
    }
    var digits = text[...]
    let isPercent = digits.last == "%"
    if isPercent { digits = digits.dropLast().drop { $0 == " " } }
    while digits.last == " " || digits.last == "\u{A0}" { digits = digits.dropLast() }
    var number = Double(digits)
    if number == nil, digits.utf8.count(where: { $0 == UInt8(ascii: ",") }) == 1 {
      number = Double(
        digits.split(separator: ",", omittingEmptySubsequences: false).joined(separator: "."))
      if number != nil {
        hasCommas = true
        hasDecimalComma = hasDecimalComma || !Self.mayBeGrouped(digits)
      }
    }
    guard let number else { return nil }
    if isPercent { percents += 1 } else { plain += 1 }
    return number
  }

  /// Whether the comma may stand before three digits as in "1,234".
  private static func mayBeGrouped(_ digits: Substring) -> Bool {
    let parts = digits.split(separator: ",", omittingEmptySubsequences: false)
    let whole = parts[0].drop { $0 == "-" || $0 == "+" }
    return parts[1].count == 3 && parts[1].allSatisfy(\.isNumber) && (1...3).contains(whole.count)
      && whole.first != "0"
  }

  /// What is not certain in the numbers that were read.
  func fault(source: String) -> EnsembleError? {
    if hasCommas, hasPoints {
      return .invalidImport(
        source: source, reason: "has numbers with commas and numbers with points",
        fix: "write decimal points and no groups of thousands")
    }
    if hasCommas, !hasDecimalComma {
      return .invalidImport(
        source: source, reason: "has numbers such as 1,234, which may be 1.234 or 1234",
        fix: "write decimal points and no groups of thousands")
    }
    if percents > 0, plain > 0 {
      return .invalidImport(
        source: source, reason: "has per cent signs behind some of its scores only",
        fix: "write them behind all or none")
    }
    return nil
  }

  /// What was understood and is worth a word.
  func notes(source: String) -> [Note] {
    hasCommas ? [Note(source: source, text: "commas in its numbers are decimal commas")] : []
  }
}
