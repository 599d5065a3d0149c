import CommandLine

/// How long trainings take, or may take, as a user writes it: "2h", "1h30m", "45m", "90s" or "1.5h".
struct TrainingDuration {
  /// Above 0.
  let seconds: Double

  private static let units: [(letter: Character, seconds: Double)] = [
    ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1),
  ]
  static let form = "a time above 0 with its unit, such as 2h, 1h30m, 45m or 90s"

  /// Reads what was given to `option`.
  ///
  /// - Throws: `UsageError` where it is no time, or not above 0.
  init(_ text: String, option: String) throws(UsageError) {
    guard let seconds = Self.seconds(text), seconds > 0, seconds <= 1e9 else {
      throw UsageError("\(option) is \(Self.form), not '\(text)'")
    }
    self.seconds = seconds
  }

  /// Numbers with units, each unit once and the greater first; nil for anything else.
  private static func seconds(_ text: String) -> Double? {
    var (sum, number) = (0.0, "")
    var rest = units[...]
    for character in text {
      if character.isASCII, character.isNumber || character == "." {
        number.append(character)
        continue
      }
      guard let place = rest.firstIndex(where: { $0.letter == character }),
        let value = Double(number)
      else { return nil }
      sum += value * rest[place].seconds
      rest = rest[(place + 1)...]
      number = ""
    }
    return number.isEmpty ? sum : nil
  }
}
