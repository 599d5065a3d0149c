#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Where the bytes of a file that a user names go: links are followed, and what is no regular file is written into.
enum WritingPlace: Hashable {
  /// A new file, or one that is replaced whole and keeps its permissions: the path behind all links.
  case file(path: String, permissions: mode_t?)
  /// A FIFO or a device.
  case stream(path: String)
  /// What this process has open, such as standard output.
  case descriptor(Int32)

  private static let mostLinks = 40

  /// Finds the place that `path` leads to; "-" is standard output.
  ///
  /// - Throws: `FileError.cannotWrite` for a directory, and where links lead in a circle.
  init(_ path: String) throws(FileError) {
    guard !path.isEmpty, !path.hasSuffix("/") else {
      throw .cannotWrite(path: path, reason: systemErrorReason(path.isEmpty ? ENOENT : EISDIR))
    }
    if path == "-" {
      self = .descriptor(STDOUT_FILENO)
      return
    }
    var current = path
    for _ in 0..<Self.mostLinks {
      if let descriptor = Self.descriptor(current) {
        self = .descriptor(descriptor)
        return
      }
      var status = stat()
      guard current.withSystemPath({ lstat($0, &status) }) == 0 else {
        guard errno == ENOENT else {
          throw .cannotWrite(path: path, reason: systemErrorReason())
        }
        self = .file(path: current, permissions: nil)
        return
      }
      switch status.st_mode & S_IFMT {
      case S_IFLNK: current = try Self.target(of: current, named: path)
      case S_IFREG:
        self = .file(path: current, permissions: status.st_mode & 0o7777)
        return
      case S_IFDIR: throw .cannotWrite(path: path, reason: systemErrorReason(EISDIR))
      default:
        self = .stream(path: current)
        return
      }
    }
    throw .cannotWrite(path: path, reason: systemErrorReason(ELOOP))
  }

  /// What the link says, taken from its own directory.
  private static func target(of link: String, named path: String) throws(FileError) -> String {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    let count = link.withSystemPath { readlink($0, &buffer, buffer.count - 1) }
    guard count > 0 else { throw .cannotWrite(path: path, reason: systemErrorReason()) }
    let target = SystemPath.text(buffer)
    return target.hasPrefix("/") ? target : "\(Directory.parent(of: link))/\(target)"
  }

  /// N for /dev/fd/N and what else leads to this process's descriptors, such as /dev/stdout.
  private static func descriptor(_ path: String) -> Int32? {
    let parts = path.split(separator: "/", omittingEmptySubsequences: true)
    guard let number = parts.last.flatMap({ Int32($0) }), number >= 0,
      let directory = Directory.parent(of: path).withSystemPath({ realpath($0, nil) })
    else { return nil }
    defer { free(directory) }
    let places = ["/dev/fd", "/proc/\(getpid())/fd"]
    return places.contains(SystemPath.text(directory)) ? number : nil
  }
}
