import Files

#if canImport(Glibc)
  @preconcurrency import Glibc
#elseif canImport(Musl)
  @preconcurrency import Musl
#else
  import Darwin
#endif

/// A program of the system, run to its end without a shell.
public enum Subprocess {
  /// How a program ended.
  public struct Outcome: Hashable, Sendable {
    /// The exit status, or 128 and the signal's number.
    public let status: Int32
    /// What it wrote to standard error, where that was caught.
    public let errorText: String
  }

  /// The program could not be started, or its end is unknown.
  public struct CannotStart: Error, Hashable, Sendable {
    /// The system's reason.
    public let reason: String
  }

  /// Runs `arguments[0]`, searched in `PATH`, with nothing on standard input.
  ///
  /// - Parameters:
  ///   - catchesErrorText: Whether standard error is caught, or else shared with this process.
  ///   - sharesOutput: Whether standard output is shared with this process, or else thrown away.
  /// - Throws: `CannotStart`, where there is no such program.
  public static func run(
    _ arguments: [String], catchesErrorText: Bool, sharesOutput: Bool = false
  ) throws(CannotStart) -> Outcome {
    Self.keepEnds()
    // What was printed before comes before.
    if sharesOutput { fflush(nil) }
    var setup = try Setup(sharesOutput: sharesOutput)
    defer { setup.destroy() }
    var pipeEnds: (reading: Int32, writing: Int32) = (-1, -1)
    if catchesErrorText {
      pipeEnds = try openPipe()
      setup.duplicate(pipeEnds.writing, as: STDERR_FILENO)
    }
    defer { if catchesErrorText { close(pipeEnds.reading) } }
    let process: pid_t
    do {
      process = try start(arguments, setup)
    } catch {
      if catchesErrorText { close(pipeEnds.writing) }
      throw error
    }
    if catchesErrorText { close(pipeEnds.writing) }
    let errorText = catchesErrorText ? readAll(pipeEnds.reading) : ""
    let status = try reap(process)
    let signal = status & 0x7F
    return Outcome(
      status: signal == 0 ? (status >> 8) & 0xFF : 128 + signal, errorText: errorText)
  }

  /// Starts the program at `arguments[0]`, searched in `PATH` where it has no slash.
  private static func start(
    _ arguments: [String], _ setup: Setup
  ) throws(CannotStart) -> pid_t {
    var setup = setup
    var process = pid_t()
    var pointers = arguments.map { $0.withSystemPath { strdup($0) } } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    let code = posix_spawnp(
      &process, arguments[0], &setup.actions, &setup.attributes, &pointers, environmentPointer)
    guard code == 0 else { throw CannotStart(reason: reason(code)) }
    return process
  }

  /// Starts the program at the path `arguments[0]` in a process group of its own, on this one's output.
  static func startWorker(
    _ arguments: [String], standardInput: Int32
  ) throws(CannotStart) -> pid_t {
    var setup = try Setup(ofWorkerWithInput: standardInput)
    defer { setup.destroy() }
    return try start(arguments, setup)
  }

  /// Waits for the end of a child, and returns its status as `waitpid` gives it.
  static func reap(_ process: pid_t) throws(CannotStart) -> Int32 {
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 {
      // Without the status, a program that failed must not pass for one that did its work.
      guard errno == EINTR else { throw CannotStart(reason: "its end is lost: \(reason(errno))") }
    }
    return status
  }

  /// Opens a pipe whose ends no later process inherits. (Glibc hides `pipe2` from Swift: one started by another thread
  /// in between does, and then delays only the end of the reading until it ends itself.)
  static func openPipe() throws(CannotStart) -> (reading: Int32, writing: Int32) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw CannotStart(reason: reason(errno)) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }

  private static func readAll(_ descriptor: Int32) -> String {
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return String(decoding: text, as: UTF8.self) }
      text.append(contentsOf: buffer[..<count])
    }
  }

  private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }

  #if canImport(Darwin)
    private static var environmentPointer: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? {
      _NSGetEnviron().pointee
    }
  #else
    private static var environmentPointer: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? {
      environ
    }
  #endif

  /// A parent may have had SIGCHLD ignored, as some supervisors do; the system then forgets how children end.
  static func keepEnds() {
    var action = sigaction()
    guard sigaction(SIGCHLD, nil, &action) == 0 else { return }
    if isIgnored(action) || action.sa_flags & Int32(SA_NOCLDWAIT) != 0 { signal(SIGCHLD, SIG_DFL) }
  }

  /// Whether this process ignores the signal.
  static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    return sigaction(number, nil, &action) == 0 && isIgnored(action)
  }

  private static func isIgnored(_ action: sigaction) -> Bool {
    #if canImport(Darwin)
      let handler = action.__sigaction_u.__sa_handler
    #else
      let handler = action.__sigaction_handler.sa_handler
    #endif
    return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  /// What becomes of the standard streams and of signals in the new process.
  private struct Setup {
    #if canImport(Darwin)
      var actions: posix_spawn_file_actions_t?
      var attributes: posix_spawnattr_t?
    #else
      var actions = posix_spawn_file_actions_t()
      var attributes = posix_spawnattr_t()
    #endif

    /// Of a worker, which ignores what this process ignores.
    init(ofWorkerWithInput input: Int32) throws(CannotStart) {
      try begin()
      duplicate(input, as: STDIN_FILENO)
      posix_spawnattr_setpgroup(&attributes, 0)
      unblockSignals(POSIX_SPAWN_SETPGROUP)
    }

    init(sharesOutput: Bool) throws(CannotStart) {
      try begin()
      posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
      if !sharesOutput {
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
      }
      // A caller may ignore some signals; a child would inherit that and outlive Ctrl-C.
      var signals = sigset_t()
      sigfillset(&signals)
      // These two can be neither ignored nor set.
      for signal in [SIGKILL, SIGSTOP] { sigdelset(&signals, signal) }
      posix_spawnattr_setsigdefault(&attributes, &signals)
      unblockSignals(POSIX_SPAWN_SETSIGDEF)
    }

    private mutating func begin() throws(CannotStart) {
      guard posix_spawn_file_actions_init(&actions) == 0, posix_spawnattr_init(&attributes) == 0
      else { throw CannotStart(reason: reason(ENOMEM)) }
    }

    /// Threads at work block signals, which a child would inherit too. Sets the flags of the attributes.
    private mutating func unblockSignals(_ flag: Int32) {
      var none = sigset_t()
      sigemptyset(&none)
      posix_spawnattr_setsigmask(&attributes, &none)
      posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | flag))
    }

    mutating func duplicate(_ descriptor: Int32, as target: Int32) {
      posix_spawn_file_actions_adddup2(&actions, descriptor, target)
    }

    mutating func destroy() {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
  }
}
