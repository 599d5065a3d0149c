#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The process that started this one to work for it, if it says so: its work is for nothing once that one has ended.
public enum ParentProcess {
  private static let variable = "CONSORT_PARENT_PROCESS"

  /// Tells all processes that this one starts from now on.
  public static func announce() { setenv(variable, "\(getpid())", 1) }

  /// Whether there was such a process, and it has ended.
  public static var isGone: Bool {
    guard let text = getenv(variable), let parent = pid_t(String(cString: text)) else {
      return false
    }
    return getppid() != parent
  }
}
