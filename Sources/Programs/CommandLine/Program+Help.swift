import Files
import Formatting

extension Program {
  /// The help of the whole program, within `width` columns.
  public func helpText(width: Int = Terminal.textWidth) -> String {
    let layout = HelpLayout(width: width)
    let heads = commands.map { command in
      (command.name, command.summary)
    }
    return """
      \(layout.paragraph(summary))
      usage: \(name) COMMAND ...

      commands:
      \(layout.listing(heads + builtIns.map { ($0.name, $0.summary) }))
      options:
      \(layout.listing([("--help", "Show this help."), ("--version", "Show the version.")]))
      exit status:
      \(layout.listing(ExitStatus.allCases.map { ("\($0.rawValue)", $0.meaning) }))
      """
  }

  /// The help of `command`, reached by the words `path`, within `width` columns.
  public func helpText(
    for command: Command, path: [String], width: Int = Terminal.textWidth
  ) -> String {
    let layout = HelpLayout(width: width)
    var parts = [
      layout.paragraph(command.summary),
      layout.usage(head: ["usage:", name] + path, synopsis(of: command)),
    ]
    if !command.subcommands.isEmpty {
      parts.append(
        "commands:\n" + layout.listing(command.subcommands.map { ($0.name, $0.summary) }))
    }
    if !command.operands.isEmpty {
      parts.append("operands:\n" + layout.listing(command.operands.map { ($0.name, $0.help) }))
    }
    let options = command.options.map { option in
      (
        ([option.name] + [option.placeholder].compactMap(\.self)).joined(separator: " "),
        option.help
      )
    }
    parts.append("options:\n" + layout.listing(options + [("--help", "Show this help.")]))
    if !command.discussion.isEmpty { parts.append(layout.discussion(command.discussion)) }
    if !command.examples.isEmpty {
      parts.append("examples:\n" + command.examples.map(layout.example).joined())
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
}
