import Datasets
import Decisions
import Files
import Foundation
import Predictions
import Randomness
import TestSupport
import Testing

/// What `consort frontier` and `consort report` choose, and what they refuse.
@Suite struct DecisionTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func path(_ name: String) -> String { "\(directory.path)/\(name)" }

  /// Predictions of made-up members, each sure of the truth but for images of its own.
  private struct Maker {
    var images = 200
    var classes = 3
    var split = "test"
    var fingerprint: String?
    var labels: [Int64]?

    func member(
      _ name: String, _ network: String, macs: Int, errors: Int
    ) throws -> Predictions {
      var stream = RandomStream(
        seed: UInt64(errors * 31 + images + name.utf8.reduce(0) { $0 + Int($1) }))
      let labels = self.labels ?? (0..<images).map { Int64($0 % classes) }
      var rows: [Float] = []
      for label in labels {
        let isWrong = stream.integer(below: 100) < errors
        let guess = isWrong ? (Int(label) + 1) % classes : Int(label)
        let sure = isWrong ? 0.45 : 0.5 + Double(stream.integer(below: 40)) / 100
        let rest = classes > 1 ? (1 - sure) / Double(classes - 1) : 0
        rows += (0..<classes).map { Float(log(classes == 1 ? 1 : $0 == guess ? sure : rest)) }
      }
      return try Predictions(
        name: name, network: network, multiplyAccumulates: macs, parameters: macs / 10 + 1,
        split: split, fingerprint: fingerprint ?? "images of \(split)", logProbabilities: rows,
        labels: labels, classes: classes)
    }

    /// Three small members and one large.
    func members() throws -> [Predictions] {
      try (0..<3).map { try member("small-\($0)", "small", macs: 1000, errors: 20 + $0) }
        + [member("large-0", "large", macs: 4000, errors: 15)]
    }
  }

  private func write(_ predictions: [Predictions], to name: String) throws {
    try Directory.create(path(name))
    for member in predictions {
      try member.write(to: path("\(name)/\(member.name).safetensors"))
    }
  }

  /// Hold-out and test predictions in the directories "hold-out" and "test".
  private func writeBoth() throws {
    try write(Maker(images: 300, split: "hold-out").members(), to: "hold-out")
    try write(Maker().members(), to: "test")
  }

  private func run(_ arguments: [String]) throws -> Consort {
    // No renderer: what is chosen does not depend on it.
    try Consort(
      arguments, environment: ["CONSORT_DEPS": directory.path], directory: directory.path)
  }

  private func decision(_ name: String = "frontier") throws -> Decision {
    try JSONDecoder().decode(
      Decision.self, from: Data(contentsOf: URL(filePath: path("\(name)/decision.json"))))
  }

  @Test func theHoldOutChoosesAndTheTestJudges() throws {
    try writeBoth()
    let run = try run(["frontier", "hold-out", "test"])
    #expect(run.output.contains("Chosen on 300 hold-out images, reported on 200 test images"))
    #expect(run.output.contains("weighted geometric mean"))
    #expect(!run.output.contains("Nothing could be chosen"))
    let decision = try decision()
    let reference = try #require(decision.candidate(decision.reference))
    let chosen = try #require(decision.candidate(decision.chosen))
    #expect(reference.members == ["large-0"])
    #expect(chosen.holdOut.metrics.top1Accuracy >= reference.holdOut.metrics.top1Accuracy)
    #expect(chosen.holdOut.cost.multiplyAccumulates < 4000)
    #expect(decision.holdOut.count == 300 && decision.test.count == 200)
    #expect(Set(decision.candidates.map(\.kind)).isSuperset(of: [.single, .ensemble, .cascade]))
  }

  @Test func budgetsAndAccuraciesPickOthers() throws {
    try writeBoth()
    func chosen(_ arguments: [String]) throws -> Candidate {
      _ = try run(["frontier", "hold-out", "test"] + arguments)
      let decision = try decision()
      return try #require(decision.candidate(decision.chosen))
    }
    #expect(try chosen(["--max-cost", "1k"]).members.count == 1)
    #expect(try chosen(["--max-cost", "3k", "--max-stages", "1"]).members.count <= 3)
    #expect(try chosen(["--max-cost", "1k", "--at", "worst"]).members.count == 1)
    #expect(try chosen(["--max-members", "1", "--max-stages", "1"]).members.count == 1)
    #expect(try !chosen(["--same-network"]).network.contains("+"))
    let accurate = try chosen(["--min-accuracy", "95"])
    #expect(accurate.holdOut.metrics.top1Accuracy >= 0.95)
    let unreachable = try run(["frontier", "hold-out", "test", "--max-cost", "10"])
    #expect(unreachable.status == 1)
    #expect(unreachable.errors.contains("the cheapest costs 1000"))
    let perfect = try run(["frontier", "hold-out", "test", "--min-accuracy", "100"])
    #expect(perfect.status == 1 && perfect.errors.contains("100 % (the best has 9"))
  }

  @Test func latenciesOfAListCount() throws {
    try writeBoth()
    var lists: [String] = []
    for split in ["hold-out", "test"] {
      let members = ["small-0", "small-1", "small-2", "large-0"].map { name in
        """
        {"file": "\(split)/\(name).safetensors",
         "latencyMilliseconds": \(name == "large-0" ? 9.0 : 2.0)}
        """
      }
      let list = "{\"split\": \"\(split)\", \"members\": [\(members.joined(separator: ","))]}"
      try DurableFile.write(list, to: path("\(split).json"))
      lists.append("\(split).json")
    }
    _ = try run(
      ["frontier"] + lists
        + ["--cost", "parallel-latency", "--max-cost", "2ms", "--max-stages", "1"])
    let parallel = try decision()
    #expect(!parallel.deployed.members.contains("large-0"))
    #expect(parallel.deployed.test.cost.parallelLatencyMilliseconds == 2)
    #expect(
      parallel.candidates.contains { candidate in
        candidate.members.count == 3 && candidate.test.cost.parallelLatencyMilliseconds == 2
      })
    _ = try run(["frontier"] + lists + ["--cost", "latency", "--max-cost", "2ms"])
    #expect(try decision().deployed.members.count == 1)
    let unmeasured = try run(["frontier", "hold-out", "test", "--cost", "latency"])
    #expect(unmeasured.status == 1 && unmeasured.errors.contains("the latency of '"))
    #expect(try run(["frontier"] + lists + ["--cost", "latency", "--max-cost", "2M"]).status == 2)
  }

  /// A list called as a file of the report, in the directory where this goes.
  @Test func nothingThatIsReadIsReplaced() throws {
    try writeBoth()
    try DurableFile.write(
      #"{"split": "test", "members": [{"file": "test/large-0.safetensors"}]}"#,
      to: path("frontier.json"))
    try DurableFile.write("a table", to: path("candidates.csv"))
    for command in ["frontier", "report"] {
      let run = try run([command, "frontier.json", "--out", "./"])
      #expect(run.status == 2)
      #expect(run.errors.contains("would replace 'frontier.json', which is read"), "\(run.errors)")
    }
    let labels = try run(
      ["frontier", "hold-out", "test", "--labels", "candidates.csv", "--out", "."])
    #expect(labels.errors.contains("would replace 'candidates.csv', which is read"))
    #expect(try String(contentsOfFile: path("candidates.csv"), encoding: .utf8) == "a table")
    #expect(!Directory.exists(path("frontier.csv")))
  }

  /// The page shows images of predictions from files only where they are the ones that were predicted.
  @Test func imagesOfPredictionsAreTheirOwn() throws {
    for place in ["train/0", "train/1", "test/0", "test/1"] {
      for name in ["a", "b"] {
        try directory.write(image("rgb.png"), to: "data/\(place)/\(name).png")
      }
    }
    let cache = path("cache")
    let test = try ImageDataset.load(directory: path("data"), cacheDirectory: cache).test
    let judging = Maker(
      images: 4, classes: 2, fingerprint: test.fingerprint, labels: test.labels)
    try write(Maker(images: 300, classes: 2, split: "hold-out").members(), to: "hold-out")
    try write(judging.members(), to: "test")
    let command = ["frontier", "hold-out", "test", "--title", "Two classes"]
    let shown = try run(command + ["--data", "data"])
    #expect(!shown.errors.contains("not known to be"), "\(shown.errors)")
    let chart = try String(contentsOfFile: path("frontier/frontier.vl.json"), encoding: .utf8)
    #expect(chart.contains("Two classes"))
    try directory.write(image("rgb.png"), to: "data/test/1/c.png")
    let other = try run(command + ["--data", "data"])
    #expect(other.status == 1)
    #expect(
      other.errors.contains(
        "the predictions in 'test' are not known to be of the test images of 'data'"))
  }

  /// Without a hold-out the terminal says that nothing is chosen.
  @Test func nothingIsChosenWithoutAHoldOut() throws {
    try write(Maker().members(), to: "test")
    let run = try run(["frontier", "test"])
    #expect(run.output.contains("Nothing could be chosen: there are no hold-out predictions"))
    #expect(!Directory.exists(path("test/frontier/decision.json")))
  }

  @Test func aHoldOutOfFewImagesIsDoubted() throws {
    try write(Maker(images: 20, split: "hold-out").members(), to: "hold-out")
    try write(Maker().members(), to: "test")
    let run = try run(["frontier", "hold-out", "test"])
    #expect(run.output.contains("Careful: only 20 images of 'hold-out' choose."))
  }

  @Test func aMemberUnderTwoNamesIsDoubted() throws {
    for split in ["hold-out", "test"] {
      let images = split == "test" ? 200 : 300
      let members = try Maker(images: images, split: split).members()
      try write(members + [members[0].renamed("copy")], to: split)
    }
    let run = try run(["frontier", "hold-out", "test"])
    #expect(
      run.output.replacing("\n", with: " ").contains(
        "Careful: copy and small-0 predict the same to the last bit"))
  }

  /// A limit in seconds is on record, and options that would be ignored are refused.
  @Test func timeAndPromises() throws {
    try writeBoth()
    let cut = try run(["frontier", "hold-out", "test", "--seconds", "0.000001"])
    #expect(cut.output.contains("(--seconds)"), "\(cut.output)")
    #expect(try decision().search?.seconds == 0.000001)
    #expect(try decision().search?.isCut == true)
    for arguments in [
      ["--margin", "1"], ["--seconds", "0"], ["--seconds", "-1"], ["--seconds", "nan"],
      ["--tolerance", "-1"], ["--tolerance", "100"], ["--confidence", "50"],
      ["--confidence", "100"], ["--confidence", "entropy"], ["--at", "p99"],
      ["--max-cost", "9k", "--at", "p100"],
    ] {
      #expect(try run(["frontier", "hold-out", "test"] + arguments).status == 2, "\(arguments)")
    }
    let all = [
      "--tolerance", "0", "--confidence", "90", "--min-accuracy", "80", "--max-cost", "9k", "--at",
      "p99",
    ]
    _ = try run(["frontier", "hold-out", "test"] + all)
    let options = try decision().options
    #expect(options.tolerance == 0 && options.confidence == 90 && options.minimumAccuracy == 0.8)
    #expect(options.costQuantile == .percentile(99))
    let huge = try run(
      ["frontier", "hold-out", "test", "--max-members", "4", "--max-subsets", "2000000000"])
    #expect(huge.errors.isEmpty || !huge.errors.contains("GiB"))
  }

  @Test func shiftedImagesStandBeside() throws {
    try writeBoth()
    try write(Maker(images: 50, split: "night").members(), to: "night")
    _ = try run(["frontier", "hold-out", "test", "--shifted", "night"])
    let decision = try decision()
    #expect(decision.shifted?.count == 50)
    #expect(decision.candidates.allSatisfy { $0.shifted != nil })
    let refused = try run(["frontier", "hold-out", "test", "--shifted", "hold-out"])
    #expect(refused.status == 1 && refused.errors.contains("the choice was made on"))
  }

  @Test func membersOfOneNameInTwoSourcesAreTold() throws {
    let one = try Maker().members()
    try write(one, to: "a")
    try write(one.map { try $0.renamed($0.name) }, to: "b")
    let run = try run(["frontier", "a", "b", "--json"])
    let curves = try #require(run.frontier()["curves"] as? [[String: Any]])
    let names = curves.flatMap { $0["members"] as? [String] ?? [] }
    #expect(names.contains("a/small-0") && names.contains("b/large-0") && names.count == 8)
  }

  @Test func oneImageOneClassAndTiesAreDecided() throws {
    for (images, classes) in [(1, 3), (5, 1), (40, 2)] {
      try? FileManager.default.removeItem(atPath: path("hold-out"))
      try? FileManager.default.removeItem(atPath: path("test"))
      try write(
        Maker(images: images + 1, classes: classes, split: "hold-out").members(), to: "hold-out")
      // The very same predictions twice: every accuracy ties.
      let member = try Maker(images: images, classes: classes).members()[0]
      try write(
        ["small-0", "small-1", "small-2"].map { try member.renamed($0) }
          + [Maker(images: images, classes: classes).members()[3]], to: "test")
      let run = try run(["frontier", "hold-out", "test"])
      #expect(run.output.contains("hold-out images"))
      #expect(try decision().candidates.count >= 4)
    }
  }

  /// Everything that is refused, with what is said of it.
  @Test func badPredictionsAreRefusedAndNothingIsWritten() throws {
    try writeBoth()
    let good = try Maker().members()
    func refused(_ sources: [String], _ words: String..., line: Int = #line) throws {
      let run = try run(["frontier"] + sources + ["--out", "out"])
      #expect(run.status == 1 && run.output == "", "line \(line)")
      for word in words { #expect(run.errors.contains(word), "line \(line): \(run.errors)") }
      #expect(!Directory.exists(path("out")), "line \(line)")
    }
    // A hold-out that is the test set.
    try write(Maker(fingerprint: "same").members(), to: "same-test")
    try write(Maker(split: "hold-out", fingerprint: "same").members(), to: "same-hold-out")
    try refused(["same-hold-out", "same-test"], "that the choice was made on", "'same'")
    // Other images, labels, classes or numbers of images than their fellows.
    try write([good[0]], to: "one")
    try write([Maker(fingerprint: "others").member("x", "n", macs: 1, errors: 3)], to: "others")
    try refused(["one", "others"], "different data", "fingerprints")
    let labels = (0..<200).map { Int64(($0 + 1) % 3) }
    try write([Maker(labels: labels).member("x", "n", macs: 1, errors: 3)], to: "labels")
    try refused(["one", "labels"], "labels 0 and 1 of image 0")
    try write([Maker(classes: 4).member("x", "n", macs: 1, errors: 3)], to: "classes")
    try refused(["one", "classes"], "3 and 4 classes")
    try write([Maker(images: 7).member("x", "n", macs: 1, errors: 3)], to: "fewer")
    try refused(["one", "fewer"], "200 and 7 images")
    // Members without hold-out predictions beside such that have them.
    try refused(["hold-out", "test", "others"], "1 of 5 members have no hold-out predictions", "x")
    // A member twice, and only a hold-out.
    try refused(["one", "one"], "give each member once")
    try refused(["hold-out"], "hold-out predictions only")
  }

  @Test func badFilesOfOtherProgramsAreRefusedAndNothingIsWritten() throws {
    let costs = "\"macs\": 10, \"parameters\": 5"
    let head = "label,a,b\n"
    func refused(
      _ file: String, _ content: [UInt8], _ words: String, beside rows: String? = nil
    ) throws {
      try directory.write(content, to: file)
      if let rows { try DurableFile.write(head + rows, to: path("whole.csv")) }
      let files = (rows == nil ? [] : ["whole.csv"]) + [file]
      let members = files.map { "{\"file\": \"\($0)\", \(costs)}" }.joined(separator: ", ")
      try DurableFile.write(
        "{\"split\": \"test\", \"members\": [\(members)]}", to: path("list.json"))
      let run = try run(["frontier", "list.json", "--out", "out"])
      #expect(run.status == 1 && run.output == "")
      #expect(run.errors.contains(words) && run.errors.contains(file), "\(run.errors)")
      #expect(!Directory.exists(path("out")))
    }
    try refused("nan.csv", Array((head + "0,nan,1\n").utf8), "nan")
    try refused("row.csv", Array((head + "0,1,2\n1,3\n").utf8), "line 3")
    try refused("label.csv", Array((head + "2,1,2.5\n").utf8), "labels of 2 to 2")
    // A row that its fellow has.
    let short = Array((head + "0,1,2.5\n").utf8)
    try refused("short.csv", short, "2 and 1 images", beside: "0,1,2.5\n1,3,1\n")
    let pickled = "\u{93}NUMPY".unicodeScalars.map { UInt8($0.value) } + [1, 0]
    let dictionary = "{'descr': '|O', 'fortran_order': False, 'shape': (2, 3), }"
    let padded = dictionary + String(repeating: " ", count: 117 - dictionary.utf8.count) + "\n"
    try refused(
      "objects.npy", pickled + [118, 0] + Array(padded.utf8) + [0x80, 4, 0x2E], "pickled")
    // Log-probabilities whose probabilities sum to two.
    let member = try Maker(images: 2).member("m", "n", macs: 1, errors: 0)
    try member.write(to: path("m.safetensors"))
    var bytes = try Array(Data(contentsOf: URL(filePath: path("m.safetensors"))))
    let header = 8 + Int(bytes[0]) + 256 * Int(bytes[1])
    // As of an earlier version, whose files have no checksum.
    let checksum = try #require(bytes.firstRange(of: Array("sha256".utf8)))
    bytes[checksum.upperBound - 1] = UInt8(ascii: "x")
    for (value, words) in [(Float(0.7), "sum to"), (Float.nan, "hold nan")] {
      let offset = header + offsetOfScores(bytes, header: header)
      withUnsafeBytes(of: value.bitPattern.littleEndian) {
        bytes.replaceSubrange(offset..<offset + 4, with: $0)
      }
      try directory.write(bytes, to: "bad.safetensors")
      let run = try run(["frontier", "bad.safetensors", "--out", "out"])
      #expect(
        run.status == 1 && run.errors.contains(words) && run.errors.contains("image 0"),
        "\(run.errors)")
      #expect(!Directory.exists(path("out")))
    }
  }

  /// Where the log-probabilities begin after a safetensors header.
  private func offsetOfScores(_ bytes: [UInt8], header: Int) -> Int {
    let object = try? JSONSerialization.jsonObject(with: Data(bytes[8..<header]))
    let entry = (object as? [String: Any])?["log_probabilities"] as? [String: Any]
    return (entry?["data_offsets"] as? [Int])?.first ?? 0
  }
}
