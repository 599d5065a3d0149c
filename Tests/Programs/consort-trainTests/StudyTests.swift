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

  // MARK: The record

  private static let record = ["--record", "rec"]

  /// The bits of what is on record.
  private static func recorded(in directory: String) throws -> [String: Data] {
    try TinyStudy.tensors(of: directory + "/rec")
  }

  @Test func whatIsOnRecordIsNotTrainedAgain() throws {
    try Consort.withDirectory { directory in
      try Self.study(TinyStudy.json(counts: (2, 1)), Self.record, in: directory)
      let first = try Self.recorded(in: directory)
      // Three members at two sizes, on two splits.
      #expect(first.count == 12)
      try FileManager.default.removeItem(atPath: directory + "/runs")
      try Self.study(TinyStudy.json(), Self.record, in: directory)
      let second = try Self.recorded(in: directory)
      #expect(second.count == 20 && first.allSatisfy { second[$0.key] == $0.value })
      for size in TinyStudy.sizes {
        let trained = try TinyStudy.tensors(of: "\(directory)/runs/tiny/\(size.images)").keys
        #expect(
          Set(trained.compactMap { $0.split(separator: "/").dropFirst().first }).sorted()
            == ["wide-resnet-10-1-2", "wide-resnet-10-2-1"])
      }
      let page = try String(
        contentsOfFile: directory + "/rec/report/comparisons.csv", encoding: .utf8)
      #expect(page.contains("40,wide-resnet-10-1,3,wide-resnet-10-2"))
    }
  }

  /// A grown study whose members were recorded keeps their numbers: as it would have without the record.
  @Test func aRecordGrowsAsARunDoes() throws {
    try Consort.withDirectory { directory in
      try Self.study(TinyStudy.json(counts: (2, 1)), in: directory)
      try Self.study(in: directory)
      let grown = try TinyStudy.tensors(of: "\(directory)/runs/tiny/40")
      try FileManager.default.removeItem(atPath: directory + "/runs")
      try Self.study(TinyStudy.json(counts: (2, 1)), Self.record, in: directory)
      try FileManager.default.removeItem(atPath: directory + "/runs")
      try Self.study(TinyStudy.json(), Self.record, in: directory)
      let later = try TinyStudy.tensors(of: "\(directory)/runs/tiny/40")
      #expect(later.count == 6 && later.allSatisfy { grown[$0.key] == $0.value })
    }
  }

  @Test func theReportIsTheSameOfRunsAndOfTheRecord() throws {
    try Consort.withDirectory { directory in
      try Self.study(in: directory)
      let recorded = try Consort(
        TinyStudy.command + Self.record + ["--no-training"], directory: directory)
      #expect(recorded.status == 0, "\(recorded.errors)")
      #expect(recorded.output.contains("5 members more on record"))
      // Half precision leaves single members what they are, and ensembles nearly.
      let (runs, record) = try (
        Self.curves(directory + "/runs/tiny/report"), Self.curves(directory + "/rec/report")
      )
      #expect(runs.count == 10 && record.count == 10)
      for (one, other) in zip(runs, record) {
        #expect(one.prefix(3) == other.prefix(3))
        let accuracies = try (#require(Double(one[5])), #require(Double(other[5])))
        #expect(abs(accuracies.0 - accuracies.1) <= (one[2] == "1" ? 0 : 0.02))
      }
      let again = try Consort(
        TinyStudy.command + Self.record + ["--no-training"], directory: directory)
      #expect(again.output.contains("0 members more on record"))
    }
  }

  private static func curves(_ report: String) throws -> [[String]] {
    try String(contentsOfFile: report + "/curves.csv", encoding: .utf8).split(separator: "\n")
      .dropFirst().map {
        $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      }
  }

  @Test func aRecordOfOtherImagesIsRefused() throws {
    try Consort.withDirectory { directory in
      let small = TinyStudy.json(counts: (1, 1), sizes: [TinyStudy.sizes[0]])
      try Self.study(small, Self.record, in: directory)
      try FileManager.default.removeItem(atPath: directory + "/runs")
      let data = directory + "/rec/40/data.json"
      let text = try String(contentsOfFile: data, encoding: .utf8)
      let fingerprint = try #require(text.firstMatch(of: /"testFingerprint" : "([0-9a-f]+)"/))
      try text.replacing(String(fingerprint.output.1), with: "0123456789abcdef")
        .write(toFile: data, atomically: true, encoding: .utf8)
      let run = try Consort(TinyStudy.command + Self.record, directory: directory)
      #expect(run.status == 1 && run.errors.contains("'rec/40' is the record of other images"))
    }
  }

  @Test func anEmptyOrDamagedRecordIsNamed() throws {
    try Consort.withDirectory { directory in
      try TinyStudy.write(TinyStudy.json(), in: directory)
      let empty = try Consort(
        TinyStudy.command + Self.record + ["--no-training"], directory: directory)
      #expect(empty.status == 1 && empty.errors.contains("'rec' holds no member's predictions"))
      try FileManager.default.createDirectory(
        atPath: directory + "/rec/40", withIntermediateDirectories: true)
      try Data("[1]".utf8).write(to: URL(filePath: directory + "/rec/40/members.json"))
      let damaged = try Consort(["report", "rec"], directory: directory)
      #expect(damaged.status == 1 && damaged.errors.contains("rec/40/members.json"))
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
