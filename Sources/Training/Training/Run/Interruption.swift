import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A user's wish to stop: Ctrl-C, a termination signal, or a terminal that goes away.
public enum Interruption {
  private static let wish = Atomic<Bool>(false)

  /// Whether the process was asked to stop.
  public static var isRequested: Bool { wish.load(ordering: .relaxed) }

  /// Turns SIGINT, SIGTERM and SIGHUP into a wish; the second one ends the process at once. Under `nohup`, SIGHUP stays
  /// ignored.
  public static func install() {
    // A parent with threads may have left them blocked: Foundation's Process starts its children so.
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM, SIGHUP] where number != SIGHUP || !isIgnored(SIGHUP) {
      signal(number) { number in
        Interruption.wish.store(true, ordering: .relaxed)
        signal(number, SIG_DFL)
      }
      sigaddset(&signals, number)
    }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(number, nil, &action) == 0 else { return false }
    #if canImport(Darwin)
      let handler = action.__sigaction_u.__sa_handler
    #else
      let handler = action.__sigaction_handler.sa_handler
    #endif
    return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}
