import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A user's wish to stop: Ctrl-C, a termination signal, or a terminal that is closed.
public enum Interruption {
  private static let wish = Atomic<Bool>(false)

  /// Whether the process was asked to stop.
  public static var isRequested: Bool { wish.load(ordering: .relaxed) }

  /// Turns SIGINT, SIGTERM and SIGHUP into a wish; the second one ends the process at once.
  ///
  /// Under `nohup`, which ignores SIGHUP, it stays ignored.
  public static func install() {
    // A parent with threads may have left them blocked: Foundation's Process starts its children so.
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM, SIGHUP] where number != SIGHUP || !isIgnored(number) {
      signal(number) { number in
        Interruption.wish.store(true, ordering: .relaxed)
        signal(number, SIG_DFL)
      }
      sigaddset(&signals, number)
    }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    let earlier = signal(number, SIG_IGN)
    // Function pointers are not comparable; these are small numbers.
    let isIgnored = unsafeBitCast(earlier, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    if !isIgnored { signal(number, earlier) }
    return isIgnored
  }
}
