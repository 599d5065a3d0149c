#if os(Linux)
  import Foundation
  import TestSupport
  import Testing

  /// Workers that stand still between a look at their lease and what they then write.
  @Suite struct FencedEndTests {
    private static let member = TinyExperiment.members[0]
    private static let command = [
      "train", "tiny.json", "--threads", "1", "--jobs", "1", "--lease", "2", "--members", member,
      "--checkpoint-every", "12epochs",
    ]

    /// A worker on the first member that stands still right before the `number`-th file of such a name gets it.
    private func stopped(
      at suffix: String, _ number: Int, besides others: Int = 0, in directory: String
    ) throws -> RunningConsort {
      let running = try RunningConsort(
        Self.command, environment: KillSwitch.environment(stopsAt: suffix, number),
        directory: directory)
      try DirectoryProcesses.waitUntilStopped(others + 1, in: directory)
      return running
    }

    /// Calls `body` with a directory that holds the experiment, and expects the files of an undisturbed member then.
    private func withExperiment(_ body: (String) throws -> Void) throws {
      let many = TinyExperiment.many
      let whole = try TinyExperiment.finishedRun(epochs: many)
      try Consort.withDirectory { directory in
        try TinyExperiment.write(TinyExperiment.json(epochs: many), in: directory)
        try body(directory)
        let tree = try FileTree("\(directory)/runs/tiny/members/\(Self.member)")
        let prefix = "members/\(Self.member)/"
        let expected = whole.contents.filter { $0.key.hasPrefix(prefix) }
        #expect(tree.names == Set(expected.keys.map { String($0.dropFirst(prefix.count)) }))
        for name in tree.names where name.hasSuffix(".safetensors") {
          #expect(tree.contents[name] == expected[prefix + name], "\(name)")
        }
        let metrics = try #require(tree.contents["metrics.jsonl"] ?? nil)
        #expect(metrics.split(separator: UInt8(ascii: "\n")).count == many)
      }
    }

    /// It wakes with the lines of a few epochs in its hands, when another has trained the member to its end.
    @Test func aLateWorkerShortensNoMetrics() throws {
      try withExperiment { directory in
        let late = try stopped(at: ".jsonl", 4, in: directory)
        let other = try Consort(Self.command, directory: directory)
        #expect(other.status == 0 && other.errors == "")
        try late.sendToTrainer(SIGCONT)
        let back = try late.finish()
        #expect(back.status == 0 && back.errors == "")
        #expect(back.output.contains("another worker has gone on with it"))
      }
    }

    /// It wakes right before it publishes, when another has gone on from its last checkpoint: that one does not train to the end.
    @Test func whatALateWorkerHasEndedIsNotTrainedTwice() throws {
      try withExperiment { directory in
        let late = try stopped(at: "/weights.safetensors", 1, in: directory)
        // The lines that it goes on with come first, and those of another epoch then.
        let successor = try stopped(at: ".jsonl", 2, besides: 1, in: directory)
        #expect(successor.output.contains("\(Self.member)  goes on after epoch 24"))
        try late.sendToTrainer(SIGCONT)
        let back = try late.finish()
        #expect(back.status == 0 && back.errors == "")
        #expect(back.output.contains("\(Self.member)  trained"))
        try successor.sendToTrainer(SIGCONT)
        let other = try successor.finish()
        #expect(other.status == 0 && other.errors == "")
        #expect(other.output.contains("another worker has gone on with it"))
        #expect(!other.output.contains("\(Self.member)  trained"))
      }
    }
  }
#endif
