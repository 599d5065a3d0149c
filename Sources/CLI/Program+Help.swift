extension Program {
  /// The help of the whole program.
  public func helpText() -> String {
    let heads = commands.map { command in
      (command.name, command.summary)
    }
    return """
      \(summary)

      usage: \(name) COMMAND ...

      commands:
      \(listing(heads + [("help", "Show the help of a command: \(name) help COMMAND.")]))
      options:
      \(listing([("--help", "Show this help."), ("--version", "Show the version.")]))
      """
  }

  /// The help of `command`, reached by the words `path`.
  public func helpText(for command: Command, path: [String]) -> String {
    var parts = [
      command.summary + "\n",
      "usage: " + ([name] + path + synopsis(of: command)).joined(separator: " ") + "\n",
    ]
    if !command.subcommands.isEmpty {
      parts.append("commands:\n" + listing(command.subcommands.map { ($0.name, $0.summary) }))
    }
    if !command.operands.isEmpty {
      parts.append("operands:\n" + listing(command.operands.map { ($0.name, $0.help) }))
    }
    let options = command.options.map { option in
      (
        ([option.name] + [option.placeholder].compactMap(\.self)).joined(separator: " "),
        option.help
      )
    }
    parts.append("options:\n" + listing(options + [("--help", "Show this help.")]))
    if !command.discussion.isEmpty { parts.append(command.discussion + "\n") }
    if !command.examples.isEmpty {
      parts.append("examples:\n" + command.examples.map { "  \($0)\n" }.joined())
    }
    return parts.joined(separator: "\n")
  }

  private func synopsis(of command: Command) -> [String] {
    guard command.subcommands.isEmpty else { return ["COMMAND", "..."] }
    let operands = command.operands.map { operand in
      (operand.isOptional ? "[\(operand.name)]" : operand.name) + (operand.isRepeated ? " ..." : "")
    }
    let options = command.options.map { option in
      "[\(([option.name] + [option.placeholder].compactMap(\.self)).joined(separator: " "))]"
    }
    return operands + options
  }

  /// A line for each pair, its second part wrapped within 100 columns.
  private func listing(_ pairs: [(String, String)]) -> String {
    let indent = min(28, (pairs.map(\.0.count).max() ?? 0) + 4)
    var text = ""
    for (head, body) in pairs {
      let lines = Terminal.wrapped(body, width: 98 - indent)
      let fits = head.count + 4 <= indent
      let space = String(repeating: " ", count: fits ? indent - head.count - 2 : indent)
      text += "  \(head)" + (fits ? space : "\n" + space) + (lines.first ?? "") + "\n"
      for line in lines.dropFirst() { text += String(repeating: " ", count: indent) + line + "\n" }
    }
    return text
  }
}
