import Files
import Synchronization

#if canImport(Glibc)
  @preconcurrency import Glibc
#elseif canImport(Musl)
  @preconcurrency import Musl
#else
  import Darwin
#endif

/// A program that works for this one, on its standard output and error: signals go to both, and it ends where this one is
/// killed.
public enum Worker {
  /// How a worker ended.
  public enum Ending: Hashable, Sendable {
    case exited(status: Int32)
    case killed(signal: Int32)
  }

  /// The worker's process identifier; 0 where there is none.
  private static let process = Atomic<Int32>(0)
  /// Holds the identifier of the process that waits for the end of a worker, whose standard input ends with it.
  private static let variable = "CONSORT_PARENT_PROCESS"

  /// Runs the program at `path` to its end. Until then SIGINT, SIGTERM, SIGUSR1, SIGHUP, SIGQUIT, SIGTSTP and SIGCONT are
  /// passed on to it, each once: it has a process group of its own, which a terminal's keys do not reach. Under `nohup`, SIGHUP stays
  /// ignored by both. One worker at a time.
  ///
  /// - Parameter arguments: The arguments after the program's name.
  /// - Throws: `Subprocess.CannotStart`, where it cannot be started.
  public static func run(
    _ path: String, arguments: [String]
  ) throws(Subprocess.CannotStart) -> Ending {
    fflush(nil)
    Subprocess.keepEnds()
    // Its standard input is a pipe into which nothing is written, and which ends when this process does, however it does.
    let lifeline = try Subprocess.openPipe()
    defer {
      close(lifeline.reading)
      close(lifeline.writing)
    }
    setenv(variable, "\(getpid())", 1)
    defer { unsetenv(variable) }
    // The worker's group is never the terminal's: with `stty tostop` it would otherwise stop when it prints.
    let earlier = signal(SIGTTOU, SIG_IGN)
    defer { signal(SIGTTOU, earlier) }
    // What comes before the handlers stand is passed on once they do.
    var passed = sigset_t()
    sigemptyset(&passed)
    let numbers = [SIGINT, SIGTERM, SIGUSR1, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT].filter { number in
      ![SIGHUP, SIGTSTP].contains(number) || !Subprocess.isIgnored(number)
    }
    for number in numbers { sigaddset(&passed, number) }
    pthread_sigmask(SIG_BLOCK, &passed, nil)
    defer {
      for number in numbers { signal(number, SIG_DFL) }
      pthread_sigmask(SIG_UNBLOCK, &passed, nil)
    }
    let child = try Subprocess.startWorker(
      [path] + arguments, standardInput: lifeline.reading)
    process.store(child, ordering: .sequentiallyConsistent)
    for number in numbers { signal(number, passOn) }
    pthread_sigmask(SIG_UNBLOCK, &passed, nil)
    return try end(of: child)
  }

  /// Ends this process with SIGKILL as soon as the one is gone that started it as a worker, if one did: its work would be
  /// for nothing, and stand in the way of the next.
  public static func endWithParent() {
    guard let text = getenv(variable), let parent = pid_t(String(cString: text)) else { return }
    // What it starts itself is no worker.
    unsetenv(variable)
    guard getppid() == parent else {
      kill(getpid(), SIGKILL)
      return
    }
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    defer { pthread_attr_destroy(&attributes) }
    #if canImport(Darwin)
      var thread: pthread_t?
    #else
      var thread = pthread_t()
    #endif
    // Signals are for the threads that work.
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    pthread_create(
      &thread, &attributes,
      { _ in
        var byte: UInt8 = 0
        while read(STDIN_FILENO, &byte, 1) != 0 {}
        kill(getpid(), SIGKILL)
        return nil
      }, nil)
  }

  /// A signal handler.
  private static let passOn: @convention(c) (Int32) -> Void = { number in
    let child = Worker.process.load(ordering: .sequentiallyConsistent)
    guard child > 0 else { return }
    // A terminal's stop key takes both out of the way, and the shell's `fg` brings both back.
    kill(child, number == SIGTSTP ? SIGSTOP : number)
    if number == SIGTSTP { raise(SIGSTOP) }
  }

  private static func end(of child: pid_t) throws(Subprocess.CannotStart) -> Ending {
    // Before it is reaped, no signal can reach another process that got its number.
    var information = siginfo_t()
    while waitid(P_PID, id_t(child), &information, WEXITED | WNOWAIT) < 0 {
      guard errno == EINTR else { break }
    }
    process.store(0, ordering: .sequentiallyConsistent)
    let status = try Subprocess.reap(child)
    let signal = status & 0x7F
    return signal == 0 ? .exited(status: (status >> 8) & 0xFF) : .killed(signal: signal)
  }

  /// Ends this process as the worker ended: with its status, or of the same signal.
  public static func endLike(_ ending: Ending) -> Never {
    fflush(nil)
    switch ending {
    case .exited(let status): exit(status)
    case .killed(let number):
      // The worker has left its memory on the disk, if anyone wants it.
      var limit = rlimit()
      limit.rlim_cur = 0
      #if canImport(Glibc)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
      #else
        setrlimit(RLIMIT_CORE, &limit)
      #endif
      signal(number, SIG_DFL)
      var only = sigset_t()
      sigemptyset(&only)
      sigaddset(&only, number)
      pthread_sigmask(SIG_UNBLOCK, &only, nil)
      raise(number)
      exit(128 + number)
    }
  }
}
