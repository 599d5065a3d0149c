import Files

/// A program's manual page, as man(1) shows it, made of the declarations of its commands.
struct ManualPage {
  let program: Program

  /// The page, in man(7)'s macros.
  func text() -> String {
    var lines = [
      ".\\\" Made by `\(program.name) manual`.",
      ".TH \(program.name.uppercased()) 1 \"\" \"\(program.name) \(program.version)\" \"User Commands\"",
      ".SH NAME", "\(Self.escaped(program.name)) \\- \(Self.escaped(summary))",
      ".SH SYNOPSIS", ".B \(program.name)", ".I COMMAND", "\\&...",
      ".SH COMMANDS",
    ]
    for command in program.commands { lines += section(command, path: [command.name]) }
    for command in program.builtIns {
      lines += [".SS \(Self.quoted(command.synopsis))"] + Self.paragraph(command.summary)
    }
    lines += [".SH EXIT STATUS"]
    for status in ExitStatus.allCases {
      lines += [".TP", "\(status.rawValue)"] + Self.paragraph(status.meaning)
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Without the program's own name before it.
  private var summary: String {
    let prefix = "\(program.name): "
    return program.summary.lowercased().hasPrefix(prefix)
      ? String(program.summary.dropFirst(prefix.count)) : program.summary
  }

  private func section(_ command: Command, path: [String]) -> [String] {
    guard command.subcommands.isEmpty else {
      return command.subcommands.flatMap { section($0, path: path + [$0.name]) }
    }
    let operands = command.operands.map { operand in
      (operand.isOptional ? "[\(operand.name)]" : operand.name) + (operand.isRepeated ? " ..." : "")
    }
    let head = ([program.name] + path + operands + ["[options]"]).joined(separator: " ")
    var lines = [".SS \(Self.quoted(head))"] + Self.paragraph(command.summary)
    for operand in command.operands {
      lines += [".TP", ".I \(Self.escaped(operand.name))"] + Self.paragraph(operand.help)
    }
    for option in command.options {
      let name = "\\fB\(Self.escaped(option.name))\\fR"
      lines += [".TP", name + (option.placeholder.map { " \\fI\(Self.escaped($0))\\fR" } ?? "")]
      lines += Self.paragraph(option.help)
    }
    lines += discussion(command.discussion)
    for example in command.examples { lines += [".PP", ".nf", Self.line("    \(example)"), ".fi"] }
    return lines
  }

  /// Paragraphs; lines that are indented stay as they are.
  private func discussion(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).split(separator: "").flatMap {
      rows in
      rows.allSatisfy { $0.hasPrefix(" ") }
        ? [".PP", ".nf"] + rows.map { Self.line(String($0)) } + [".fi"]
        : [".PP"] + rows.map { Self.line(String($0)) }
    }
  }

  private static func paragraph(_ text: String) -> [String] { [line(text)] }

  /// A line of text, of which nothing is taken for a request.
  private static func line(_ text: String) -> String {
    let escaped = escaped(text)
    return escaped.hasPrefix(".") || escaped.hasPrefix("'") ? "\\&" + escaped : escaped
  }

  private static func quoted(_ text: String) -> String {
    "\""
      + escaped(text).split(separator: "\"", omittingEmptySubsequences: false).joined(
        separator: "\\(dq") + "\""
  }

  /// Backslashes and dashes as they are, other characters by their names where they are not ASCII.
  private static func escaped(_ text: String) -> String {
    text.unicodeScalars.map { scalar in
      switch scalar {
      case "\\": "\\e"
      case "-": "\\-"
      case "`": "\\(ga"
      case "^": "\\(ha"
      case "~": "\\(ti"
      case _ where !scalar.isASCII: "\\[u\(hexadecimal(scalar))]"
      default: String(scalar)
      }
    }.joined()
  }

  private static func hexadecimal(_ scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}
