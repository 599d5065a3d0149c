import Formatting
import Statistics

extension [String] {
  /// "a", "a and b", "a, b and c".
  var listed: String {
    guard let last, count > 1 else { return first ?? "" }
    return dropLast().joined(separator: ", ") + " and " + last
  }
}

extension String {
  /// The beginning and an ellipsis, `limit` characters together, where there are more.
  func truncated(to limit: Int) -> String {
    count > limit ? prefix(limit - 1) + "…" : self
  }
}

extension NumberFormat {
  /// A part against a whole: "41 %", or "2.3 times" from twice as much.
  static func ratio(_ part: Double, to whole: Double, times: String = "times") -> String {
    let share = whole > 0 ? part / whole : .infinity
    return share >= 1.995
      ? "\(fixed(share, share < 10 ? 1 : 0)) \(times)" : "\(percent(share, 0)) %"
  }

  /// `ratio` before what the whole is called: "41 % of", "2.3 times".
  static func share(_ part: Double, of whole: Double) -> String {
    let ratio = ratio(part, to: whole)
    return ratio.hasSuffix("%") ? ratio + " of" : ratio
  }

  /// An interval of a difference of shares, in points: "−0.02 to +0.68".
  static func points(_ lower: Double, to upper: Double) -> String {
    "\(points(lower)) to \(points(upper))"
  }

  /// An interval of a share, in percent: "91.83 to 92.79".
  package static func percent(_ lower: Double, to upper: Double, _ digits: Int = 2) -> String {
    "\(percent(lower, digits)) to \(percent(upper, digits))"
  }
}

extension ConfidenceInterval {
  /// Of a share, in percent: "91.8 to 92.8".
  var percentText: String { NumberFormat.percent(lowerBound, to: upperBound, 1) }

  /// Of a difference of shares, in points: "−0.02 to +0.68".
  var pointsText: String { NumberFormat.points(lowerBound, to: upperBound) }
}
