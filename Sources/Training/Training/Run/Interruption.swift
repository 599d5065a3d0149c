import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A wish to stop: Ctrl-C, a termination signal, Slurm's notice before a time limit, or a terminal that goes away.
public enum Interruption {
  private static let wish = Atomic<Bool>(false)

  /// Whether the process was asked to stop.
  public static var isRequested: Bool { wish.load(ordering: .relaxed) }

  /// When it was asked to, in seconds of the monotonic clock; 0 before.
  private static let since = Atomic<Int>(0)
  /// Schedulers send a signal to all processes of a job at once, and parents pass it on: what comes so soon is the same wish.
  private static let repeatSeconds = 2

  /// Turns SIGINT, SIGTERM, SIGUSR1 and SIGHUP into a wish. A second one ends the process at once, unless it comes within two
  /// seconds and is none of a terminal's Ctrl-C. Under `nohup`, SIGHUP stays ignored.
  public static func install() {
    // A parent with threads may have left them blocked: Foundation's Process starts its children so.
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM, SIGUSR1, SIGHUP] where number != SIGHUP || !isIgnored(SIGHUP) {
      signal(number) { number in
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let isFirst = Interruption.since.compareExchange(
          expected: 0, desired: max(1, now.tv_sec), ordering: .relaxed)
        Interruption.wish.store(true, ordering: .relaxed)
        let isRepeat =
          number != SIGINT && now.tv_sec - isFirst.original <= Interruption.repeatSeconds
        guard !isFirst.exchanged, !isRepeat else { return }
        signal(number, SIG_DFL)
        raise(number)
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
