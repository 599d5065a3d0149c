#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The signals by which a server is told to end or to reload, waited for in place of interrupting the program.
package struct ServerSignals {
  /// What a signal asks for.
  package enum Request: Hashable, Sendable {
    /// SIGTERM: the end, after those that send requests have learnt of it.
    case end
    /// SIGINT: the end now.
    case interrupt
    /// SIGHUP.
    case reload
  }

  private var set = sigset_t()

  /// Keeps the signals for `next`, in this thread and all that are started after. Call it before there are others.
  package init() {
    sigemptyset(&set)
    for number in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&set, number) }
    pthread_sigmask(SIG_BLOCK, &set, nil)
    // A reader of the log that goes away must not end the server.
    signal(SIGPIPE, SIG_IGN)
  }

  /// The next request; nil where none comes within `seconds`.
  package mutating func next(within seconds: Double) -> Request? {
    let end = ContinuousClock.now + .seconds(seconds)
    repeat {
      if let number = take(
        within: min(1, max(0, ContinuousClock.now.duration(to: end) / .seconds(1))))
      {
        return Self.request(number)
      }
    } while ContinuousClock.now < end
    return nil
  }

  /// Lets further signals end the program at once.
  package mutating func release() {
    signal(SIGPIPE, SIG_DFL)
    pthread_sigmask(SIG_UNBLOCK, &set, nil)
  }

  private static func request(_ number: Int32) -> Request {
    switch number {
    case SIGTERM: .end
    case SIGINT: .interrupt
    default: .reload
    }
  }

  /// The number of a signal; nil where none comes in time.
  private mutating func take(within seconds: Double) -> Int32? {
    #if canImport(Darwin)
      // There is no sigtimedwait.
      var pending = sigset_t()
      sigpending(&pending)
      if [SIGTERM, SIGINT, SIGHUP].contains(where: { sigismember(&pending, $0) == 1 }) {
        var number: Int32 = 0
        return sigwait(&set, &number) == 0 ? number : nil
      }
      usleep(UInt32(min(0.02, seconds) * 1e6))
      return nil
    #else
      var limit = timespec(
        tv_sec: Int(seconds), tv_nsec: Int((seconds - seconds.rounded(.down)) * 1e9))
      let number = sigtimedwait(&set, nil, &limit)
      return number > 0 ? number : nil
    #endif
  }
}
