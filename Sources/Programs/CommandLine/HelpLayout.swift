import Formatting

/// How help texts stand within so many columns.
struct HelpLayout {
  let width: Int

  /// A paragraph and a line's end.
  func paragraph(_ text: String) -> String { lines(Terminal.wrapped(text, width: width)) }

  /// A line for each pair, its second part wrapped; below its first part where the terminal is narrow.
  func listing(_ pairs: [(String, String)]) -> String {
    let longest = (pairs.map(\.0.columns).max() ?? 0) + 4
    let indent = width < 60 ? 6 : min(28, longest)
    var text = ""
    for (head, body) in pairs {
      let lines = Terminal.wrapped(body, width: width - indent)
      let fits = head.columns + 4 <= indent
      let space = String(repeating: " ", count: fits ? indent - head.columns - 2 : indent)
      text += "  \(head)" + (fits ? space : "\n" + space) + (lines.first ?? "") + "\n"
      for line in lines.dropFirst() { text += String(repeating: " ", count: indent) + line + "\n" }
    }
    return text
  }

  /// The words of a command line, of which each of `parts` stays whole.
  func usage(head: [String], _ parts: [String]) -> String {
    var rows = [head.joined(separator: " ")]
    for part in parts {
      if rows[rows.count - 1].count + 1 + part.count <= width {
        rows[rows.count - 1] += " " + part
      } else {
        rows.append("  " + part)
      }
    }
    return lines(rows)
  }

  /// Paragraphs with an empty line between them; lines that are indented stay as they are.
  func discussion(_ text: String) -> String {
    let paragraphs = text.split(separator: "\n", omittingEmptySubsequences: false)
      .split(separator: "")
    return paragraphs.map { rows in
      rows.allSatisfy { $0.hasPrefix(" ") }
        ? lines(rows.map(String.init)) : paragraph(rows.joined(separator: " "))
    }.joined(separator: "\n")
  }

  /// A command line, continued as a shell reads it where it is too long.
  func example(_ command: String) -> String {
    let rows = Terminal.wrapped(command, width: width - 6)
    return rows.enumerated().map { index, row in
      (index == 0 ? "  " : "    ") + row + (index + 1 < rows.count ? " \\\n" : "\n")
    }.joined()
  }

  private func lines(_ rows: [String]) -> String { rows.map { $0 + "\n" }.joined() }
}
