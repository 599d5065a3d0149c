import Foundation
import TestSupport
import Testing
import Weights

/// Kills at the worst instants. `make soak` asks for more of them than `make test`.
@Suite struct KillTests {
  private static let kills =
    ProcessInfo.processInfo.environment["CONSORT_SOAK_KILLS"].flatMap { Int($0) } ?? 6

  #if os(Linux)
    /// In the middle of a checkpoint's bytes, before they are synced, and before it gets its name: whatever is left is
    /// whole, and what follows gives the bits of an undisturbed run.
    @Test func killsInsideWritesLoseNothing() throws {
      let whole = try TinyExperiment.finishedRun(epochs: TinyExperiment.many)
      try Consort.withDirectory { directory in
        try TinyExperiment.write(TinyExperiment.json(epochs: TinyExperiment.many), in: directory)
        let frequent = ["--jobs", "2", "--checkpoint-every", "1step"]
        for kill in 0..<Self.kills {
          let operation = KillSwitch.Operation.allCases[kill % KillSwitch.Operation.allCases.count]
          // Few enough that all of these trainings together cannot reach the end.
          let number = Int.random(in: 1...8)
          let killed = try TinyExperiment.start(
            frequent, in: directory, environment: KillSwitch.environment(operation, number)
          ).finish()
          #expect(killed.endedByKill, "\(operation) \(number): \(killed.errors)")
          for member in TinyExperiment.members {
            for name in TinyExperiment.checkpoints(of: member, in: directory) {
              let path = "\(directory)/runs/tiny/members/\(member)/\(name)"
              #expect(throws: Never.self) { try SafeTensors(path: path).verifyChecksum() }
            }
          }
        }
        let resumed = try TinyExperiment.train(in: directory)
        #expect(resumed.status == 0 && resumed.errors == "")
        try expectTheBits(of: whole, in: directory)
      }
    }
  #endif

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
      try running.sendToTrainer(SIGKILL)
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
