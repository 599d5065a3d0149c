#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Finds keys that an object holds twice: readers of JSON keep one of them, and not all the same one.
enum RepeatedKeys {
  /// The first key that stands twice in one object of `json`, which is well formed; nil where there is none.
  static func first(in json: Data) -> String? {
    let bytes = Array(json)
    // The keys of the objects that are open; a list has none.
    var open: [Set<String>?] = []
    var index = 0
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "{"): open.append([])
      case UInt8(ascii: "["): open.append(nil)
      case UInt8(ascii: "}"), UInt8(ascii: "]"): _ = open.popLast()
      case UInt8(ascii: "\""):
        let end = endOfString(from: index, in: bytes)
        if isKey(endingAt: end, in: bytes), !open.isEmpty {
          let key = text(bytes[index..<end])
          // In place: a copy of the set for each key would take time quadratic in their number.
          if open[open.count - 1]?.insert(key).inserted == false { return key }
        }
        index = end
        continue
      default: break
      }
      index += 1
    }
    return nil
  }

  /// The index after the closing quotation mark.
  private static func endOfString(from start: Int, in bytes: [UInt8]) -> Int {
    var index = start + 1
    while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
      index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
    }
    return min(index + 1, bytes.count)
  }

  private static func isKey(endingAt end: Int, in bytes: [UInt8]) -> Bool {
    bytes[end...].first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: ":")
  }

  /// The string without its escapes, so that "\u0061" and "a" are the same key.
  private static func text(_ literal: ArraySlice<UInt8>) -> String {
    guard literal.contains(UInt8(ascii: "\\")) else {
      return String(decoding: literal.dropFirst().dropLast(), as: UTF8.self)
    }
    return (try? JSONDecoder().decode(String.self, from: Data(literal)))
      ?? String(decoding: literal, as: UTF8.self)
  }
}
