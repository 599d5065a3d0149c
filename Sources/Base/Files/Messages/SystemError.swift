#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The system's words for the current `errno`, such as "No space left on device".
public func systemErrorReason(_ code: Int32 = errno) -> String {
  String(cString: strerror(code))
}

/// What to do about the system's reasons, where one thing helps whatever was tried.
enum SystemReason {
  /// Advice for the system's words; nil where they say too little.
  static func advice(for reason: String) -> String? {
    advice.first { systemErrorReason($0.code) == reason }?.text
  }

  /// Whether what the system's words say may be over later, without a change to the command.
  static func isTransient(_ reason: String) -> Bool {
    transient.contains { systemErrorReason($0) == reason }
  }

  /// Devices and networks that fail, and what runs short.
  private static let transient = [
    EIO, ENXIO, ENODEV, ESTALE, ETIMEDOUT, EHOSTDOWN, EHOSTUNREACH, ENETDOWN, ENETUNREACH,
    ECONNRESET,
    ECONNREFUSED, ENOTCONN, ENOSPC, EDQUOT, ENOMEM, EMFILE, ENFILE, EAGAIN, EBUSY, ENOLCK,
  ]

  private static let advice: [(code: Int32, text: String)] = [
    (ENOSPC, "make space there, then run the command again"),
    (EDQUOT, "make space within your quota, then run the command again"),
    (
      EFBIG, "raise the limit on the size of files, as with `ulimit -f`, then run the command again"
    ),
    (EROFS, "it is on a file system that takes no writing: name another place"),
    (EISDIR, "name a file, such as one in that directory"),
    (ENOTDIR, "part of the path is a file: name another place"),
    (EEXIST, "name another place, or move away what is there"),
    (ENAMETOOLONG, "give a shorter name"),
    (ELOOP, "its links lead in a circle: name the file itself"),
    (EMFILE, "permit more open files with `ulimit -n`, then run the command again"),
    (ENOMEM, "free memory, or raise the limit on it, then run the command again"),
  ]
}
