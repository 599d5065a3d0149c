import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A user's wish to stop: Ctrl-C, or a termination signal.
public enum Interruption {
  private static let wish = Atomic<Bool>(false)

  /// Whether the process was asked to stop.
  public static var isRequested: Bool { wish.load(ordering: .relaxed) }

  /// Turns SIGINT and SIGTERM into a wish; the second one ends the process at once.
  public static func install() {
    // A parent with threads may have left them blocked: Foundation's Process starts its children so.
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        Interruption.wish.store(true, ordering: .relaxed)
        signal(number, SIG_DFL)
      }
      sigaddset(&signals, number)
    }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }
}
