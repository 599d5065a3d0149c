extension Program {
  /// What a program answers besides its commands.
  struct BuiltIn {
    /// Its word.
    let name: String
    /// How it is typed, after the program's name.
    let synopsis: String
    /// What it does, in one line.
    let summary: String
  }

  /// In the order of the help.
  var builtIns: [BuiltIn] {
    let help = BuiltIn(
      name: "help", synopsis: "help COMMAND",
      summary: "Show the help of a command: \(name) help COMMAND.")
    return describesItself
      ? [
        BuiltIn(
          name: "completion", synopsis: "completion SHELL",
          summary: "Print what completes commands and options in a shell: bash, zsh or fish."),
        BuiltIn(
          name: "manual", synopsis: "manual", summary: "Print the manual page, for man(1)."), help,
      ] : [help]
  }

  /// Whether no command of its own has the words that print how it is used.
  var describesItself: Bool {
    !commands.contains { ["completion", "manual"].contains($0.name) }
  }
}
