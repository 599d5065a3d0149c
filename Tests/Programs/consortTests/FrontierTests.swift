import Files
import Foundation
import Predictions
import Runs
import Schemas
import TestSupport
import Testing

/// Where `make setup` puts the dependencies.
private let dependencies = checkout.appendingPathComponent(".deps").path

@Suite struct FrontierTests {
  /// A run of three members of a small network and one of a larger, on 60 images of three classes.
  ///
  /// Each small member is sure of the truth but for its own ten images; the large one errs on 20.
  private func makeRun(at path: String, without missing: String? = nil) throws {
    let run = RunDirectory(path: path)
    let experiment = Experiment(
      name: "tiny", data: DataSelection(holdOut: 0),
      members: [
        .init(network: "wide-resnet-10-1", count: 3), .init(network: "wide-resnet-10-2", count: 1),
      ], recipe: Recipe(.fast))
    try Directory.create(path)
    try DurableFile.write(experiment.readableJSON(), to: run.experimentPath)
    for (index, member) in experiment.allMembers.enumerated() {
      try Directory.create(run.member(member.name).path)
      let isLarge = index == 3
      let wrong = isLarge ? 0..<20 : index * 10..<index * 10 + 10
      let rows = (0..<60).flatMap { image -> [Float] in
        let label = wrong.contains(image) ? (image + 1) % 3 : image % 3
        return (0..<3).map { log($0 == label ? 0.6 : 0.2) }
      }
      let predictions = try Predictions(
        name: member.name, network: member.network, multiplyAccumulates: isLarge ? 250 : 100,
        parameters: isLarge ? 40 : 10, split: "test", fingerprint: "ab", logProbabilities: rows,
        labels: (0..<60).map { Int64($0 % 3) }, classes: 3)
      guard member.name != missing else { continue }
      try predictions.write(to: run.member(member.name).predictionsPath(split: "test"))
    }
  }

  @Test func jsonTellsTheFrontier() throws {
    try Consort.withDirectory { directory in
      try makeRun(at: directory + "/run")
      // No renderer: the figures come all the same, and the status says so.
      let run = try Consort(
        ["frontier", directory + "/run", "--json"], environment: ["CONSORT_DEPS": directory])
      #expect(run.status == 1)
      #expect(run.errors.contains("run `make setup`"))
      let frontier = try run.frontier()
      let curves = try #require(frontier["curves"] as? [[String: Any]])
      #expect(curves.map { $0["network"] as? String } == ["wide-resnet-10-1", "wide-resnet-10-2"])
      let points = try #require(curves[0]["points"] as? [[String: Any]])
      let accuracies = points.compactMap { $0["accuracy"] as? Double }
      // One errs on 10 of 60; of two the mean of a tie goes to the first class; of three two are right.
      #expect(abs(accuracies[0] - 50.0 / 60) < 1e-12)
      #expect(accuracies[2] == 1)
      let comparisons = try #require(frontier["comparisons"] as? [[String: Any]])
      #expect(comparisons.map { $0["smallCount"] as? Int } == [2, 3])
      #expect(comparisons[1]["verdict"] as? String == "better")
      let written = try Data(
        contentsOf: URL(filePath: directory + "/run/frontier/frontier.json"))
      let object = try #require(try JSONSerialization.jsonObject(with: written) as? NSDictionary)
      #expect(object.isEqual(to: frontier))
    }
  }

  @Test(
    .enabled(
      if: FileManager.default.fileExists(
        atPath: dependencies + "/python/vl_convert"),
      "the chart renderer is not installed: run `make setup`"))
  func theChartIsWritten() throws {
    try Consort.withDirectory { directory in
      try makeRun(at: directory + "/run")
      let run = try Consort(
        ["frontier", directory + "/run", "--out", directory + "/report"],
        environment: ["CONSORT_DEPS": dependencies])
      #expect(run.status == 0)
      #expect(run.errors == "")
      let lines = run.output.split(separator: "\n").map(String.init)
      #expect(lines.first?.hasPrefix("network") == true)
      #expect(lines.dropLast().last == "written: \(directory)/report")
      #expect(lines.last == "next: consort report \(directory)/run")
      #expect(run.output.contains("2 × wide-resnet-10-1 "))
      for name in ["frontier.svg", "frontier.png", "frontier.csv", "diversity.json"] {
        #expect(Directory.exists("\(directory)/report/\(name)"))
      }
      #expect(!Directory.exists(directory + "/run/frontier"))
    }
  }

  @Test func eachRuleHasItsPlaceAndTheTitleIsTheExperiments() throws {
    try Consort.withDirectory { directory in
      let path = directory + "/run"
      try makeRun(at: path)
      _ = try Consort(
        ["frontier", ".", "--rule", "majority-vote"], environment: ["CONSORT_DEPS": directory],
        directory: path)
      #expect(!Directory.exists(path + "/frontier"))
      let chart = try String(
        contentsOfFile: path + "/frontier-majority-vote/frontier.vl.json", encoding: .utf8)
      #expect(chart.contains("\"tiny\"") && chart.contains("majority vote"))
    }
  }

