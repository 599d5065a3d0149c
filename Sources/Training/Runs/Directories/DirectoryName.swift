import Schemas

/// What experiments and networks may be called, because directories are called after them.
package enum DirectoryName {
  /// The rule in words.
  package static let rule = "1 to 100 of letters, digits, '-', '_' and '.', and begin with no '.'"

  package static func isValid(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.count <= 100 && name.first != "."
      && name.utf8.allSatisfy(bytes.contains)
  }

  private static let bytes = Set(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.".utf8)
}

extension FieldType<String> {
  /// What a directory can be called.
  package static var directoryName: Self {
    text.refusing { name in
      DirectoryName.isValid(name) ? nil : "is '\(name)', but must be \(DirectoryName.rule)"
    }
  }
}
