/// Why the classes of images cannot be matched with a model's, and what settles it.
public enum ClassProblem: Hashable, Sendable, CustomStringConvertible {
  /// The model's classes have no names, and their number is not that of the images'.
  case differentCounts(found: Int, classes: Int)
  /// Some of the images' classes fit names of the model's, others fit none.
  case unknownNames([String], total: Int)
  /// No name fits.
  case noNameFits(found: [String], labels: [String])
  /// A name stands for several of the model's classes.
  case ambiguousName(String)
  /// Two of the images' classes fit one of the model's.
  case sameClass(first: String, second: String, label: String)
  /// Numbers may count from 0 or from 1.
  case ambiguousNumbers(first: String, last: String, classes: Int)
  /// A name is no number, or none of a class.
  case numberOutOfRange(name: String, first: Int, classes: Int)
  /// Two names are one number.
  case sameNumber(first: String, second: String)

  /// The option that gives the model's classes, of `predict` and of reports, whose `--labels` are the images'.
  private static let namesOption = "--labels FILE (frontier and report: --classes FILE)"

  /// What is wrong, and the option that settles it.
  public var description: String {
    switch self {
    case .differentCounts(let found, let classes):
      "the images have \(found), the model has \(classes), and nothing names the model's; give their names, in the order of "
        + "its outputs, with \(Self.namesOption)"
    case .unknownNames(let names, let total):
      "\(Self.list(names)) of the images' \(total) \(names.count == 1 ? "is none" : "are none") of the model's; correct the "
        + "name, leave the images out, or give the model's classes with \(Self.namesOption)"
    case .noNameFits(let found, let labels):
      "none of the images' \(found.count) (\(Self.list(found))) is called as one of the model's \(labels.count) "
        + "(\(Self.list(labels))); give names that fit with \(Self.namesOption)"
        + (found.count == labels.count
          ? ", or say --class-order folders if they stand in the same order" : "")
    case .ambiguousName(let name):
      "the model has several that are called '\(name)'; give each a name of its own with \(Self.namesOption), or say how folders "
        + "are numbered with --class-order"
    case .sameClass(let first, let second, let label):
      "'\(first)' and '\(second)' are both '\(label)'; join or rename them"
    case .ambiguousNumbers(let first, let last, let classes):
      "numbers from '\(first)' to '\(last)' may count the model's \(classes) from 0 or from 1, or be something else; say "
        + "--class-order numbers, numbers-from-1 or folders"
    case .numberOutOfRange(let name, let first, let classes):
      "'\(name)' is not a number from \(first) to \(first + classes - 1); where numbers count from \(1 - first), say "
        + "--class-order \(first == 0 ? "numbers-from-1" : "numbers"); otherwise correct it, or say folders, text or names"
    case .sameNumber(let first, let second):
      "'\(first)' and '\(second)' are one number; join or rename them"
    }
  }

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(3).map { "'\($0)'" }.joined(separator: ", ")
    return names.count > 3 ? "\(shown) and \(names.count - 3) more" : shown
  }
}
