import Processes
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Each in a process of its own: a worker changes what signals do to the whole process.
@Suite struct WorkerTests {
  @Test func itsEndComesBack() async {
    await #expect(processExitsWith: .success) {
      let exited = try Worker.run("/bin/sh", arguments: ["-c", "exit 7"])
      #expect(exited == .exited(status: 7))
      let killed = try Worker.run("/bin/sh", arguments: ["-c", "kill -KILL $$"])
      #expect(killed == .killed(signal: SIGKILL))
      #expect(throws: Subprocess.CannotStart.self) {
        try Worker.run("/nonexistent/program", arguments: [])
      }
    }
  }

  /// It knows its parent while it works; a program that is started later is no worker.
  @Test func itIsToldWhoseWorkerItIs() async {
    await #expect(processExitsWith: .success) {
      let worker = try Worker.run(
        "/bin/sh", arguments: ["-c", "test \"$CONSORT_PARENT_PROCESS\" = $PPID"])
      #expect(worker == .exited(status: 0))
      #expect(getenv("CONSORT_PARENT_PROCESS") == nil)
    }
  }

  /// The parent is sent the signal, and the worker hears of it.
  @Test(.timeLimit(.minutes(1)), arguments: ["INT", "TERM", "USR1", "HUP", "QUIT"])
  func signalsArePassedOn(name: String) async {
    await #expect(processExitsWith: .success) { [name] in
      // The tests' own parent may ignore them, and threads of the tests hear of what comes before the worker is there.
      for number in [SIGINT, SIGTERM, SIGUSR1, SIGHUP, SIGQUIT] { signal(number) { _ in } }
      let script = """
        trap 'exit 9' $0
        for attempt in $(seq 1000); do kill -$0 $PPID; sleep 0.01; done
        """
      let ending = try Worker.run("/bin/sh", arguments: ["-c", script, name])
      #expect(ending == .exited(status: 9))
    }
  }

  /// As under `nohup`.
  @Test func anIgnoredHangUpStaysIgnored() async {
    await #expect(processExitsWith: .success) {
      signal(SIGHUP, SIG_IGN)
      let ending = try Worker.run("/bin/sh", arguments: ["-c", "kill -HUP $$ $PPID; exit 3"])
      #expect(ending == .exited(status: 3))
      // Afterwards too.
      raise(SIGHUP)
    }
  }

  @Test func signalsEndTheProcessOnceTheWorkerIsDone() async {
    await #expect(processExitsWith: .signal(SIGTERM)) {
      _ = try Worker.run("/bin/sh", arguments: ["-c", "exit 0"])
      raise(SIGTERM)
    }
  }

  @Test func theProcessEndsAsItsWorkerDid() async {
    await #expect(processExitsWith: .exitCode(5)) { Worker.endLike(.exited(status: 5)) }
    await #expect(processExitsWith: .signal(SIGTERM)) { Worker.endLike(.killed(signal: SIGTERM)) }
  }
}
