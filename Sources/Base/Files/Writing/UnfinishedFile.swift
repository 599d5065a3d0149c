#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The file or directory that is written beside the final one: NAME.PROCESS-RANDOM.partial.
///
/// The random part keeps two containers apart, whose processes often have the same number; its upper half stands for the running
/// system, so that other machines that share the directory are known. Its writer holds its lock, which the system releases when the
/// process ends.
public enum UnfinishedFile {
  /// A file that has not been written to for so long, in seconds, by the clock of its file system, is taken for abandoned,
  /// whichever process wrote it.
  private static let longestPause = 3600
  /// What a file system allows, in bytes.
  private static let longestName = 255

  /// A new path for what shall become the file at `path`; of a very long name the beginning only.
  static func path(for path: String) -> String {
    let random = UInt64(MachineIdentity.current.tag) << 32 | UInt64(UInt32.random(in: 0 ... .max))
    let ending = ".\(getpid())-\(String(random, radix: 16)).partial"
    let name = Directory.name(of: path)
    var head = name
    while SystemPath.bytes(head).count > longestName - ending.utf8.count { head.removeLast() }
    return path.dropLast(name.count) + head + ending
  }

  /// Calls `body` with a new directory for files that are needed for a while, such as
  /// DIRECTORY/NAME.PROCESS-RANDOM.partial, and removes it; before that, those of killed processes.
  ///
  /// - Throws: `FileError.cannotCreateDirectory`, or what `body` throws.
  public static func withDirectory<R>(
    _ name: String, in directory: String, _ body: (String) throws -> R
  ) throws -> R {
    try? removeAbandoned(in: directory, of: name)
    let path = path(for: "\(directory)/\(name)")
    guard path.withSystemPath({ mkdir($0, 0o700) }) == 0 else {
      throw FileError.cannotCreateDirectory(path: path, reason: systemErrorReason())
    }
    defer { try? Directory.removeTree(path) }
    let descriptor = path.withSystemPath { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    defer { if descriptor >= 0 { close(descriptor) } }
    hold(descriptor)
    return try body(path)
  }

  /// Takes the lock that shows others that this process writes; the system releases it when `descriptor` is closed.
  static func hold(_ descriptor: Int32) { flock(descriptor, LOCK_EX | LOCK_NB) }

  /// Removes the files and directories in `directory` that no process is left to finish.
  ///
  /// - Parameters:
  ///   - name: Only those of this file; nil for all.
  ///   - isShared: Whether other programs may write there too: what earlier versions left, whose names had the process
  ///     alone, then stays.
  public static func removeAbandoned(
    in directory: String, of name: String? = nil, isShared: Bool = false
  ) throws(FileError) {
    for entry in try Directory.names(in: directory) {
      let path = "\(directory)/\(entry)"
      guard let process = process(of: entry), name.map({ isOf($0, entry) }) ?? true,
        !isShared || entry.split(separator: ".").dropLast().last?.contains("-") == true,
        isAbandoned(path, by: process, isOfThisSystem: isOfThisSystem(entry))
      else { continue }
      try Directory.removeTree(path)
    }
  }

  /// Whether the unfinished `entry` is to become the file `name`.
  private static func isOf(_ name: String, _ entry: String) -> Bool {
    let parts = entry.split(separator: ".", omittingEmptySubsequences: false)
    let head = parts.dropLast(2).joined(separator: ".")
    return head == name
      || SystemPath.bytes(name).count > 200 && !head.isEmpty && name.hasPrefix(head)
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

  /// Whether the unfinished file `name` is of the running system, or of an earlier version, which did not say.
  private static func isOfThisSystem(_ name: String) -> Bool {
    let writer = name.split(separator: ".").dropLast().last?.split(separator: "-") ?? []
    guard writer.count == 2, let random = UInt64(writer[1], radix: 16) else { return true }
    return random >> 32 == 0 || random >> 32 == UInt64(MachineIdentity.current.tag)
  }

  /// Whether no `process` of this system is left to finish what is at `path`, or none has gone on with it for long.
  static func isAbandoned(_ path: String, by process: pid_t, isOfThisSystem: Bool = true) -> Bool {
    if isOfThisSystem, kill(process, 0) != 0, errno == ESRCH { return !isHeld(path) }
    var status = stat()
    guard path.withSystemPath({ lstat($0, &status) }) == 0 else { return false }
    #if canImport(Darwin)
      let changed = status.st_mtimespec.tv_sec
    #else
      let changed = status.st_mtim.tv_sec
    #endif
    // The clocks of two machines may be hours apart.
    guard let now = FileClock.now(besides: path) else { return false }
    return now - Double(changed) > Double(longestPause) && !isHeld(path)
  }

  /// Whether a process of another container, whose number means nothing here, has it open and locked.
  private static func isHeld(_ path: String) -> Bool {
    let descriptor = path.withSystemPath {
      open($0, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    }
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
  }
}
