#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The system's paths and arguments, which are any bytes but 0, as Swift's text, which is Unicode.
///
/// A byte that is no UTF-8, and a control character, such as a line feed, stand as one scalar each, U+10FE00 and the byte.
/// So a file keeps its name from the command line to the system, and no name steers a terminal or breaks a line.
public enum SystemPath {
  private static let first: UInt32 = 0x10FE00
  private static let scalars = first...first + 0xFF

  /// The text for the bytes before the 0.
  public static func text(_ pointer: UnsafePointer<CChar>) -> String {
    var count = 0
    while pointer[count] != 0 { count += 1 }
    return text(UnsafeRawBufferPointer(start: pointer, count: count))
  }

  /// The text for `bytes`, which hold no 0.
  static func text(_ bytes: some Collection<UInt8>) -> String {
    var result = String.UnicodeScalarView()
    var parser = Unicode.UTF8.ForwardParser()
    var iterator = bytes.makeIterator()
    var rest = Array(bytes)[...]
    func escape(_ count: Int) {
      for byte in rest.prefix(count) { result.append(scalar(for: byte)) }
      rest.removeFirst(count)
    }
    while true {
      switch parser.parseScalar(from: &iterator) {
      case .valid(let encoded):
        let scalar = Unicode.UTF8.decode(encoded)
        if isControl(scalar) || scalars.contains(scalar.value) {
          escape(encoded.count)
        } else {
          result.append(scalar)
          rest.removeFirst(encoded.count)
        }
      case .error(let length): escape(length)
      case .emptyInput: return String(result)
      }
    }
  }

  /// The arguments that this process was started with, the program's name first.
  public static var arguments: [String] {
    let known = (0..<Int(CommandLine.argc)).compactMap { index in
      CommandLine.unsafeArgv[index].map { text(UnsafePointer($0)) }
    }
    return known.isEmpty ? argumentsOfSystem() : known
  }

  /// The same as Linux says them. Swift looks for them before the environment, where they are not if a library that was loaded
  /// first (LD_PRELOAD), as clusters' accounting does, has set a variable.
  private static func argumentsOfSystem() -> [String] {
    guard let file = fopen("/proc/self/cmdline", "r") else { return [] }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    while case let byte = getc(file), byte != EOF { bytes.append(UInt8(truncatingIfNeeded: byte)) }
    return bytes.split(separator: 0, omittingEmptySubsequences: false).dropLast().map { text($0) }
  }

  /// The bytes of what `text` gave, without a 0 at the end.
  public static func bytes(_ text: String) -> [UInt8] {
    text.unicodeScalars.flatMap { scalar in
      byte(of: scalar).map { [$0] } ?? Array(String(scalar).utf8)
    }
  }

  /// The byte that `scalar` stands for; nil where it is itself.
  public static func byte(of scalar: Unicode.Scalar) -> UInt8? {
    scalars.contains(scalar.value) ? UInt8(scalar.value - first) : nil
  }

  /// The text with such bytes as a programmer writes them: `\n`, `\xE9`.
  public static func readable(_ text: String) -> String { replacing(text, escaped) }

  /// The same where control characters may be themselves.
  static func withControls(_ text: String) -> String {
    replacing(text) { $0 < 0x80 ? String(Unicode.Scalar($0)) : escaped($0) }
  }

  /// The same within a text in JSON.
  package static func json(_ text: String) -> String {
    replacing(text) { byte in
      let digits = String(byte, radix: 16)
      return byte < 0x80
        ? "\\u00" + (digits.count < 2 ? "0" : "") + digits : "\\" + escaped(byte)
    }
  }

  private static func replacing(_ text: String, _ replacement: (UInt8) -> String) -> String {
    guard needsBytes(text) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      if let byte = byte(of: scalar) {
        result += replacement(byte)
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// Such as `\n` or `\xE9`.
  static func escaped(_ byte: UInt8) -> String {
    switch byte {
    case UInt8(ascii: "\n"): return "\\n"
    case UInt8(ascii: "\t"): return "\\t"
    case UInt8(ascii: "\r"): return "\\r"
    default:
      let digits = String(byte, radix: 16, uppercase: true)
      return "\\x" + (digits.count < 2 ? "0" : "") + digits
    }
  }

  /// Whether a scalar of `text` stands for a byte.
  static func needsBytes(_ text: String) -> Bool {
    // U+10FE00...U+10FEFF are F4 8F B8 80 to F4 8F BB BF; hardly a name holds F4 at all.
    text.utf8.contains(0xF4) && text.unicodeScalars.contains { byte(of: $0) != nil }
  }

  private static func scalar(for byte: UInt8) -> Unicode.Scalar {
    Unicode.Scalar(first + UInt32(byte)) ?? "\u{FFFD}"
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || scalar.value == 0x7F
  }
}

extension String {
  /// Calls `body` with the path as the system has it, closed by a 0.
  public func withSystemPath<R>(_ body: (UnsafePointer<CChar>) throws -> R) rethrows -> R {
    guard SystemPath.needsBytes(self) else { return try withCString(body) }
    let bytes = SystemPath.bytes(self).map(CChar.init(bitPattern:)) + [0]
    return try bytes.withUnsafeBufferPointer { buffer in
      guard let address = buffer.baseAddress else { return try "".withCString(body) }
      return try body(address)
    }
  }
}
