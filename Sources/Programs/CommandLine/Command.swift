/// An argument that stands by its position.
public struct Operand: Hashable, Sendable {
  /// The name in the help, in capitals.
  public let name: String
  /// What it is, for the help.
  public let help: String
  /// Whether it may be left out; optional operands come last.
  public let isOptional: Bool
  /// Whether there may be several of it; only the last operand may.
  public let isRepeated: Bool

  /// Creates an operand, which is needed once unless said otherwise.
  public init(_ name: String, help: String, isOptional: Bool = false, isRepeated: Bool = false) {
    self.name = name
    self.help = help
    self.isOptional = isOptional
    self.isRepeated = isRepeated
  }
}

/// An argument that begins with two dashes.
public struct CommandOption: Hashable, Sendable {
  /// The name with its dashes, such as "--data".
  public let name: String
  /// What its value is called in the help, in capitals; nil where it takes none.
  public let placeholder: String?
  /// What it does, for the help.
  public let help: String
  /// Whether it may be given several times, each with another value; otherwise the last one counts.
  public let isRepeated: Bool

  /// Creates an option; one without a placeholder is a flag.
  public init(
    _ name: String, _ placeholder: String? = nil, help: String, isRepeated: Bool = false
  ) {
    self.isRepeated = isRepeated
    self.name = name
    self.placeholder = placeholder
    self.help = help
  }
}

/// One command of a program, or a group of commands.
public struct Command: Sendable {
  /// What the user types.
  public let name: String
  /// What it does, in one line.
  public let summary: String
  /// What it takes by position.
  public let operands: [Operand]
  /// What it takes by name; `--help` is always there.
  public let options: [CommandOption]
  /// More about it: paragraphs with an empty line between them.
  public let discussion: String
  /// Whole command lines to copy.
  public let examples: [String]
  /// The commands below it; a command has these or operands, not both.
  public let subcommands: [Command]
  /// Carries it out.
  public private(set) var run: @Sendable (ParsedArguments) throws -> Void

  /// Creates a command, which `run` carries out with the arguments that fit `operands` and `options`; what it throws is
  /// printed, and ends the program: with the status of an `ExitStatusError`, or else `.failed`; a `UsageError` is misuse.
  public init(
    name: String, summary: String, operands: [Operand] = [], options: [CommandOption] = [],
    discussion: String = "", examples: [String] = [],
    run: @escaping @Sendable (ParsedArguments) throws -> Void = { _ in }
  ) {
    self.name = name
    self.summary = summary
    self.operands = operands
    self.options = options
    self.discussion = discussion
    self.examples = examples
    subcommands = []
    self.run = run
  }

  /// Creates a group of commands, such as "data" with "download" below it.
  public init(name: String, summary: String, discussion: String = "", subcommands: [Command]) {
    self.name = name
    self.summary = summary
    operands = []
    options = []
    self.discussion = discussion
    examples = []
    self.subcommands = subcommands
    run = { _ in }
  }

  /// The same command, carried out by `run`: for one that two programs have.
  public func running(
    _ run: @escaping @Sendable (ParsedArguments) throws -> Void
  ) -> Command {
    var command = self
    command.run = run
    return command
  }
}
