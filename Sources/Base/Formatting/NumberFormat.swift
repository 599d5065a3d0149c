/// Numbers and names as messages have them.
package enum NumberFormat {
  /// A share in percent, with no more digits than were asked for, such as "99.9 %".
  package static func percent(_ share: Double) -> String { number(100 * share) + " %" }

  /// The number to the fourth place after the point, a whole one without a point.
  package static func number(_ value: Double) -> String {
    let scaled = (value * 1e4).rounded()
    guard scaled.magnitude < 1e15 else { return "\(value)" }
    let rounded = scaled / 1e4
    return Int(exactly: rounded).map(String.init) ?? "\(rounded)"
  }

  private static let shownNames = 8

  /// The names, of many the first.
  package static func list(_ names: [String]) -> String {
    let shown = names.prefix(shownNames).joined(separator: ", ")
    return names.count > shownNames ? "\(shown) and \(names.count - shownNames) more" : shown
  }
}
