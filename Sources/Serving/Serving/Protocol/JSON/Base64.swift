#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Base64, as RFC 4648, section 4, has it.
enum Base64 {
  /// The bytes that `text` stands for; nil where it is not base64, padded to a multiple of four characters.
  static func decoded(_ text: ArraySlice<UInt8>) -> Data? { Data(base64Encoded: Data(text)) }
}
