import Files
import Schemas

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A file that names classes in the order of a model's outputs.
///
/// One name a line, or a number and a name on each, as `3,cat`; a JSON list; or a JSON object of numbers and names.
/// Names may stand more than once. Blanks around names, byte-order marks and the line ends of any system are cut.
public struct ClassList: Sendable {
  /// The names, in order.
  public let names: [String]
  /// What was inferred.
  public let notes: [Note]

  private static let largestFile = 64 << 20

  /// Reads the file at `path`.
  ///
  /// - Throws: `DatasetError.unusableClassList`, or `FileError`.
  public init(path: String) throws {
    let file = try MappedFile(path: path)
    func unusable(_ reason: String) -> DatasetError {
      .unusableClassList(path: path, reason: reason)
    }
    guard file.count <= Self.largestFile else {
      throw unusable("it is over 64 MiB; give one name a line")
    }
    let bytes = file.withBytes { Array($0) }
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
      throw unusable("it is encoded as UTF-16; save it as UTF-8")
    }
    guard let whole = String(validating: bytes, as: UTF8.self) else {
      throw unusable("it is not encoded as UTF-8; save it so")
    }
    let text = ClassName.trimmed(whole)
    guard !text.isEmpty else { throw unusable("it names no class; give one name a line") }
    if text.hasPrefix("[") || text.hasPrefix("{") {
      let value: JSONValue?
      do {
        value = try StrictJSON.decode(JSONValue.self, from: Data(text.utf8))
      } catch let error as StrictJSON.KeyError {
        throw unusable("\(error)")
      } catch {
        value = nil
      }
      guard let names = value.flatMap(Self.names) else {
        throw unusable(
          "it is not a JSON list of names, nor an object of names by number; give one of these, or one name a line"
        )
      }
      self.names = names
      notes = []
      return
    }
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .map { ClassName.trimmed(String($0)) }
    if let empty = lines.firstIndex(of: "") {
      throw unusable(
        "line \(empty + 1) is empty, and others follow; name the class there, or remove the line")
    }
    if let (names, first) = Self.numbered(lines) {
      self.names = names
      notes = [Note(source: path, text: "read as numbers and names, from \(first): '\(names[0])'")]
    } else {
      names = lines
      notes = []
    }
  }

  // MARK: JSON

  private static func names(in value: JSONValue) -> [String]? {
    switch value {
    case .array(let items):
      let names = items.compactMap(name)
      return names.count == items.count && !names.isEmpty ? names : nil
    case .object(let object):
      // {"0": "cat"}, {"0": ["n02123045", "tabby"]} or {"cat": 0}.
      let pairs = object.compactMap { key, value in
        if let number = Int(key), let name = name(value) { return (number, name) }
        if case .integer(let number) = value { return (number, ClassName.trimmed(key)) }
        return nil as (Int, String)?
      }
      guard pairs.count == object.count else { return nil }
      return ordered(pairs, from: 0)
    default: return nil
    }
  }

  private static func name(_ value: JSONValue) -> String? {
    switch value {
    case .string(let name): ClassName.trimmed(name)
    case .array(let parts):
      parts.count == 2 ? zip(name(parts[0]), name(parts[1])).map { "\($0) \($1)" } : nil
    default: nil
    }
  }

  private static func zip(_ first: String?, _ second: String?) -> (String, String)? {
    if let first, let second { (first, second) } else { nil }
  }

  /// The names by numbers from `first` without a gap.
  private static func ordered(_ pairs: [(number: Int, name: String)], from first: Int) -> [String]?
  {
    let sorted = pairs.sorted { $0.number < $1.number }
    guard !sorted.isEmpty, sorted.map(\.number) == Array(first..<first + sorted.count) else {
      return nil
    }
    return sorted.map(\.name)
  }

  // MARK: Lines

  /// The names in lines of a number and a name, after a line of other words perhaps, and the first number.
  private static func numbered(_ lines: [String]) -> (names: [String], first: Int)? {
    for rows in [lines[...], lines.dropFirst()] where rows.count > 1 {
      for split in [numberFirst, numberLast] {
        let pairs = rows.compactMap(split)
        guard pairs.count == rows.count else { continue }
        for first in 0...1 {
          if let names = ordered(pairs, from: first) { return (names, first) }
        }
      }
    }
    return nil
  }

  private static let separators: Set<Character> = [",", ";", "\t", ":", " "]

  private static func numberFirst(_ line: String) -> (number: Int, name: String)? {
    let digits = line.prefix(while: \.isASCIIDigit)
    let rest = line[digits.endIndex...]
    guard let number = Int(digits), let sign = rest.first, separators.contains(sign) else {
      return nil
    }
    return named(number, rest.drop { separators.contains($0) })
  }

  private static func numberLast(_ line: String) -> (number: Int, name: String)? {
    guard let sign = line.lastIndex(where: { [",", ";", "\t"].contains($0) }),
      let number = Int(ClassName.trimmed(String(line[line.index(after: sign)...])))
    else { return nil }
    return named(number, line[..<sign])
  }

  private static func named(_ number: Int, _ text: Substring) -> (number: Int, name: String)? {
    var name = ClassName.trimmed(String(text))
    if name.count > 1, let quote = name.first, quote == name.last, "\"'".contains(quote) {
      name = String(name.dropFirst().dropLast())
    }
    return name.isEmpty ? nil : (number, name)
  }
}
