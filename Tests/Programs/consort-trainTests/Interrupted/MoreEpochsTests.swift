import Files
import Foundation
import TestSupport
import Testing

/// Runs that get more epochs.
@Suite struct MoreEpochsTests {
  private static let steps = #"{"kind": "steps", "initial": 0.05, "factor": 0.5, "epochs": [4]}"#

  /// A run of two epochs, whose schedule depends on their number, and an experiment of three.
  private func withLongerExperiment(_ body: (String) throws -> Void) throws {
    try Consort.withDirectory { directory in
      try TinyExperiment.finishedRun().write(to: "\(directory)/runs/tiny")
      try TinyExperiment.write(TinyExperiment.json(epochs: 3), in: directory)
      try body(directory)
    }
  }

  private static let threeEpochs = Result {
    try TinyExperiment.finishedRun(of: TinyExperiment.json(epochs: 3))
  }

  private func weights(_ directory: String, _ run: String = "runs/tiny") throws -> [Data] {
    try TinyExperiment.members.map {
      try Data(
        contentsOf: URL(filePath: "\(directory)/\(run)/members/\($0)/weights.safetensors"))
    }
  }

  /// Of a schedule that does not depend on it.
  @Test func anUnfinishedRunGoesOnToTheSameBits() throws {
    let longer = TinyExperiment.json(epochs: 36, rate: Self.steps)
    let whole = try TinyExperiment.finishedRun(of: longer)
    try Consort.withDirectory { directory in
      try TinyExperiment.write(
        TinyExperiment.json(epochs: TinyExperiment.many, rate: Self.steps), in: directory)
      let running = try TinyExperiment.start(in: directory)
      #expect(running.wait { $0.output.contains("epoch 6/") })
      try running.sendToTrainer(SIGKILL)
      _ = try running.finish()
      try TinyExperiment.write(longer, in: directory)
      // While the checkpoints are brought over, and later.
      for instant in [0.02, 0.1, 0.4] {
        let running = try TinyExperiment.start(in: directory)
        #expect(running.waitForTrainer())
        let end = Date.now + instant
        _ = running.wait { _ in Date.now >= end }
        running.killTrainer()
        _ = try running.finish()
      }
      let resumed = try TinyExperiment.train(in: directory)
      #expect(resumed.status == 0 && resumed.errors == "")
      #expect(resumed.output.contains("\(TinyExperiment.members[0])  goes on after epoch "))
      try expectTheBits(of: whole, in: directory)
    }
  }

  @Test func whatWouldBeTrainedAnewIsAskedFor() throws {
    try withLongerExperiment { directory in
      try expectFailure(
        in: directory,
        [
          "'runs/tiny' has 2 epochs, and 3 are asked for",
          TinyExperiment.members.joined(separator: ", "), "depends on the number of epochs",
          "--retrain",
        ]
      ) { try TinyExperiment.train(in: directory) }
      try TinyExperiment.write(TinyExperiment.json(epochs: 1), in: directory)
      try expectFailure(
        in: directory, ["'runs/tiny' has 2 epochs, and 1 are asked for", "cannot be made shorter"]
      ) { try TinyExperiment.train(["--retrain"], in: directory) }
    }
  }

  /// What it would go on from is gone, whatever the schedule.
  @Test func completeMembersAreTrainedAnew() throws {
    try Consort.withDirectory { directory in
      try TinyExperiment.write(TinyExperiment.json(rate: Self.steps), in: directory)
      #expect(try TinyExperiment.train(in: directory).status == 0)
      let longer = TinyExperiment.json(epochs: 3, rate: Self.steps)
      try TinyExperiment.write(longer, in: directory)
      try expectFailure(in: directory, ["what a complete member would go on from is not kept"]) {
        try TinyExperiment.train(in: directory)
      }
      #expect(try TinyExperiment.train(["--retrain"], in: directory).status == 0)
      try expectTheBits(of: TinyExperiment.finishedRun(of: longer), in: directory)
    }
  }

