import Foundation
import TestSupport
import Testing

/// Whole studies of a few tiny networks, as a user runs them.
@Suite struct StudyTests {
  /// A finished `consort study`: its directory.
  private static func study(
    _ text: String = TinyStudy.json(), _ arguments: [String] = [], in directory: String
  ) throws {
    try TinyStudy.write(text, in: directory)
    let run = try Consort(TinyStudy.command + arguments, directory: directory)
    #expect(run.status == 0, "\(run.errors)")
  }

  @Test func membersHaveTheBitsOfSeparateExperiments() throws {
    try Consort.withDirectory { directory in
      try Self.study(in: directory)
      for size in TinyStudy.sizes {
        try TinyStudy.write(TinyStudy.experiment(size), as: "e.json", in: directory)
        let run = try Consort(
          ["train", "e.json", "--out", "alone"] + TinyStudy.options, directory: directory)
        #expect(run.status == 0, "\(run.errors)")
        let own = try TinyStudy.tensors(of: "\(directory)/runs/tiny/\(size.images)")
        #expect(own.count == 15)
        #expect(try own == TinyStudy.tensors(of: "\(directory)/alone"))
        try FileManager.default.removeItem(atPath: directory + "/alone")
      }
    }
  }

  @Test func itGrowsAndKeepsWhatIsThere() throws {
    try Consort.withDirectory { directory in
      let one = TinyStudy.json(counts: (2, 1), sizes: [TinyStudy.sizes[1]])
      try Self.study(one, in: directory)
      let earlier = try TinyStudy.tensors(of: "\(directory)/runs/tiny/80")
      #expect(earlier.count == 9)
      try Self.study(in: directory)
      let later = try TinyStudy.tensors(of: "\(directory)/runs/tiny/80")
      #expect(later.count == 15)
      #expect(earlier.allSatisfy { later[$0.key] == $0.value })
      #expect(try TinyStudy.tensors(of: "\(directory)/runs/tiny/40").count == 15)
    }
  }

  #if os(Linux)
    @Test func aKilledStudyEndsAsItWouldHave() throws {
      try Consort.withDirectory { directory in
        try Self.study(in: directory)
        let whole = try TinyStudy.sizes.map {
          try TinyStudy.tensors(of: "\(directory)/runs/tiny/\($0.images)")
        }
        try FileManager.default.removeItem(atPath: directory + "/runs")
        for kill in [1, 9, 30] {
          let killed = try Consort(
            TinyStudy.command, environment: KillSwitch.environment(.rename, kill),
            directory: directory)
          #expect(killed.endedByKill, "\(kill): \(killed.errors)")
        }
        try Self.study(in: directory)
        for (size, expected) in zip(TinyStudy.sizes, whole) {
          #expect(try TinyStudy.tensors(of: "\(directory)/runs/tiny/\(size.images)") == expected)
        }
      }
    }
  #endif

  @Test func whatCannotBeTrainedIsRefusedBeforeAnythingIs() throws {
    try Consort.withDirectory { directory in
      let sizes = [TinyStudy.sizes[0], (images: 390, epochs: 1)]
      try TinyStudy.write(TinyStudy.json(sizes: sizes), in: directory)
      try expectFailure(in: directory, ["'tiny.json' does not fit", "390 training images", "400"]) {
        try Consort(TinyStudy.command, directory: directory)
      }
      // Of 360 images beside the hold-out no class has its share of 359.
      try TinyStudy.write(
        TinyStudy.json(sizes: [TinyStudy.sizes[0], (images: 359, epochs: 1)]), in: directory)
      try expectFailure(in: directory, ["'tiny.json' does not fit", "class number"]) {
        try Consort(TinyStudy.command, directory: directory)
      }
    }
  }

  @Test func anotherStudyIsRefused() throws {
    try Consort.withDirectory { directory in
      try Self.study(TinyStudy.json(counts: (1, 1), sizes: [TinyStudy.sizes[0]]), in: directory)
      try TinyStudy.write(
        TinyStudy.json(counts: (1, 1), sizes: [TinyStudy.sizes[1]]), in: directory)
      try expectFailure(in: directory, ["runs/tiny", "there is 40"]) {
        try Consort(TinyStudy.command, directory: directory)
      }
    }
  }
}
