/// A piece of a page. Text put in by interpolation is escaped; only literals and other pieces are taken as they are.
struct HTML: ExpressibleByStringInterpolation, Sendable {
  /// The markup.
  let markup: String

  init(stringLiteral value: String) { markup = value }
  init(stringInterpolation: StringInterpolation) { markup = stringInterpolation.markup }
  private init(markup: String) { self.markup = markup }

  struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var markup = ""

    init(literalCapacity: Int, interpolationCount: Int) { markup.reserveCapacity(literalCapacity) }
    mutating func appendLiteral(_ literal: String) { markup += literal }
    mutating func appendInterpolation(_ piece: HTML) { markup += piece.markup }
    mutating func appendInterpolation(_ text: String) { markup += HTML.escaped(text) }
    mutating func appendInterpolation(_ number: Int) { markup += String(number) }
  }

  /// The text so that a browser shows it, between tags or in a quoted attribute.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\0": result += "\u{fffd}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// Takes JSON into a script element: no "<" can end the element early.
  static func json(_ text: String) -> HTML {
    HTML(
      markup: text.split(separator: "<", omittingEmptySubsequences: false)
        .joined(separator: "\\u003c"))
  }

  /// Takes our own or the renderer's script or style, in which a closing tag is made harmless.
  static func trusted(_ text: String) -> HTML {
    HTML(
      markup: text.split(separator: "</script", omittingEmptySubsequences: false)
        .joined(separator: "<\\/script"))
  }

  /// A table that scrolls sideways where it is wider than the page.
  ///
  /// - Parameters:
  ///   - label: What a screen reader calls it.
  ///   - style: The table's class.
  ///   - head: The head's cells.
  ///   - rows: Whole rows, each closed by a line's end.
  static func table(_ label: String, style: String? = nil, head: HTML, rows: [HTML]) -> HTML {
    let attribute: HTML = style.map { " class=\"\($0)\"" } ?? ""
    return """
      <div class="scroll" tabindex="0" role="region" aria-label="\(label)">
      <table\(attribute)>
      <thead><tr>\(head)</tr></thead>
      <tbody>
      \(rows.joined())</tbody>
      </table>
      </div>
      """
  }
}

extension [HTML] {
  /// The pieces one after the other.
  func joined() -> HTML {
    reduce(into: HTML("")) { whole, piece in whole = "\(whole)\(piece)" }
  }
}
