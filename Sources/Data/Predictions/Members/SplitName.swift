import Files

/// The name of a split, and what it says its images are for.
public struct SplitName: Hashable, Sendable {
  /// What images are for.
  public enum Role: Hashable, Sendable {
    /// To choose.
    case holdOut
    /// To judge.
    case test
  }

  /// "hold-out" or "test", whichever way they are spelt, or else the name as it was given, whose images judge.
  public let name: String
  /// What its images are for.
  public let role: Role
  /// How the name was understood; nil for one that needs no word.
  public let note: Note?

  /// The name of the images that choose.
  public static let holdOut = "hold-out"
  /// The name of the images that judge.
  public static let test = "test"
  /// The name of images that are of no class, whose labels say nothing: they neither choose nor judge.
  public static let unlike = "unlike"

  private static let holdOutWords = [
    "holdout", "heldout", "holdoutset", "heldoutset", "val", "valid", "validation", "dev",
    "development", "calib", "calibration", "tune", "tuning",
  ]
  private static let testWords = ["test", "tests", "testing", "testset"]
  private static let trainingWords = ["train", "training", "trainset", "trainval"]
  /// Some call the images that choose so, and others those that judge.
  private static let doubtfulWords = ["eval", "evaluation"]

  /// Understands a name.
  ///
  /// - Parameters:
  ///   - text: The name.
  ///   - source: The file that has it.
  /// - Throws: `EnsembleError.invalidImport` for training images, which members have seen, for a name that some use for one
  ///   and others for the other, and for one that is misspelt.
  public init(_ text: String, source: String) throws(EnsembleError) {
    let whole = Self.letters(text)
    let words = text.lowercased().split { !$0.isLetter }.map(String.init)
    func has(_ known: [String]) -> Bool {
      known.contains(whole) || words.contains(where: known.contains)
    }
    guard whole != Self.unlike else {
      throw .invalidImport(
        source: source, reason: "has the split '\(text)', images that are of no class",
        fix: "give it to --unlike, and predictions of labelled images here")
    }
    if has(Self.holdOutWords) || Self.isHoldOut(words) {
      (name, role) = (Self.holdOut, .holdOut)
    } else if Self.testWords.contains(whole) {
      (name, role) = (Self.test, .test)
    } else if has(Self.trainingWords) {
      throw .invalidImport(
        source: source, reason: "has the split '\(text)', images that members have seen",
        fix:
          "give predictions of images held out of training, with the split \"hold-out\" or \"test\""
      )
    } else if has(Self.doubtfulWords) {
      throw .invalidImport(
        source: source, reason: "has the split '\(text)', which may choose or judge",
        fix: "call it \"hold-out\" or \"test\"")
    } else {
      try Self.checkSpelling(text, whole, source)
      (name, role) = (text, .test)
    }
    note =
      name == text && [Self.holdOut, Self.test].contains(text)
      ? nil
      : Note(
        source: source,
        text: "the split '\(text)' is taken as "
          + (role == .holdOut ? "the hold-out, whose images choose" : "test images, which judge"))
  }

  /// Makes sure that images that are to be of no class are not those that choose, or that members were trained on.
  ///
  /// - Throws: `EnsembleError.invalidImport`; any other name is taken.
  package static func checkUnlike(_ text: String, source: String) throws(EnsembleError) {
    let whole = letters(text)
    let words = text.lowercased().split { !$0.isLetter }.map(String.init)
    let seen = holdOutWords + trainingWords
    guard seen.contains(whole) || words.contains(where: seen.contains) || isHoldOut(words) else {
      return
    }
    throw .invalidImport(
      source: source,
      reason:
        "has the split '\(text)', images of the classes that members have seen or that choose",
      fix: "give --unlike predictions of other images, with a split such as \"unlike\"")
  }

  private static func letters(_ text: String) -> String {
    String(text.lowercased().filter(\.isLetter))
  }

  private static func isHoldOut(_ words: [String]) -> Bool {
    zip(words, words.dropFirst()).contains { ["hold", "held"].contains($0) && $1 == "out" }
  }

  private static func checkSpelling(
    _ text: String, _ letters: String, _ source: String
  ) throws(EnsembleError) {
    let known = holdOutWords + testWords + trainingWords
    let near = known.filter { word in
      word.count > 3 && Spelling.distance(letters, word) <= (word.count > 5 ? 2 : 1)
    }
    guard let word = near.first else { return }
    let meant =
      testWords.contains(word) ? test : trainingWords.contains(word) ? "train" : holdOut
    throw .invalidImport(
      source: source, reason: "has the split '\(text)' (did you mean \"\(meant)\"?)",
      fix:
        "call images that choose \"hold-out\" and images that judge \"test\", or give a name that resembles neither"
    )
  }
}