  @Test func killsWhileTrainingAnewLoseNothing() throws {
    try withLongerExperiment { directory in
      let whole = try Self.threeEpochs.get()
      let before = try weights(directory)
      for kill in 0..<8 {
        let running = try TinyExperiment.start(["--retrain"], in: directory)
        #expect(running.waitForTrainer())
        let end = Date.now + Double.random(in: 0.02...0.3)
        _ = running.wait { _ in Date.now >= end }
        running.killTrainer()
        guard try running.finish().wasKilled else { break }
        let retrains = FileManager.default.fileExists(
          atPath: "\(directory)/runs/tiny/retraining/experiment.json")
        if retrains {
          #expect(try weights(directory) == before, "kill \(kill)")
        }
      }
      // Who has begun it need not say so again.
      let resumed = try TinyExperiment.train(["--retrain"], in: directory)
      #expect(resumed.status == 0 && resumed.errors == "")
      #expect(resumed.output.contains("next: consort report runs/tiny\n"))
      try expectTheBits(of: whole, in: directory)
      #expect(try TinyExperiment.train(in: directory).status == 0)
    }
  }

  @Test func earlierAndLaterMembersAreNeverMixed() throws {
    try withLongerExperiment { directory in
      let before = try weights(directory)
      let first = ["--retrain", "--members", TinyExperiment.members[0]]
      let part = try TinyExperiment.train(first, in: directory)
      #expect(part.status == 0 && part.output.contains("1 of 2 members are still to be trained"))
      #expect(try weights(directory) == before)
      let status = try Consort(["status", "runs/tiny"], directory: directory)
      let said = status.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      #expect(status.output.contains("2 of 2 members complete"))
      #expect(said.contains("note: these members have 2 epochs; a training with 3 has begun in"))
      #expect(said.hasSuffix("consort status runs/tiny/retraining"))
      let inner = try Consort(["status", "runs/tiny/retraining"], directory: directory)
      #expect(inner.output.contains("1 of 2 members complete"))
      let frontier = try Consort(
        ["frontier", "runs/tiny", "--json", "--out", "page"],
        environment: ["CONSORT_DEPS": directory],
        directory: directory)
      #expect(frontier.errors.contains("note: runs/tiny: these members have 2 epochs; a training"))
      // It has begun: it need not be said again.
      #expect(try TinyExperiment.train(in: directory).status == 0)
      try expectTheBits(of: Self.threeEpochs.get(), in: directory)
    }
  }

  /// The instants at which members take each other's place.
  enum Instant: Int, CaseIterable, Sendable {
    case earlierAway, laterThere, dataThere, environmentThere, experimentThere, removing

    /// Makes of a run and of one that is to take its place what a kill then would leave.
    func reach(in run: String) throws {
      let files = FileManager.default
      func move(_ name: String, _ place: String) throws {
        if files.fileExists(atPath: place) { try files.removeItem(atPath: place) }
        try files.moveItem(atPath: name, toPath: place)
      }
      let later = "\(run)/retraining"
      try move("\(run)/members", "\(later)/replaced")
      if rawValue > 0 { try move("\(later)/members", "\(run)/members") }
      for (place, name) in ["data", "environment", "experiment"].enumerated()
      where rawValue > place + 1 {
        try move("\(later)/\(name).json", "\(run)/\(name).json")
      }
      if self == .removing {
        try files.removeItem(atPath: "\(later)/replaced/\(TinyExperiment.members[0])")
      }
    }
  }

  @Test(arguments: Instant.allCases) func aKillWhileTakingThePlaceIsCarriedThrough(
    instant: Instant
  ) throws {
    try withLongerExperiment { directory in
      let whole = try Self.threeEpochs.get()
      try whole.write(to: "\(directory)/runs/tiny/retraining")
      try instant.reach(in: "\(directory)/runs/tiny")
      if instant.rawValue < Instant.experimentThere.rawValue {
        for command in ["status", "frontier"] {
          let refused = try Consort([command, "runs/tiny"], directory: directory)
          #expect(refused.status == 1 && refused.output == "")
          #expect(refused.errors.contains("are being replaced by those with more epochs: run"))
        }
      }
      let run = try TinyExperiment.train(in: directory)
      #expect(run.status == 0 && run.errors == "")
      try expectTheBits(of: whole, in: directory)
    }
  }

  @Test func anotherNumberMeanwhileIsRefused() throws {
    try withLongerExperiment { directory in
      let first = ["--retrain", "--members", TinyExperiment.members[0]]
      #expect(try TinyExperiment.train(first, in: directory).status == 0)
      try TinyExperiment.write(TinyExperiment.json(epochs: 4), in: directory)
      try expectFailure(
        in: directory, ["'runs/tiny/retraining' was made by another experiment", "or remove it"]
      ) { try TinyExperiment.train(["--retrain"], in: directory) }
    }
  }
}
