import Files
import Formatting

#if canImport(Glibc)
  @preconcurrency import Glibc
#elseif canImport(Musl)
  @preconcurrency import Musl
#else
  import Darwin
#endif

/// A program made of commands.
public struct Program: Sendable {
  /// What the user types.
  public let name: String
  /// What it is, in one line.
  public let summary: String
  /// What `--version` prints after the name.
  public let version: String
  /// The commands, in the order of the help.
  public let commands: [Command]

  /// Creates a program; `main()` carries it out.
  public init(name: String, summary: String, version: String, commands: [Command]) {
    self.name = name
    self.summary = summary
    self.version = version
    self.commands = commands
  }

  /// Carries out the command that this process was started with, and ends the process.
  public func main() -> Never {
    // A reader that goes away, such as `head`, ends the program quietly, also where the parent ignores the signal.
    signal(SIGPIPE, SIG_DFL)
    // A file beyond the shell's limit is an error like a full disk, not the end.
    signal(SIGXFSZ, SIG_IGN)
    // Swift's runtime would print a stack trace at Ctrl-\.
    signal(SIGQUIT, SIG_DFL)
    Self.openStandardStreams()
    exit(run(arguments: Array(SystemPath.arguments.dropFirst())))
  }

  /// Puts something that refuses in the place of standard streams that are closed: a file that is opened would otherwise
  /// take their number, and what is printed.
  private static func openStandardStreams() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }

  /// Carries out the command that `arguments` name (without the program's own name).
  ///
  /// Understands `help`, `help COMMAND`, `COMMAND --help` and `--version` too. Errors go to standard error.
  ///
  /// - Returns: The exit status, one of `ExitStatus`.
  public func run(arguments: [String]) -> Int32 {
    let status = run(arguments: arguments, console: .standard)
    let isFlushed = fflush(stdout) == 0
    let reason = isFlushed ? nil : systemErrorReason()
    // An earlier write may have failed, and the last one not.
    guard !isFlushed || ferror(stdout) != 0, status == 0 else { return status }
    Terminal.writeError(
      "\(name): error: cannot write all to standard output\(reason.map { ": \($0)" } ?? ""); "
        + "make space, or permit writing, where it leads to")
    return ExitStatus.failed.rawValue
  }

  /// Where the program's own texts go.
  struct Console: Sendable {
    let write: @Sendable (String) -> Void
    let writeError: @Sendable (String) -> Void

    static let standard = Console(
      write: { print($0, terminator: "") },
      writeError: { text in
        // What was printed before comes before.
        fflush(nil)
        Terminal.writeError(text)
      })
  }

  func run(arguments: [String], console: Console) -> Int32 {
    Invocation(program: self, console: console).dispatch(arguments)
  }
}
