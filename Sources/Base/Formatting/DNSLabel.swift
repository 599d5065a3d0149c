/// A name as Kubernetes has names: lower-case letters, digits and '-', a letter first (RFC 1123).
public enum DNSLabel {
  /// Room is left within the 63 characters for what Kubernetes adds to names.
  private static let mostCharacters = 40

  /// What a name has to be for `init` to make a label of it, in words.
  public static let rule =
    "a letter first, a letter or digit last and \(mostCharacters) characters at most, as Kubernetes wants it"

  /// The label for a name of letters, digits, '-', '_' and '.'; nil where there is none.
  public static func label(for name: String) -> String? {
    let label = String(name.lowercased().map { $0 == "." || $0 == "_" ? "-" : $0 })
    let isPlain = label.utf8.allSatisfy { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
    }
    guard isPlain, label.first?.isLetter == true, label.last != "-",
      label.utf8.count <= mostCharacters
    else { return nil }
    return label
  }
}
