import Files

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension Encodable {
  /// The value as JSON for people and programs: indented, keys sorted, closed by a line's end.
  ///
  /// The same value always gives the same bytes. Of a file's name, what is no UTF-8 is written as `\xE9`.
  ///
  /// - Throws: `EncodingError` where a number is not finite, or what the value's own coding throws.
  public func readableJSON() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return SystemPath.json(String(decoding: try encoder.encode(self), as: UTF8.self)) + "\n"
  }
}
