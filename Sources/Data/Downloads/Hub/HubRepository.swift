/// A repository of models on a hub: "hf:OWNER/NAME", or "hf:OWNER/NAME@REVISION".
package struct HubRepository: Hashable, Sendable {
  package let owner, name, revision: String

  /// Whether `text` is meant as one.
  package static func isMeant(by text: String) -> Bool { text.hasPrefix("hf:") }

  /// - Throws: `HubError.invalidName`.
  package init(_ text: String) throws(HubError) {
    let parts = text.dropFirst(3).split(
      separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    let names = (parts.first ?? "").split(separator: "/", omittingEmptySubsequences: false)
    let revision = parts.count > 1 ? parts[1] : "main"
    guard Self.isMeant(by: text), names.count == 2, names.allSatisfy(Self.isName),
      Self.isName(revision)
    else { throw .invalidName(text) }
    (owner, name, self.revision) = (String(names[0]), String(names[1]), String(revision))
  }

  /// Letters, digits and `.-_`, and no name of a directory above.
  private static func isName(_ text: Substring) -> Bool {
    !text.isEmpty && text.count <= 96 && !text.hasPrefix(".")
      && text.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
          || (0x61...0x7A).contains(byte) || [0x2D, 0x2E, 0x5F].contains(byte)
      }
  }
}
