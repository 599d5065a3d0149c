#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
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

  /// Creates a program.
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
    exit(run(arguments: Array(CommandLine.arguments.dropFirst())))
  }

  /// Carries out the command that `arguments` name (without the program's own name).
  ///
  /// Understands `help`, `help COMMAND`, `COMMAND --help` and `--version` too. Errors go to standard error.
  ///
  /// - Returns: The exit status: 0, 1 for a command that failed, 2 for arguments that make no sense.
  public func run(arguments: [String]) -> Int32 {
    let status = run(arguments: arguments, console: .standard)
    if fflush(nil) != 0, status == 0 {
      let reason = String(cString: strerror(errno))
      Terminal.writeError("\(name): error: cannot write to standard output: \(reason)")
      return 1
    }
    return status
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
