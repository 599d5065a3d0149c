/// Numbers as text for people; `numbers.js` of the reports' page has the same for what it shows anew.
package enum NumberFormat {
  /// The value with `digits` places after the point, rounded half away from zero; the sign is U+2212.
  package static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite else { return value.isNaN ? "–" : value < 0 ? "−∞" : "∞" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = (value.magnitude * scale).rounded()
    guard scaled < 1e15 else { return "\(value)" }
    let whole = Int(scaled)
    let power = Int(scale)
    let sign = value < 0 && whole > 0 ? "−" : ""
    guard digits > 0 else { return sign + String(whole) }
    let fraction = String(whole % power)
    let zeros = String(repeating: "0", count: digits - fraction.count)
    return "\(sign)\(whole / power).\(zeros)\(fraction)"
  }

  /// A share as percent, without the sign: 0.9412 is "94.12".
  package static func percent(_ share: Double, _ digits: Int = 2) -> String {
    fixed(100 * share, digits)
  }

  /// A difference of shares in points with its sign: 0.012 is "+1.20".
  package static func points(_ difference: Double) -> String {
    let text = fixed(100 * difference, 2)
    return text.hasPrefix("−") || text == "0.00" ? text : "+" + text
  }

  /// A count with three digits and a unit, such as "26.7 M".
  package static func scaled(_ count: Int) -> String {
    var value = Double(count)
    var unit = ""
    for next in ["k", "M", "G", "T", "P"] where value >= 999.5 {
      value /= 1000
      unit = " " + next
    }
    let digits = unit.isEmpty || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2
    return fixed(value, digits) + unit
  }

  /// `value` as `scaled` has the nearest whole number; "∞" beyond what an Int holds.
  package static func scaled(_ value: Double) -> String {
    value.isFinite && value.magnitude < 9e18 ? scaled(Int(value.rounded())) : "∞"
  }

  /// A time in milliseconds, without the unit: four places after the point below 0.1, two below 10, one from there.
  package static func milliseconds(_ value: Double) -> String {
    fixed(value, value < 0.1 ? 4 : value < 10 ? 2 : 1)
  }

  /// Hours, minutes and seconds, rounded up, such as "1:02:03" or "0:07"; "?" where it is not known.
  package static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, (0..<1e9).contains(seconds) else { return "?" }
    let whole = Int(seconds.rounded(.up))
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return hours > 0 ? "\(hours):\(two(minutes)):\(two(rest))" : "\(minutes):\(two(rest))"
  }

  /// A great number: whole below a million, else such as "2.3 x 10^13"; "over 10^308" where a Double holds it no more.
  package static func power(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "–" : "over 10^308" }
    guard value >= 1e6 else { return Int(value).grouped }
    var (leading, exponent) = (value, 0)
    while leading >= 9.95 { (leading, exponent) = (leading / 10, exponent + 1) }
    return "\(fixed(leading, 1)) x 10^\(exponent)"
  }

  /// A p-value, such as "p = 0.034" or "p < 0.001".
  package static func probability(_ value: Double) -> String {
    value < 0.001 ? "p < 0.001" : "p = " + fixed(value, 3)
  }

  /// A share in percent, with no more digits than were asked for, such as "99.9 %".
  package static func shortPercent(_ share: Double) -> String { short(100 * share) + " %" }

  /// The number to the fourth place after the point, a whole one without a point.
  package static func short(_ value: Double) -> String {
    let scaled = (value * 1e4).rounded()
    guard scaled.magnitude < 1e15 else { return "\(value)" }
    let rounded = scaled / 1e4
    return Int(exactly: rounded).map(String.init) ?? "\(rounded)"
  }
}

extension BinaryInteger {
  /// The number in decimal with a comma between thousands, such as "2,748,890".
  package var grouped: String {
    var text = ""
    for (index, digit) in magnitude.description.reversed().enumerated() {
      if index > 0, index.isMultiple(of: 3) { text.append(",") }
      text.append(digit)
    }
    return (self < 0 ? "-" : "") + String(text.reversed())
  }

  /// The number with what it counts, such as "1 image" and "2,000 images".
  ///
  /// - Parameter many: Where it is not `one` and an s.
  package func counted(_ one: String, _ many: String? = nil) -> String {
    "\(grouped) \(self == 1 ? one : many ?? one + "s")"
  }
}

extension [String] {
  /// The names separated by commas, of more than eight the first.
  package var shortList: String {
    let shown = prefix(8).joined(separator: ", ")
    return count > 8 ? "\(shown) and \(count - 8) more" : shown
  }
}
