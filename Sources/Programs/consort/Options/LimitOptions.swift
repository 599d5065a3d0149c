import CommandLine
import Ensembles
import Files

extension AnswerLimits.Options {
  /// What is to be promised of the answers of what is deployed.
  static let options = [
    CommandOption(
      "--set-coverage", "PERCENT",
      help: "The share of images whose class is to be in their prediction set (default: 90)."),
    CommandOption(
      "--set-score", "NAME",
      help:
        "What prediction sets are made by: least-ambiguous, adaptive or regularized-adaptive (default: least-ambiguous)."
    ),
    CommandOption(
      "--set-by-class", help: "Promise the coverage of each class, where each has images enough."),
    CommandOption(
      "--answer-error", "PERCENT",
      help:
        "The share of wrong answers among those that are given, where others are left out (default: 1)."
    ),
    CommandOption(
      "--answer-confidence", "PERCENT",
      help: "How surely no more of them are wrong (default: 95)."),
    CommandOption(
      "--kept-images", "N",
      help:
        "How many images of the hold-out choose nothing, so that sets and answers are promised and not only expected; 0 for none "
        + "(default: a fifth of 2,000 or more, at most 2,000)."),
  ]

  /// What the options of a command say.
  init(_ arguments: ParsedArguments) throws {
    self.init()
    if let percent = try arguments.number("--set-coverage") {
      guard percent >= 50, percent < 100 else {
        throw UsageError("--set-coverage is in percent, from 50 and below 100, such as 95")
      }
      // In decimals, as it was typed: 99.9 is a miss in a thousand.
      missRate = ((100 - percent) * 1e6).rounded() / 1e8
    }
    if let name = arguments.string("--set-score") {
      guard let kind = ConformalScore.Kind.allCases.first(where: { $0.name == name }) else {
        throw UsageError(
          "--set-score is " + Spelling.oneOf(ConformalScore.Kind.allCases.map(\.name), not: name))
      }
      score = ConformalScore(kind)
    }
    isByClass = arguments.isSet("--set-by-class")
    if let percent = try arguments.number("--answer-error") {
      guard percent >= 0.0001, percent <= 50 else {
        throw UsageError("--answer-error is in percent, above 0 and up to 50, such as 1")
      }
      error = percent / 100
    }
    if let count = try arguments.number("--kept-images") {
      guard count >= 0, count <= 1e9, count == count.rounded() else {
        throw UsageError("--kept-images is a number of images, such as 500, or 0")
      }
      keptImages = Int(count)
    }
    if let percent = try arguments.number("--answer-confidence") {
      guard percent >= 50, percent < 100 else {
        throw UsageError("--answer-confidence is in percent, from 50 and below 100, such as 95")
      }
      confidence = percent / 100
    }
  }
}
