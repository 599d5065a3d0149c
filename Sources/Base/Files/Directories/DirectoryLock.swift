#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Keeps other processes from writing into a directory, if they ask too; the system releases it when the process ends.
///
/// The process that takes it first removes what a killed process was writing there: it takes space, and nothing else
/// would. Where the file system knows no such locks (some that are shared between machines), all go on without.
public final class DirectoryLock {
  private let descriptor: Int32

  /// Locks the directory at `path`, after others are done with it.
  public convenience init(waitingFor path: String) throws(FileError) {
    self.init(descriptor: Self.open(path))
    while flock(descriptor, LOCK_EX) != 0 {
      guard errno == EINTR else { return }
    }
    try UnfinishedFile.removeAbandoned(in: path)
  }

  /// Locks the directory at `path`; nil where another process has it.
  ///
  /// - Parameter isShared: Whether others may hold the lock at the same time, if they share it too. Nothing is then
  ///   removed.
  public convenience init?(ifFree path: String, isShared: Bool = false) throws(FileError) {
    self.init(descriptor: Self.open(path))
    var attempts = 0
    while flock(descriptor, (isShared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0 {
      guard errno == EWOULDBLOCK else { return }
      attempts += 1
      if attempts == Self.attempts { return nil }
      // A process that asks `isHeld` has it for an instant.
      usleep(Self.pauseMicroseconds)
    }
    if !isShared { try UnfinishedFile.removeAbandoned(in: path) }
  }

  /// Removes what killed processes were writing into the directory at `path`.
  public static func removeAbandonedFiles(in path: String) throws(FileError) {
    try UnfinishedFile.removeAbandoned(in: path)
  }

  private static let attempts = 10
  private static let pauseMicroseconds: UInt32 = 20_000

  /// Whether a process holds the lock of the directory at `path`, alone or shared. Asking takes it for an instant.
  public static func isHeld(_ path: String) -> Bool {
    let descriptor = open(path)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    for attempt in 0..<questions {
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK { return false }
      // Another process that asks has it for an instant, too.
      if attempt + 1 < questions { usleep(1000) }
    }
    return true
  }

  private static let questions = 3

  private init(descriptor: Int32) { self.descriptor = descriptor }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// The directory's descriptor; -1, which no lock takes, where it cannot be opened.
  private static func open(_ path: String) -> Int32 {
    path.withSystemPath { path in
      #if canImport(Glibc)
        Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      #elseif canImport(Musl)
        Musl.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      #else
        Darwin.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      #endif
    }
  }
}
