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
}
