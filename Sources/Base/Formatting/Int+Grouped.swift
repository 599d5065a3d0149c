extension BinaryInteger {
  /// The number in decimal with a comma between thousands, such as "2,748,890".
  public var grouped: String {
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
  public func counted(_ one: String, _ many: String? = nil) -> String {
    "\(grouped) \(self == 1 ? one : many ?? one + "s")"
  }
}
