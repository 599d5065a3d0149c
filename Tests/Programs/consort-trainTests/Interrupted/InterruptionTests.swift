import Foundation
import Processes
import TestSupport
import Testing

/// Trainings that do not run through, and those that share a run.
@Suite struct InterruptionTests {
  private let experiment = TinyExperiment.json(epochs: TinyExperiment.many)

  @Test func twoRunsGiveTheSameBits() throws {
    try Consort.withDirectory { directory in
      try TinyExperiment.write(TinyExperiment.json(), in: directory)
      let run = try Consort(
        TinyExperiment.command, program: Consort.path("consort-train"), directory: directory)
      #expect(run.status == 0 && run.errors == "")
      try expectTheBits(of: TinyExperiment.finishedRun(), in: directory)
    }
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGUSR1, SIGHUP]) func aSignalEndsItCleanly(signal: Int32)
    throws
  {
    let whole = try TinyExperiment.finishedRun(epochs: TinyExperiment.many)
    try Consort.withDirectory { directory in
      try TinyExperiment.write(experiment, in: directory)
      let running = try TinyExperiment.start(["--jobs", "2"], in: directory)
      #expect(running.wait { $0.output.contains("epoch 4/") })
      running.send(signal)
      let stopped = try running.finish()
      // Not 0: whoever started it must not take it for done.
      #expect(stopped.status == 85 && !stopped.wasKilled)
      #expect(
        stopped.errors == """
          consort: error: stopped; everything so far is saved in 'runs/tiny'; \
          to go on: consort \(TinyExperiment.command.joined(separator: " ")) --jobs 2

          """)
      #expect(!stopped.output.contains("next:"))
      let resumed = try TinyExperiment.train(in: directory)
      #expect(resumed.status == 0 && resumed.errors == "")
      #expect(resumed.output.contains("  goes on after epoch "))
      try expectTheBits(of: whole, in: directory)
    }
  }

  /// As a scheduler sends them: to every process of a job, each of which passes them on.
  @Test func signalsThatComeTogetherAreOneWish() throws {
    try Consort.withDirectory { directory in
      try TinyExperiment.write(experiment, in: directory)
      let running = try TinyExperiment.start(in: directory)
      #expect(running.wait { $0.output.contains("epoch 2/") })
      try running.sendToTrainer(SIGSTOP)
      for signal in [SIGTERM, SIGUSR1, SIGHUP] { try running.sendToTrainer(signal) }
      try running.sendToTrainer(SIGCONT)
      let stopped = try running.finish()
      #expect(stopped.status == 85 && !stopped.wasKilled)
      #expect(stopped.errors.contains("everything so far is saved"))
    }
  }

  /// Ctrl-\ ends a program at once: no stack trace, and the shell is told of the signal.
  @Test func quittingIsTheUsualDeath() throws {
    try Consort.withDirectory { directory in
      try TinyExperiment.write(experiment, in: directory)
      // A shell of its own, without the signals that the tests' threads block.
      let script = """
        (cd "$0" && ulimit -c 0 && exec "$@" >out 2>err) &
        process=$!
        until grep -q 'epoch 2/' "$0/out" || ! kill -0 $process; do sleep 0.01; done
        kill -QUIT $process; wait $process
        """
      let ended = try Subprocess.run(
        ["/bin/sh", "-c", script, directory, Consort.path()] + TinyExperiment.command,
        catchesErrorText: true)
      #expect(ended.status == 128 + SIGQUIT)
      func text(_ name: String) throws -> String {
        try String(contentsOfFile: "\(directory)/\(name)", encoding: .utf8)
      }
      #expect(try text("err") == "")
      #expect(try !text("out").contains("crashed") && !text("out").contains("next:"))
    }
  }

  /// As `nohup` starts it.
  @Test func anIgnoredHangUpIsIgnored() throws {
    try Consort.withDirectory { directory in
      try TinyExperiment.write(TinyExperiment.json(), in: directory)
      let running = try RunningConsort(
        ["-c", #"trap "" HUP; exec "$0" "$@""#, Consort.path()] + TinyExperiment.command,
        program: "/bin/sh", directory: directory)
      #expect(running.wait { $0.output.contains("epoch 1/") })
      running.send(SIGHUP)
      #expect(try running.finish().status == 0)
      try expectTheBits(of: TinyExperiment.finishedRun(), in: directory)
    }
  }

  #if os(Linux)
    /// Its trainer ends with it, and a training that goes on loses nothing.
    @Test func aKillOfTheProgramEndsItsTrainer() throws {
      let whole = try TinyExperiment.finishedRun(epochs: TinyExperiment.many)
      try Consort.withDirectory { directory in
        try TinyExperiment.write(experiment, in: directory)
        let running = try TinyExperiment.start(in: directory)
        #expect(running.wait { $0.output.contains("epoch 4/") })
        #expect(try DirectoryProcesses.working(in: directory) == 2)
        running.send(SIGKILL)
        #expect(try running.finish().endedByKill)
        try DirectoryProcesses.waitForEnd(in: directory)
        #expect(try TinyExperiment.train(in: directory).status == 0)
        try expectTheBits(of: whole, in: directory)
      }
    }

    /// As the terminal's keys and the shell's `fg` do it.
    @Test func stoppingAndGoingOnReachTheTrainer() throws {
      try Consort.withDirectory { directory in
        try TinyExperiment.write(experiment, in: directory)
        let running = try TinyExperiment.start(in: directory)
        #expect(running.wait { $0.output.contains("epoch 1/") })
        running.send(SIGTSTP)
        let deadline = ContinuousClock.now + .seconds(60)
        while try DirectoryProcesses.stopped(in: directory) < 2, ContinuousClock.now < deadline {
          usleep(1000)
        }
        #expect(try DirectoryProcesses.stopped(in: directory) == 2)
        running.send(SIGCONT)
        #expect(try running.finish().status == 0)
      }
    }
  #endif

  enum Instant: String, CaseIterable, Sendable {
    case claimed, beforeTheFirstEpoch, writingACheckpoint, middle, secondMember

    func isReached(by running: RunningConsort, in directory: String) -> Bool {
      let run = "\(directory)/runs/tiny"
      func exists(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(run)/\(name)")
      }
      return switch self {
      case .claimed: exists("")
      case .beforeTheFirstEpoch: exists("members/\(TinyExperiment.members[0])")
      case .writingACheckpoint:
        !TinyExperiment.checkpoints(in: directory, beingWritten: true).isEmpty
      case .middle: running.output.contains("epoch 7/")
      case .secondMember:
        !TinyExperiment.checkpoints(of: TinyExperiment.members[1], in: directory).isEmpty
      }
    }
  }

  @Test(arguments: Instant.allCases) func aKillLosesNothing(instant: Instant) throws {
    let whole = try TinyExperiment.finishedRun(epochs: TinyExperiment.many)
    try Consort.withDirectory { directory in
      try TinyExperiment.write(experiment, in: directory)
      let running = try TinyExperiment.start(["--jobs", "2"], in: directory)
      #expect(running.wait { instant.isReached(by: $0, in: directory) })
      try running.sendToTrainer(SIGKILL)
      let killed = try running.finish()
      #expect(killed.wasKilled && killed.status == SIGKILL)
      let resumed = try TinyExperiment.train(in: directory)
      #expect(resumed.status == 0 && resumed.errors == "")
      try expectTheBits(of: whole, in: directory)
    }
  }

  /// A kill in the middle of a write leaves an unfinished file, at the very start too.
  @Test func unfinishedFilesAreNoObstacle() throws {
    try Consort.withDirectory { directory in
      try TinyExperiment.write(TinyExperiment.json(), in: directory)
      let run = "\(directory)/runs/tiny"
      let member = "\(run)/members/\(TinyExperiment.members[1])"
      try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
      try Data("{".utf8).write(to: URL(filePath: "\(run)/experiment.json.999999999-1.partial"))
      let only = ["--members", TinyExperiment.members[0]]
      #expect(try TinyExperiment.train(only, in: directory).status == 0)
      try FileManager.default.createDirectory(atPath: member, withIntermediateDirectories: true)
      let partial = "\(member)/checkpoint-00000004.safetensors.999999999-1.partial"
      try Data([1]).write(to: URL(filePath: partial))
      #expect(try TinyExperiment.train(in: directory).status == 0)
      try expectTheBits(of: TinyExperiment.finishedRun(), in: directory)
    }
  }

  @Test func processesShareARunFromItsStart() throws {
    try Consort.withDirectory { directory in
      try TinyExperiment.write(TinyExperiment.json(), in: directory)
      let running = try TinyExperiment.members.map {
        try TinyExperiment.start(["--members", $0], in: directory)
      }
      for process in running {
        let run = try process.finish()
        #expect(run.status == 0 && run.errors == "")
      }
      try expectTheBits(of: TinyExperiment.finishedRun(), in: directory)
    }
  }
}
