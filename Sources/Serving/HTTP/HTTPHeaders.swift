import CHTTP

/// A header of a request or an answer.
public struct HTTPHeader: Hashable, Sendable {
  /// As it was written; it is the same in lower and upper case.
  public let name: String
  /// Without spaces around it.
  public let value: String

  /// A header; of an answer, the name must be a token and the value have no control characters.
  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// A message's headers in their order, found by names in any case.
public struct HTTPHeaders: Hashable, Sendable {
  /// All of them; one that came twice stands twice.
  public private(set) var fields: [HTTPHeader]

  /// Headers in their order.
  public init(_ fields: [HTTPHeader] = []) { self.fields = fields }

  init(_ handle: ch_exchange) {
    fields = (0..<ch_exchange_header_count(handle)).map { index in
      var (name, value) = (ch_bytes(), ch_bytes())
      ch_exchange_header(handle, index, &name, &value)
      return HTTPHeader(String(name), String(value))
    }
  }

  /// The first value of `name`; nil where there is none.
  public subscript(name: String) -> String? {
    fields.first { Self.isSame($0.name, name) }?.value
  }

  /// All values of `name`.
  public func values(of name: String) -> [String] {
    fields.filter { Self.isSame($0.name, name) }.map(\.value)
  }

  /// Adds a header after the others.
  public mutating func append(_ name: String, _ value: String) {
    fields.append(HTTPHeader(name, value))
  }

  private static func isSame(_ one: String, _ other: String) -> Bool {
    one.utf8.count == other.utf8.count
      && zip(one.utf8, other.utf8).allSatisfy { lower($0) == lower($1) }
  }

  private static func lower(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte + 32 : byte
  }
}
