import Files

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A text in a run's directory by which workers know that it is the one that was meant: a path may lead to another directory on
/// each host.
///
/// Whoever starts workers writes it once and passes it to each. Nothing else tells a directory that is not shared from one that is
/// new: a worker that finds nothing may be the first.
package enum RunToken {
  /// The file's name.
  package static let name = "token"

  /// A directory that is not the one that was meant.
  package enum Mismatch: Error, Hashable, Sendable, CustomStringConvertible {
    case missing(directory: String, host: String)
    case other(directory: String, host: String)

    /// One sentence: what is wrong, where, and the fix.
    package var description: String {
      switch self {
      case .missing(let directory, let host):
        "'\(directory)' on \(host) holds no token: it is not the directory that the token was written into, which all workers "
          + "must share; give --out a path that leads to it on every host"
      case .other(let directory, let host):
        "'\(directory)' on \(host) holds another token: it is not the directory that was meant, which all workers must share; give "
          + "--out a path that leads to it on every host, or the token of this run"
      }
    }
  }

  /// Writes a token where there is none; returns the one that is there.
  ///
  /// - Throws: `FileError`.
  package static func create(in directory: String) throws -> String {
    try Directory.create(directory)
    let text = String(UInt64.random(in: 0 ... .max), radix: 16)
    if let descriptor = try NewFile.create("\(directory)/\(name)", Array("\(text)\n".utf8)) {
      fsync(descriptor)
      close(descriptor)
      return text
    }
    return try read(in: directory) ?? text
  }

  /// Makes sure that the directory holds this token.
  ///
  /// - Parameter patience: How many seconds to look again where there is none: a host that has not looked before sees it at once.
  /// - Throws: `Mismatch`, or `FileError` where the token cannot be read.
  package static func check(_ text: String, in directory: String, patience: Double = 2) throws {
    let host = MachineIdentity.current.host
    let start = ContinuousClock.now
    while true {
      if let found = try read(in: directory) {
        guard found == text else { throw Mismatch.other(directory: directory, host: host) }
        return
      }
      // A look into the directory renews what is known of it.
      let names = (try? Directory.names(in: directory)) ?? []
      guard start.duration(to: .now) < .seconds(patience), !names.contains(name) else {
        throw Mismatch.missing(directory: directory, host: host)
      }
      usleep(500_000)
    }
  }

  private static func read(in directory: String) throws -> String? {
    let path = "\(directory)/\(name)"
    guard Directory.exists(path) else { return nil }
    let text = try MappedFile(path: path).withBytes {
      String(decoding: $0.prefix(200), as: UTF8.self)
    }
    return text.split(separator: "\n").first.map(String.init) ?? ""
  }
}
