#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The file that `DurableFile` writes beside the final one: NAME.PROCESS-RANDOM.partial.
///
/// The random part keeps two containers apart, whose processes often have the same number.
enum UnfinishedFile {
  /// A file that nobody has written to for so long, in seconds, is taken for abandoned whoever wrote it.
  private static let longestPause = 3600

  /// A new path for what shall become the file at `path`.
  static func path(for path: String) -> String {
    "\(path).\(getpid())-\(String(UInt64.random(in: 0 ... .max), radix: 16)).partial"
  }

  /// The process that was writing the file `name`; nil where it is no such file.
  static func process(of name: String) -> pid_t? {
    let parts = name.split(separator: ".")
    guard parts.count > 2, parts[parts.count - 1] == "partial" else { return nil }
    let writer = parts[parts.count - 2].split(separator: "-", omittingEmptySubsequences: false)
    guard let process = pid_t(writer[0]), process > 0 else { return nil }
    // Earlier versions wrote the process alone.
    if writer.count == 1 { return process }
    return writer.count == 2 && UInt64(writer[1], radix: 16) != nil ? process : nil
  }

  /// Whether no `process` of this host is left to finish the file at `path`, or none has gone on with it for long.
  static func isAbandoned(_ path: String, by process: pid_t) -> Bool {
    if kill(process, 0) != 0, errno == ESRCH { return true }
    var status = stat()
    guard stat(path, &status) == 0 else { return false }
    #if canImport(Darwin)
      let changed = status.st_mtimespec.tv_sec
    #else
      let changed = status.st_mtim.tv_sec
    #endif
    return time(nil) - changed > longestPause
  }
}
