import Processes
import Testing

@Suite struct ProcessesTests {
  @Test func theExecutableIsFound() throws {
    let path = try #require(Executable.path())
    #expect(path.hasPrefix("/"))
    let sibling = try #require(Executable.sibling("other"))
    #expect(sibling.hasSuffix("/other"))
  }

  @Test func statusAndErrorTextComeBack() throws {
    let failed = try Subprocess.run(
      ["sh", "-c", "echo out; echo trouble >&2; exit 3"], catchesErrorText: true)
    #expect(failed.status == 3 && failed.errorText == "trouble\n")
    let killed = try Subprocess.run(["sh", "-c", "kill -TERM $$"], catchesErrorText: true)
    #expect(killed.status == 128 + 15)
  }

  @Test func argumentsPassUnchanged() throws {
    let outcome = try Subprocess.run(
      ["sh", "-c", "printf %s \"$1\" >&2", "sh", "a b'\"$c;"], catchesErrorText: true)
    #expect(outcome.errorText == "a b'\"$c;")
  }

  @Test func aMissingProgramIsAnError() {
    #expect(throws: Subprocess.CannotStart.self) {
      try Subprocess.run(["/nonexistent/program"], catchesErrorText: false)
    }
  }
}
