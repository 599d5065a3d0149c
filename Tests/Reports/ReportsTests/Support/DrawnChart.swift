import Foundation

/// What a drawn chart shows where: read from the SVG that Vega writes.
struct DrawnChart {
  /// In pixels from the picture's upper left.
  struct Box: Equatable {
    var left, right, top, bottom: Double

    func overlaps(_ other: Box) -> Bool {
      left < other.right && other.left < right && top < other.bottom && other.top < bottom
    }

    /// Around a place.
    init(_ x: Double, _ y: Double, across: Double, up: Double) {
      (left, right, top, bottom) = (x - across, x + across, y - up, y + up)
    }
  }

  struct Text {
    let role, text, anchor: String
    let x, y: Double
  }

  struct Line {
    let role: String
    let x, y, endX, endY: Double

    var box: Box {
      Box((x + endX) / 2, (y + endY) / 2, across: abs(endX - x) / 2, up: abs(endY - y) / 2)
    }
  }

  private(set) var texts: [Text] = []
  private(set) var lines: [Line] = []
  private(set) var symbols: [(role: String, x: Double, y: Double)] = []

  /// Adds up the groups' translations down to each mark; the class of the group around a mark is its role.
  init(svg: String) {
    var groups: [(x: Double, y: Double, role: String)] = [(0, 0, "")]
    for piece in svg.split(separator: "<") {
      let parts = piece.split(separator: ">", maxSplits: 1, omittingEmptySubsequences: false)
      let tag = parts[0]
      let name = tag.prefix { $0 != " " && $0 != "/" }
      if tag == "/g" || tag == "/svg" { groups.removeLast() }
      guard ["g", "svg", "path", "text", "line"].contains(name) else { continue }
      let parent = groups[groups.count - 1]
      let moved = Self.translation(tag)
      let (x, y) = (parent.x + moved.x, parent.y + moved.y)
      switch name {
      case "g", "svg":
        let role = Self.attribute("class", tag) ?? parent.role
        if tag.last != "/" { groups.append((x, y, role)) }
      case "text":
        let anchor = Self.attribute("text-anchor", tag) ?? "start"
        let words = parts.count > 1 ? String(parts[1]) : ""
        texts.append(Text(role: parent.role, text: words, anchor: anchor, x: x, y: y))
      case "line":
        let end = ["x2", "y2"].map { Double(Self.attribute($0, tag) ?? "0") ?? 0 }
        lines.append(Line(role: parent.role, x: x, y: y, endX: x + end[0], endY: y + end[1]))
      default: if parent.role.contains("mark-symbol") { symbols.append((parent.role, x, y)) }
      }
    }
  }

  private static func attribute(_ name: String, _ text: Substring) -> String? {
    guard let start = text.range(of: " \(name)=\"") else { return nil }
    return String(text[start.upperBound...].prefix { $0 != "\"" })
  }

  private static func translation(_ text: Substring) -> (x: Double, y: Double) {
    guard let transform = attribute("transform", text),
      let start = transform.range(of: "translate(")
    else { return (0, 0) }
    let numbers = transform[start.upperBound...].prefix { $0 != ")" }.split(separator: ",")
      .compactMap { Double($0) }
    return (numbers.first ?? 0, numbers.count > 1 ? numbers[1] : 0)
  }
}
