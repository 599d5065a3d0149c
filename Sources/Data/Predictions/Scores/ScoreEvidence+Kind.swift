import Files
import Formatting

extension ScoreEvidence {
  /// What the scores are: what the user says, what the array's name says, or what the rows look like.
  ///
  /// - Parameters:
  ///   - said: What the user says.
  ///   - named: What the name of an array says.
  ///   - source: What errors and notes call the file.
  /// - Returns: The kind, and what was understood.
  /// - Throws: `EnsembleError.invalidImport` where a row is none of the kind, or the kind is not certain.
  func kind(
    said: ScoreKind?, named: ScoreKind?, source: String
  ) throws(EnsembleError) -> (ScoreKind, [Note]) {
    let certain = certainKind
    if let said {
      try check(said, source)
      return (said, notes(said, saidAgainst: certain, source))
    }
    if let named, let certain, named != certain {
      throw .invalidImport(
        source: source,
        reason: "is named after \(named.name) and holds \(certain.name): \(Self.sums(certain))",
        fix: Self.say)
    }
    if let named {
      try check(named, source)
      return (named, notes(named, saidAgainst: nil, source))
    }
    guard let certain else {
      try checkDoubts(source)
      let text = "scores are taken as logits: rows sum to nothing that probabilities do"
      return (.logits, [Note(source: source, text: text)])
    }
    return (certain, [Note(source: source, text: text(certain))])
  }

  private static let say =
    "say what the scores are with --scores, or \"kind\" in a list: "
    + ScoreKind.allCases.map(\.name).joined(separator: ", ")

  private static func sums(_ kind: ScoreKind) -> String {
    switch kind {
    case .percents: "rows sum to 100"
    case .logProbabilities, .log2Probabilities, .log10Probabilities:
      "the probabilities of rows sum to 1"
    case .logits, .probabilities, .unnormalizedProbabilities: "rows sum to 1"
    }
  }

  private func text(_ kind: ScoreKind) -> String {
    if nameOneClass {
      return "scores name one class an image (1 among zeros): likelihoods of them say little"
    }
    let isExact = kind.nats != nil || (sums.upperBound - sums.lowerBound) <= 4e-3 * sums.upperBound
    return "scores are \(kind.name): \(Self.sums(kind))"
      + (isExact ? "" : ", within their rounding")
  }

  private func notes(_ kind: ScoreKind, saidAgainst certain: ScoreKind?, _ source: String) -> [Note]
  {
    guard let certain, certain != kind, !(kind == .unnormalizedProbabilities && certain.nats == nil)
    else { return [] }
    return [
      Note(
        source: source,
        text:
          "scores are taken as \(kind.name), as was said, although they look like \(certain.name): "
          + Self.sums(certain))
    ]
  }

  /// Checks that every row is of the kind.
  private func check(_ kind: ScoreKind, _ source: String) throws(EnsembleError) {
    for image in 0..<count where !fits(kind, image) { throw fault(kind, image, source) }
  }

  /// What is wrong with a row that is not of the kind.
  private func fault(_ kind: ScoreKind, _ image: Int, _ source: String) -> EnsembleError {
    let least = range(image).lowerBound
    let (reason, fix): (String, String)
    switch kind {
    case .logits:
      (reason, fix) = ("rules every class out", "give some class a finite score")
    case .probabilities where least < Self.leastShare,
      .percents where least < 100 * Self.leastShare,
      .unnormalizedProbabilities where least < 0:
      (reason, fix) = ("holds the probability \(least)", "correct it, or \(Self.say)")
    case _ where kind.nats == nil && range(image).upperBound == 0:
      (reason, fix) = (
        "gives every class the probability 0", "leave the image out, or give it scores"
      )
    case .percents:
      (reason, fix) = (
        "holds per cent that sum to \(NumberFormat.short(total(kind, image) ?? 0)), not 100",
        "correct it, or \(Self.say)"
      )
    default:
      let sum = total(kind, image).map(NumberFormat.short) ?? "more than 1"
      (reason, fix) = (
        "holds probabilities that sum to \(sum), not 1",
        "correct it, or say unnormalized-probabilities, or what else the scores are, with --scores or \"kind\" in a list"
      )
    }
    return .invalidImport(source: "\(source), image \(image)", reason: reason, fix: fix)
  }

  /// Refuses scores that may be logits and may be something else.
  private func checkDoubts(_ source: String) throws(EnsembleError) {
    if areNegatedLogarithms {
      throw .invalidImport(
        source: source,
        reason:
          "holds the negated logarithms of distributions, so that the most probable class has the least score",
        fix: "negate them, or say --scores logits (\"kind\" in a list) to take them as they are")
    }
    if let (kind, exception) = commonKind {
      let others = count == 2 ? "the other row" : "most other rows"
      throw .invalidImport(
        source: "\(source), image \(exception)",
        reason: faultWords(kind, exception) + ", where \(others) are \(kind.name)",
        fix: "correct it, or \(Self.say)")
    }
    let low = NumberFormat.short(sums.lowerBound)
    let high = NumberFormat.short(sums.upperBound)
    let range = low == high ? low : "\(low) to \(high)"
    if let empty = (0..<count).first(where: { self.range($0) == 0...0 }), areWithinUnit || areWhole
    {
      throw .invalidImport(
        source: "\(source), image \(empty)", reason: "gives every class 0",
        fix: "leave the image out, or give it scores")
    }
    if areWithinUnit {
      throw .invalidImport(
        source: source,
        reason:
          "has scores in 0...1 whose rows sum to \(range), not 1: they may be sigmoids, which are no distribution "
          + "over classes, or logits",
        fix:
          "say --scores unnormalized-probabilities to divide each row by its sum, or --scores logits "
          + "(\"kind\" in a list)")
    }
    if let commonSum {
      throw .invalidImport(
        source: source,
        reason:
          "has rows that all sum to \(NumberFormat.short(commonSum)): they may be counts, or logits",
        fix:
          "say --scores unnormalized-probabilities to divide each row by its sum, or --scores logits "
          + "(\"kind\" in a list)")
    }
    if areWhole {
      throw .invalidImport(
        source: source, reason: "holds whole numbers, which few scores are", fix: Self.say)
    }
  }

  private func faultWords(_ kind: ScoreKind, _ image: Int) -> String {
    let (least, greatest) = (range(image).lowerBound, range(image).upperBound)
    switch kind {
    case .probabilities where least < Self.leastShare: return "holds the negative number \(least)"
    case .probabilities, .percents: return "has a row that sums to \(total(kind, image) ?? 0)"
    default:
      return total(kind, image).map { "has probabilities that sum to \($0)" } ?? "holds \(greatest)"
    }
  }
}