  #if os(Linux)
    /// A file system that the figures fit into, and the charts do not.
    @Test(
      .enabled(if: PrivateMounts.command != nil, "skipped: private mounts are not permitted here"),
      .enabled(if: Directory.exists(dependencies + "/python/vl_convert"), "run `make setup`"))
    func aFullDiskWhileChartsAreDrawnIsNamed() throws {
      let unshare = try #require(PrivateMounts.command)
      try Consort.withDirectory { directory in
        try makeRun(at: directory + "/run")
        let script = """
          mkdir full && mount -t tmpfs -o size=200k tmpfs full || exit 9
          "$@"
          status=$?
          ls -A full/out > names
          exit $status
          """
        let run = try Consort(
          Array(unshare.dropFirst())
            + ["sh", "-c", script, "sh", Consort.path(), "frontier", "run", "--out", "full/out"],
          program: unshare[0], environment: ["CONSORT_DEPS": dependencies], directory: directory)
        #expect(run.status == 1 && !run.wasKilled)
        #expect(
          run.errors.hasSuffix(
            "cannot draw the charts in 'full/out': No space left on device; make space there, then run the command again\n"
          ), "\(run.errors)")
        #expect(!run.errors.contains("make setup"))
        let names = try String(contentsOfFile: directory + "/names", encoding: .utf8)
        #expect(names.contains("frontier.csv") && !names.contains("drawing"), "\(names)")
      }
    }
  #endif

  @Test func missingPredictionsAreNamed() throws {
    try Consort.withDirectory { directory in
      try makeRun(at: directory + "/run", without: "wide-resnet-10-1-1")
      let run = try Consort(["frontier", directory + "/run"])
      #expect(run.status == 1)
      #expect(run.output == "")
      #expect(
        run.errors.contains(
          "1 of 4 members in '\(directory)/run' lack predictions on test images (wide-resnet-10-1-1)"
        ))
      #expect(run.errors.contains("run `consort train` without --members, or with these"))
    }
  }

  @Test func withoutAHoldOutNothingIsChosen() throws {
    try Consort.withDirectory { directory in
      try makeRun(at: directory + "/run")
      for option in [["--split", "hold-out"], ["--max-cost", "1k"], ["--same-network"]] {
        let run = try Consort(["frontier", directory + "/run"] + option)
        #expect(run.status == 1 && run.output == "")
        #expect(run.errors.contains("\(option[0])"))
        #expect(run.errors.contains("there are no hold-out predictions to choose on"))
      }
    }
  }

  @Test func aListOfPredictionsIsReported() throws {
    try Consort.withDirectory { directory in
      let scores = "dog,cat\n0.25,0.75\n2.5,-1\n0,3\n"
      for name in ["a", "b"] { try DurableFile.write(scores, to: "\(directory)/\(name).csv") }
      try DurableFile.write("label\n1\n0\n0\n", to: directory + "/labels.csv")
      let costs = "\"network\": \"net\", \"macs\": 10, \"parameters\": 5"
      let list = """
        {"split": "test", "members": [{"file": "a.csv", \(costs)}, {"file": "b.csv", \(costs)}]}
        """
      try DurableFile.write(list, to: directory + "/list.json")
      let unlabelled = try Consort(["frontier", directory + "/list.json"])
      #expect(unlabelled.status == 1 && unlabelled.errors.contains("a.csv' has no labels"))
      let run = try Consort(
        ["frontier", directory + "/list.json", "--labels", directory + "/labels.csv", "--json"],
        environment: ["CONSORT_DEPS": directory])
      let frontier = try run.frontier()
      let curves = try #require(frontier["curves"] as? [[String: Any]])
      let points = try #require(curves[0]["points"] as? [[String: Any]])
      #expect(points.map { $0["accuracy"] as? Double } == [2.0 / 3, 2.0 / 3])
      #expect(Directory.exists(directory + "/list/frontier/frontier.json"))
    }
  }

  @Test func whatHoldsNoPredictionsIsSaidSo() throws {
    try Consort.withDirectory { directory in
      let missing = try Consort(["frontier", directory + "/nosuch"])
      #expect(missing.status == 1)
      #expect(missing.errors.contains("/nosuch': there is no such file or directory"))
      let empty = try Consort(["frontier", directory])
      #expect(empty.errors.contains("neither a run, nor an ensemble"))
      for (name, reason) in [("file", "its name ends in none"), ("a.npy", "what its member costs")]
      {
        try Data().write(to: URL(filePath: "\(directory)/\(name)"))
        #expect(try Consort(["frontier", "\(directory)/\(name)"]).errors.contains(reason))
      }
    }
  }

  @Test func aTornPredictionsFileIsNamed() throws {
    try Consort.withDirectory { directory in
      try makeRun(at: directory + "/run")
      let path = directory + "/run/members/wide-resnet-10-2-0/predictions-test.safetensors"
      let whole = try Data(contentsOf: URL(filePath: path))
      try whole.prefix(whole.count - 5).write(to: URL(filePath: path))
      let run = try Consort(["frontier", directory + "/run"])
      #expect(run.status == 1)
      #expect(run.errors.contains(path))
      #expect(!Directory.exists(directory + "/run/frontier"))
    }
  }
}

extension Consort {
  /// The frontier that was printed as JSON.
  func frontier() throws -> [String: Any] {
    guard let frontier = try object()["frontier"] as? [String: Any] else {
      throw TestSupportError("no frontier: \(output)")
    }
    return frontier
  }
}
