import Processes
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

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

  /// Each program signals itself, and goes on to its end only where it has inherited that the signal waits or is ignored.
  @Test func blockedAndIgnoredSignalsAreNotInherited() throws {
    var blocked = sigset_t()
    var before = sigset_t()
    sigemptyset(&blocked)
    sigaddset(&blocked, SIGUSR1)
    pthread_sigmask(SIG_BLOCK, &blocked, &before)
    let earlier = signal(SIGUSR2, SIG_IGN)
    defer {
      pthread_sigmask(SIG_SETMASK, &before, nil)
      signal(SIGUSR2, earlier)
    }
    for (name, number) in [("USR1", SIGUSR1), ("USR2", SIGUSR2)] {
      let outcome = try Subprocess.run(["sh", "-c", "kill -\(name) $$"], catchesErrorText: false)
      #expect(outcome.status == 128 + number)
    }
  }

  /// In a process of its own: a parent may start this program so.
  @Test func aFailureCountsWhereChildrenAreIgnored() async {
    await #expect(processExitsWith: .success) {
      signal(SIGCHLD, SIG_IGN)
      let outcome = try Subprocess.run(["sh", "-c", "exit 3"], catchesErrorText: true)
      #expect(outcome.status == 3)
    }
  }

  @Test func aMissingProgramIsAnError() {
    #expect(throws: Subprocess.CannotStart.self) {
      try Subprocess.run(["/nonexistent/program"], catchesErrorText: false)
    }
  }
}
