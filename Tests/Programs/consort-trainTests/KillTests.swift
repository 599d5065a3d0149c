import Foundation
import TestSupport
import Testing
import Weights

/// Kills at any instant. `make soak` asks for more of them than `make test`.
@Suite struct KillTests {
  private static let kills =
    ProcessInfo.processInfo.environment["CONSORT_SOAK_KILLS"].flatMap { Int($0) } ?? 5

  /// At random instants, and every other time while a checkpoint is being written.
  @Test func killsAtAnyInstantLoseNothing() throws {
    let whole = try TinyExperiment.finishedRun(epochs: TinyExperiment.many)
    try Consort.withDirectory { directory in
      try TinyExperiment.write(TinyExperiment.json(epochs: TinyExperiment.many), in: directory)
      let frequent = ["--jobs", "2", "--checkpoint-every", "1step"]
      var insideWrites = 0
      for kill in 0..<Self.kills {
        let running = try TinyExperiment.start(frequent, in: directory)
        let instant = Date.now + Double.random(in: 0.1...1.2)
        let isInside = running.wait { _ in
          kill % 2 == 1
            ? !TinyExperiment.checkpoints(in: directory, beingWritten: true).isEmpty
            : Date.now >= instant
        }
        running.send(SIGKILL)
        let killed = try running.finish()
        // The first member may be complete by now, and its checkpoints gone.
        guard killed.wasKilled else { break }
        if kill % 2 == 1, isInside { insideWrites += 1 }
        for member in TinyExperiment.members {
          for name in TinyExperiment.checkpoints(of: member, in: directory) {
            let path = "\(directory)/runs/tiny/members/\(member)/\(name)"
            #expect(throws: Never.self) { try SafeTensors(path: path).verifyChecksum() }
          }
        }
      }
      #expect(insideWrites > 0)
      let resumed = try TinyExperiment.train(in: directory)
      #expect(resumed.status == 0 && resumed.errors == "")
      try expectTheBits(of: whole, in: directory)
    }
  }

  enum Damage: CaseIterable, Sendable {
    case truncated, flippedBit, empty

    func inflict(on path: String) throws {
      var bytes = try Data(contentsOf: URL(filePath: path))
      switch self {
      case .truncated: bytes = bytes.prefix(bytes.count / 2)
      case .flippedBit: bytes[bytes.count * 3 / 4] ^= 4
      case .empty: bytes = Data()
      }
      try bytes.write(to: URL(filePath: path))
    }
  }

  @Test(arguments: Damage.allCases) func theCheckpointBeforeADamagedOneIsUsed(damage: Damage) throws
  {
    let whole = try TinyExperiment.finishedRun(epochs: TinyExperiment.many)
    try Consort.withDirectory { directory in
      try TinyExperiment.write(TinyExperiment.json(epochs: TinyExperiment.many), in: directory)
      let running = try TinyExperiment.start(in: directory)
      #expect(running.wait { $0.output.contains("epoch 5/") })
      running.send(SIGKILL)
      _ = try running.finish()
      let names = TinyExperiment.checkpoints(in: directory).sorted()
      #expect(names.count == 2)
      let newest = try #require(names.last)
      let path = "runs/tiny/members/\(TinyExperiment.members[0])/\(newest)"
      try damage.inflict(on: "\(directory)/\(path)")
      let resumed = try TinyExperiment.train(in: directory)
      #expect(resumed.status == 0 && resumed.errors == "")
      let told = resumed.output.split(separator: "\n").first ?? ""
      #expect(told.contains("'\(path)'") && told.hasSuffix("goes on from the one before"))
      try expectTheBits(of: whole, in: directory)
    }
  }
}
