import Foundation
import TestSupport
import Testing

/// Several workers of one run, and what may happen to one of them.
@Suite struct SharedRunTests {
  private let experiment = TinyExperiment.json(epochs: TinyExperiment.many)
  private static let first = TinyExperiment.members[0]

  /// Calls `body` with a directory that holds the experiment, and expects the bits of an undisturbed run then.
  private func withExperiment(
    traces: Bool = false, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: (String) throws -> Void
  ) throws {
    let whole = try TinyExperiment.finishedRun(epochs: TinyExperiment.many)
    try Consort.withDirectory { directory in
      try TinyExperiment.write(experiment, in: directory)
      try body(directory)
      for folder in ["workers", "leases"] where traces {
        try? FileManager.default.removeItem(atPath: "\(directory)/runs/tiny/\(folder)")
      }
      try expectTheBits(of: whole, in: directory, sourceLocation: sourceLocation)
    }
  }

  /// A worker that stands still in its first member.
  private func paused(_ arguments: [String] = [], in directory: String) throws -> RunningConsort {
    let running = try TinyExperiment.start(arguments, in: directory)
    #expect(running.wait { $0.output.contains("epoch 2/") })
    try running.sendToTrainer(SIGSTOP)
    return running
  }

  private func names(_ folder: String, in directory: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: "\(directory)/runs/tiny/\(folder)"))
      ?? []
  }

  @Test func twoShareARun() throws {
    try withExperiment { directory in
      let running = try (0..<2).map { _ in try TinyExperiment.start(in: directory) }
      for process in running {
        let run = try process.finish()
        #expect(run.status == 0 && run.errors == "")
        #expect(run.output.hasSuffix("next: consort report runs/tiny\n"))
      }
    }
  }

  @Test func aPausedWorkerComesBackAndDamagesNothing() throws {
    try withExperiment { directory in
      let running = try paused(["--lease", "2"], in: directory)
      let other = try TinyExperiment.train(["--lease", "2"], in: directory)
      #expect(other.status == 0 && other.errors == "")
      #expect(other.output.contains("\(Self.first)  its worker on "))
      #expect(other.output.contains("\(Self.first)  goes on after epoch "))
      let weights = "\(directory)/runs/tiny/members/\(Self.first)/weights.safetensors"
      let before = try FileManager.default.attributesOfItem(atPath: weights)
      try running.sendToTrainer(SIGCONT)
      let back = try running.finish()
      #expect(back.status == 0 && back.errors == "")
      #expect(back.output.contains("\(Self.first)  another worker has gone on with it"))
      let after = try FileManager.default.attributesOfItem(atPath: weights)
      #expect(before[.systemFileNumber] as? Int == after[.systemFileNumber] as? Int)
    }
  }

  /// Whoever waits for its members goes on with them at once.
  @Test func aKilledWorkersMemberGoesOnWithTheOther() throws {
    try withExperiment { directory in
      let first = try paused(in: directory)
      let other = try TinyExperiment.start(in: directory)
      #expect(other.wait { $0.output.contains("nothing is left to take: waiting for 1 member") })
      try first.sendToTrainer(SIGKILL)
      #expect(try first.finish().wasKilled)
      let run = try other.finish()
      #expect(run.status == 0 && run.errors == "")
    }
  }

  @Test func nothingIsWaitedForWithNoWait() throws {
    try withExperiment { directory in
      let first = try paused(in: directory)
      let other = try TinyExperiment.train(["--no-wait"], in: directory)
      #expect(other.status == 0 && other.errors == "")
      #expect(other.output.hasSuffix("1 of 2 members are still to be trained\n"))
      let status = try Consort(["status", "runs/tiny"], directory: directory)
      #expect(status.output.hasPrefix("1 of 2 members complete, 1 running"))
      let workers =
        try Consort(["status", "runs/tiny", "--json"], directory: directory)
        .object()["workers"] as? [[String: Any]]
      #expect(Set(workers?.compactMap { $0["state"] as? String } ?? []) == ["working", "ended"])
      try first.sendToTrainer(SIGCONT)
      #expect(try first.finish().status == 0)
    }
  }

  @Test func whoWouldGiveOtherBitsIsRefused() throws {
    try withExperiment { directory in
      let first = try paused(in: directory)
      let other = try TinyExperiment.train(["--threads", "2"], in: directory)
      #expect(other.status == 1)
      #expect(
        other.errors.contains(
          "(threads: 2 here, 1 there): start it alike, or join all the same with --mixed"))
      try first.sendToTrainer(SIGCONT)
      #expect(try first.finish().status == 0)
    }
  }

  @Test func aDirectoryWithoutTheTokenIsNotTheOneThatWasMeant() throws {
    try withExperiment { directory in
      let missing = try TinyExperiment.train(["--run-token", "abc"], in: directory)
      #expect(missing.status == 1 && missing.errors.contains("holds no token"))
      let run = "\(directory)/runs/tiny"
      try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
      try Data("abd\n".utf8).write(to: URL(filePath: "\(run)/token"))
      let other = try TinyExperiment.train(["--run-token", "abc"], in: directory)
      #expect(other.status == 1 && other.errors.contains("holds another token"))
      let own = try TinyExperiment.train(["--run-token", "abd"], in: directory)
      #expect(own.status == 0 && own.errors == "")
      try FileManager.default.removeItem(atPath: "\(run)/token")
    }
  }

  /// One worker's limit on the size of files is not the other's.
  @Test func aFullDiskOfOneWorkerIsNotTheOthers() throws {
    try withExperiment { directory in
      let limited = try Consort(
        ["-c", #"trap "" XFSZ; ulimit -f 200; exec "$0" "$@""#, Consort.path()]
          + TinyExperiment.command, program: "/bin/sh", directory: directory)
      #expect(limited.status == 1 && limited.errors.contains("File too large"))
      let other = try TinyExperiment.train(in: directory)
      #expect(other.status == 0 && other.errors == "")
    }
  }

  #if os(Linux)
    /// Both see what the other wrote three seconds late.
    @Test func aFileSystemThatShowsThingsLate() throws {
      try withExperiment(traces: true) { directory in
        let late = try KillSwitch.environment(seesAfter: 3)
        let running = try (0..<2).map { _ in
          try TinyExperiment.start(["--lease", "9"], in: directory, environment: late)
        }
        for process in running {
          let run = try process.finish()
          #expect(run.status == 0 && run.errors == "")
        }
      }
    }

    /// The first never sees the second's lease, and is said to have ended: both train the member to its end.
    @Test func twoThatBelieveToOwnAMemberLeaveOneResult() throws {
      try withExperiment(traces: true) { directory in
        let blind = try KillSwitch.environment(seesAfter: 10_000)
        let first = try TinyExperiment.start(
          in: directory,
          environment: KillSwitch.environment(stopsAt: "/weights.safetensors", 1)
            .merging(blind) { $1 })
        try DirectoryProcesses.waitUntilStopped(in: directory)
        let alive = try #require(names("workers", in: directory).first { $0.hasSuffix(".alive") })
        let worker = alive.split(separator: ".")[0]
        let folder = "\(directory)/runs/tiny/workers"
        try FileManager.default.moveItem(
          atPath: "\(folder)/\(alive)", toPath: "\(folder)/\(worker).ended")
        let second = try TinyExperiment.train(in: directory)
        #expect(second.status == 0 && second.errors == "")
        #expect(second.output.contains("\(Self.first)  goes on after epoch "))
        try first.sendToTrainer(SIGCONT)
        let back = try first.finish()
        #expect(back.status == 0 && back.errors == "")
        #expect(back.output.contains("\(Self.first)  trained"))
      }
    }

    /// A host of its own name and start, as far as a program can see.
    private func elsewhere(_ arguments: [String], in directory: String) throws -> RunningConsort {
      let script = """
        echo 01234567-89ab-cdef-0123-456789abcdef > boot && hostname elsewhere &&
        mount --bind boot /proc/sys/kernel/random/boot_id && exec "$@"
        """
      let unshare = try #require(PrivateMounts.command)
      return try RunningConsort(
        ["-u"] + Array(unshare.dropFirst()) + ["sh", "-c", script, "sh", Consort.path()]
          + TinyExperiment.command + arguments, program: unshare[0], directory: directory)
    }

    @Test(
      .enabled(if: PrivateMounts.command != nil, "skipped: private mounts are not permitted here"))
    func theMemberOfALostHostGoesOnHere() throws {
      try withExperiment(traces: true) { directory in
        let lost = try elsewhere(["--lease", "2"], in: directory)
        #expect(lost.wait { $0.output.contains("epoch 3/") })
        #expect(names("workers", in: directory).contains { $0.hasPrefix("elsewhere-") })
        lost.send(SIGKILL)
        try DirectoryProcesses.waitForEnd(in: directory)
        let here = try TinyExperiment.train(["--lease", "2"], in: directory)
        #expect(here.status == 0 && here.errors == "")
        #expect(
          here.output.contains("\(Self.first)  its worker on elsewhere shows no sign of life"))
        #expect(here.output.contains("\(Self.first)  goes on after epoch "))
        // Another host's worker may still hold a lease: the record stays.
        #expect(!names("leases", in: directory).isEmpty)
      }
    }

    @Test(
      .enabled(if: PrivateMounts.command != nil, "skipped: private mounts are not permitted here"))
    func aDirectoryThatCannotBeWrittenIsNamed() throws {
      try withExperiment { directory in
        let first = try paused(in: directory)
        let script = """
          mount --bind runs runs && mount -o remount,bind,ro runs && exec "$@"
          """
        let unshare = try #require(PrivateMounts.command)
        let other = try Consort(
          Array(unshare.dropFirst()) + ["sh", "-c", script, "sh", Consort.path()]
            + TinyExperiment.command, program: unshare[0], directory: directory)
        #expect(other.status == 1)
        #expect(other.errors.contains("cannot write 'runs/tiny/"))
        #expect(other.errors.contains("file system that takes no writing"))
        try first.sendToTrainer(SIGCONT)
        #expect(try first.finish().status == 0)
      }
    }
  #endif
}
