#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The clock that stamps the files of a directory: of a network file system, its server's.
public enum FileClock {
  /// Its time in seconds, as that of a file that is made and removed in the directory of `path`; nil where none can be made.
  public static func now(besides path: String) -> Double? {
    let random = String(UInt64.random(in: 0 ... .max), radix: 16)
    let probe = "\(Directory.parent(of: path))/.clock.\(random)"
    let descriptor = probe.withSystemPath {
      open($0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    }
    guard descriptor >= 0 else { return nil }
    defer {
      close(descriptor)
      _ = probe.withSystemPath { unlink($0) }
    }
    return changed(probe)
  }

  /// When the file at `path` was changed last, in seconds; nil where it is not there.
  public static func changed(_ path: String) -> Double? {
    var status = stat()
    guard path.withSystemPath({ lstat($0, &status) }) == 0 else { return nil }
    #if canImport(Darwin)
      let time = status.st_mtimespec
    #else
      let time = status.st_mtim
    #endif
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
