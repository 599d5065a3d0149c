import Synchronization

@testable import CommandLine

/// What a run printed.
final class Recorder: Sendable {
  private let texts = Mutex((output: "", errors: ""))
  var output: String { texts.withLock { $0.output } }
  var errors: String { texts.withLock { $0.errors } }

  /// Runs a program, and returns its exit status.
  func run(_ arguments: [String], _ program: Program) -> Int32 {
    let console = Program.Console(
      write: { text in self.texts.withLock { $0.output += text } },
      writeError: { text in self.texts.withLock { $0.errors += text + "\n" } })
    return program.run(arguments: arguments, console: console)
  }
}
