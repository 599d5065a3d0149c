import Schemas

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension JSONValue {
  /// JSON in one line; the same value always gives the same bytes.
  ///
  /// - Throws: `EncodingError` where a number is not finite.
  func compactText() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  /// The number to six places: a page need not hold more.
  static func rounded(_ value: Double) -> JSONValue {
    .number((value * 1e6).rounded() / 1e6)
  }
}
