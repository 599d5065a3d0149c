import CommandLine
import Datasets

extension ClassMatching.Order {
  /// The option that says how classes are matched, of all commands that match them.
  static let option = CommandOption(
    "--class-order", "HOW",
    help:
      "How the images' classes are the model's: names (default where they fit), folders (in the order of the "
      + "folders, numbers by number), text (in the order of the folders as text, as torchvision), numbers (a "
      + "folder's name is the output's number, from 0) or numbers-from-1.")

  /// What the option says; nil where it is not given.
  ///
  /// - Throws: `UsageError` where it says none of these.
  init?(_ arguments: ParsedArguments) throws(UsageError) {
    guard let order: ClassMatching.Order = try arguments.choice(Self.option.name) else {
      return nil
    }
    self = order
  }
}
