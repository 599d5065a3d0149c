import Ensembles
import Foundation
import Predictions
import TestSupport
import Testing

/// From a decision to an ensemble's directory, and what predicts with it.
@Suite struct DeployTests {
  private static let feeding = [
    "--crop-padding", "0", "--mean", "imagenet", "--std", "imagenet", "--interpolation", "bilinear",
  ]
  private static let models = ["logits", "softmax", "log-softmax"]

  private static func run(_ arguments: [String], in directory: TemporaryDirectory) throws
    -> Consort
  {
    try Consort(
      arguments, environment: ["XDG_CACHE_HOME": "\(directory.path)/cache"],
      directory: directory.path)
  }

  /// Three of the model's five classes, and what cannot be decoded.
  private static func writeImages(to directory: TemporaryDirectory) throws {
    try directory.write(image("subsampled.jpg"), to: "data/class 1/a.jpg")
    try directory.write(Array(image("subsampled.jpg").prefix(400)), to: "data/class 1/cut.jpg")
    try directory.write(image("grey.jpg"), to: "data/class 3/b.jpg")
    try directory.write(image("rgb.png"), to: "data/class 3/c.png")
    try directory.write(image("full.jpeg"), to: "data/class 4/d.jpeg")
  }

  private static func candidate(
    _ id: String, _ members: [String], _ combination: String = #"{"rule": "geometricMean"}"#,
    rest: String = ""
  ) -> String {
    let names = members.map { "\"\($0)\"" }.joined(separator: ", ")
    return """
      {"id": "\(id)", "members": [\(names)], "combination": \(combination), "holdOut": null,
      "why": ["it is cheap"]\(rest)}
      """
  }

  private static func write(
    _ candidates: [String], to directory: TemporaryDirectory, name: String = "decision.json"
  ) throws {
    let text = """
      {"version": 1, "deployed": \(candidates[0]), "candidates": [\(candidates.joined(separator: ", "))],
      "later": {}}
      """
    try directory.write(Array(text.utf8), to: name)
  }

  private static func build(
    _ operands: [String], _ options: [String] = [], in directory: TemporaryDirectory
  ) throws -> Consort {
    try run(
      ["build-ensemble"] + operands + ["--decision", "decision.json", "--out", "built"] + options
        + feeding, in: directory)
  }

  private static func manifest(_ directory: TemporaryDirectory, _ name: String = "built") throws
    -> [String: Any]
  {
    let data = try Data(contentsOf: URL(filePath: "\(directory.path)/\(name)/ensemble.json"))
    return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  private static func names(_ directory: TemporaryDirectory, _ name: String = "built") throws
    -> [String]
  {
    let members = try #require(try manifest(directory, name)["members"] as? [[String: Any]])
    return members.compactMap { $0["name"] as? String }
  }

  /// A cascade where no image stops after the first member, or every one does.
  private static func cascade(_ threshold: String) -> String {
    #"""
    {"rule": "geometricMean", "temperature": 1.5, "memberTemperatures": [1, 2, 0.5],
    "cascade": {"confidence": "maximumProbability", "confidenceThresholds": [\#(threshold), null]}}
    """#
  }

  /// Files without names of classes get them from a list, which a file with other names does not take.
  @Test func classesAreNamedWhereMembersDoNot() throws {
    let directory = try TemporaryDirectory()
    try directory.write(Array("a\nb\nc\nd\ne\n".utf8), to: "classes.txt")
    try directory.write(Array("a\nb\n".utf8), to: "two.txt")
    let command = ["build-ensemble", model("softmax"), "--out", "built"] + Self.feeding
    let few = try Self.run(command + ["--labels", "two.txt"], in: directory)
    #expect(few.status == 1 && few.errors.contains("'two.txt'"), "\(few.errors)")
    let built = try Self.run(command + ["--labels", "classes.txt"], in: directory)
    #expect(built.status == 0, "\(built.errors)")
    #expect(
      try Self.manifest(directory)["labels"] as? [String] == ["a", "b", "c", "d", "e"])
    try directory.write(Array("e\nd\nc\nb\na\n".utf8), to: "other.txt")
    let other = try Self.run(
      ["build-ensemble", "built", "--labels", "other.txt", "--out", "again"], in: directory)
    #expect(other.status == 2 && other.errors.contains("names the classes otherwise"))
  }

  @Test func whatWasDecidedIsBuilt() throws {
    let directory = try TemporaryDirectory()
    try Self.write(
      [
        Self.candidate(
          "cascade", ["softmax", "logits", "log-softmax"], Self.cascade("0.5"),
          rest: #", "exitFractions": [0.5, 0, 0.5], "expectedMultiplyAccumulates": 13864"#),
        Self.candidate(
          "pair", ["logits", "softmax"], #"{"rule": "geometricMean", "weights": [0.75, 0.25]}"#),
      ], to: directory)
    let operands = Self.models.map(model)
    let built = try Self.build(operands, in: directory)
    #expect(built.status == 0, "\(built.errors)")
    #expect(built.output == "built: 3 members, 20.8 k MACs an image through all, 13.9 k expected\n")
    #expect(try Self.names(directory) == ["softmax", "logits", "log-softmax"])
    let manifest = try Self.manifest(directory)
    #expect(manifest["version"] as? Int == 2)
    #expect(manifest["temperature"] as? Double == 1.5)
    #expect(manifest["memberTemperatures"] as? [Double] == [1, 2, 0.5])
    #expect(manifest["exitFractions"] as? [Double] == [0.5, 0, 0.5])
    #expect(manifest["expectedMultiplyAccumulates"] as? Double == 13864)
    let cascade = try #require(manifest["cascade"] as? [String: Any])
    #expect((cascade["confidenceThresholds"] as? [Any])?.first as? Double == 0.5)
    #expect((cascade["confidenceThresholds"] as? [Any])?.last is NSNull)
    let pair = try Self.run(
      ["build-ensemble"] + operands + [
        "--decision", "decision.json", "--candidate", "pair", "--out", "pair",
      ] + Self.feeding, in: directory)
    #expect(pair.status == 0, "\(pair.errors)")
    #expect(try Self.manifest(directory, "pair")["weights"] as? [Double] == [0.75, 0.25])
    #expect(try Self.names(directory, "pair") == ["logits", "softmax"])
    // An ensemble that is built of an ensemble is the same one.
    let again = try Self.run(["build-ensemble", "built", "--out", "again"], in: directory)
    #expect(again.status == 0, "\(again.errors)")
    let copy = try Self.manifest(directory, "again")
    #expect(copy as NSDictionary == manifest as NSDictionary)
    let plain = try Self.run(
      ["build-ensemble", "built", "--rule", "majority-vote", "--out", "plain"], in: directory)
    #expect(plain.status == 0, "\(plain.errors)")
    #expect(try Self.manifest(directory, "plain")["cascade"] == nil)
    #expect(try Self.manifest(directory, "plain")["exitFractions"] == nil)
  }

  /// Models hold no predictions: a name and a cost are all that says that they are the decision's members.
  @Test func modelsAreToldByNameAndCost() throws {
    let directory = try TemporaryDirectory()
    try Self.write([Self.candidate("a", ["logits", "softmax"])], to: directory)
    let earlier = try Self.build([model("logits"), model("softmax")], in: directory)
    #expect(earlier.status == 0)
    #expect(
      earlier.errors.contains("does not say what its members predict (an earlier version wrote it)")
    )
    let manifest = try #require(try Self.manifest(directory)["members"] as? [[String: Any]])
    func identity(_ place: Int, factor: Int) throws -> String {
      let macs = try #require(manifest[place]["multiplyAccumulates"] as? Int)
      let parameters = try #require(manifest[place]["parameters"] as? Int)
      return """
        {"name": "\(Self.models[place])", "network": "n", "multiplyAccumulates": \(macs * factor),
        "parameters": \(parameters), "holdOutSHA256": "a", "testSHA256": "b"}
        """
    }
    let text = try """
    {"version": 1, "candidates": [], "deployed": \(Self.candidate("a", ["logits", "softmax"])),
    "members": [\(identity(0, factor: 1)), \(identity(1, factor: 2))]}
    """
    try directory.write(Array(text.utf8), to: "decision.json")
    try FileManager.default.removeItem(atPath: "\(directory.path)/built")
    let built = try Self.build([model("logits"), model("softmax")], in: directory)
    #expect(built.status == 0)
    #expect(
      built.errors.contains("taken for the decision's member by its name and cost alone"),
      "\(built.errors)")
    #expect(built.errors.contains("MACs and"), "\(built.errors)")
    #expect(built.errors.contains("for 'softmax': is it the same model?"), "\(built.errors)")
  }

  @Test func membersComeFromAnyMixOfOperands() throws {
    let directory = try TemporaryDirectory()
    let first = try Self.run(
      ["build-ensemble", model("logits"), model("softmax"), "--out", "a/first"] + Self.feeding,
      in: directory)
    #expect(first.status == 0, "\(first.errors)")
    let operands = ["a/first", model("logits"), model("logits"), model("log-softmax")]
    let members = [
      "log-softmax", "logits.onnx/logits (2)", "first/logits", "softmax", "logits.onnx/logits",
    ]
    try Self.write([Self.candidate("all", members)], to: directory)
    let built = try Self.build(operands, in: directory)
    #expect(built.status == 0, "\(built.errors)")
    #expect(try Self.names(directory) == members)
    // By hand, in the order of the names.
    let hand = try Self.run(
      ["build-ensemble"] + operands + [
        "--members", "softmax,first/logits", "--rule", "arithmetic-mean", "--out", "hand",
      ] + Self.feeding, in: directory)
    #expect(hand.status == 0, "\(hand.errors)")
    #expect(try Self.names(directory, "hand") == ["softmax", "first/logits"])
    try FileManager.default.copyItem(
      atPath: "\(directory.path)/a", toPath: "\(directory.path)/b")
    // Two of one name in different places are two; one given twice is one.
    let two = try Self.run(
      ["build-ensemble", "a/first", "b/first", "--out", "two"], in: directory)
    #expect(two.status == 0, "\(two.errors)")
    #expect(
      try Self.names(directory, "two") == [
        "a/first/logits", "a/first/softmax", "b/first/logits", "b/first/softmax",
      ])
    let twins = try Self.run(
      ["build-ensemble", "a/first", "a/first", "--out", "twins"], in: directory)
    #expect(twins.status == 2)
    #expect(twins.errors.contains("'a/first' and 'a/first' both hold 'first/logits'"))
  }

  @Test(arguments: [
    ("{", [], "'decision.json' is not a decision: it is not JSON"),
    ("[]", [], "it is not a JSON object"), ("{}", [], "'version' is missing"),
    (#"{"version": 3}"#, [], "its version is 3, not 1 or 2"),
    (#"{"version": 1, "candidates": []}"#, [], "it has nothing \"deployed\""),
    (#"{"version": 1, "candidates": [{"id": 1}]}"#, [], "'candidates[0].id' is of another type"),
    (
      #"{"version": 1, "candidates": [\#(candidate("a", ["x"], #"{"rule": "mean"}"#))]}"#, [],
      "'candidates[0].combination.rule' has a value that is not known"
    ),
    (
      #"{"version": 1, "candidates": [\#(candidate("a", ["x"])), \#(candidate("b", ["x"]))]}"#,
      ["--candidate", "c"], "has no candidate 'c' (it has a, b); name one of them"
    ),
  ])
  func brokenDecisionsAreRefused(text: String, options: [String], message: String) throws {
    let directory = try TemporaryDirectory()
    try directory.write(Array(text.utf8), to: "decision.json")
    let run = try Self.build([model("logits")], options, in: directory)
    #expect(run.status == 1 && !run.wasKilled && run.output == "")
    #expect(run.errors.contains(message), "\(run.errors)")
    #expect(try directory.names() == ["decision.json"])
  }

  @Test(arguments: [
    (candidate("a", []), "it has no members"), (candidate("a", ["logits", "logits"]), "twice"),
    (
      candidate("a", ["logits", "other"]),
      "needs other, which the models given do not have (they have logits, softmax); give"
    ),
    (
      candidate("a", ["logits", "softmax"], #"{"rule": "arithmeticMean", "weights": [1, 0]}"#),
      "'a' of 'decision.json' cannot be built: weights go with the geometric mean"
    ),
    (candidate("a", ["logits", "softmax"], cascade("0.5")), "it has 3 temperatures for 2 members"),
    (
      candidate("a", ["logits", "softmax"], rest: #", "exitFractions": [1]"#),
      "'a' of 'decision.json' cannot be built: it has 1 exit fractions for 2 members"
    ),
    (
      candidate(
        "a", ["logits", "softmax"],
        #"{"rule": "geometricMean", "cascade": {"confidence": "maximumProbability", "confidenceThresholds": [1.5]}}"#
      ),
      "the threshold 1.5 of its cascade is not a probability, in 0...1"
    ),
    (
      candidate("a", ["logits", "softmax"], rest: #", "id": "b""#),
      "'decision.json' is not a decision: the key 'id' stands twice in one object"
    ),
    (
      candidate("a", ["logits", "softmax"], rest: #", "expectedMultiplyAccumulates": -1"#),
      "its expected cost is not above 0"
    ),
  ])
  func candidatesThatCannotBeBuiltLeaveNothing(candidate: String, message: String) throws {
    let directory = try TemporaryDirectory()
    try Self.write([candidate], to: directory)
    let run = try Self.build([model("logits"), model("softmax")], in: directory)
    #expect(run.status == 1 && !run.wasKilled && run.output == "")
    #expect(run.errors.contains(message), "\(run.errors)")
    #expect(try directory.names() == ["decision.json"])
  }

  @Test func nothingIsReplacedAndOptionsMustFit() throws {
    let directory = try TemporaryDirectory()
    try Self.write([Self.candidate("a", ["logits"])], to: directory)
    try directory.write([1], to: "built")
    let taken = try Self.build([model("logits")], in: directory)
    #expect(taken.status == 1 && taken.errors.contains("there is something at 'built' already"))
    for (options, message) in [
      (["--decision", "decision.json", "--rule", "logit-mean"], "--rule and --decision exclude"),
      (["--decision", "decision.json", "--members", "logits"], "--members and --decision exclude"),
      (["--candidate", "a"], "--candidate goes with --decision"),
    ] {
      let run = try Self.run(
        ["build-ensemble", model("logits"), "--out", "new"] + options + Self.feeding, in: directory)
      #expect(run.status == 2 && run.errors.contains(message), "\(run.errors)")
    }
    let missing = try Self.run(
      ["build-ensemble", model("logits"), "--out", "new", "--decision", "none.json"], in: directory)
    #expect(missing.status == 1 && missing.errors.contains("none.json"))
    // Without content, but too long to be looked at.
    let handle = try FileHandle(
      forWritingTo: URL(filePath: directory.write([], to: "decision.json")))
    try handle.truncate(atOffset: (64 << 20) + 1)
    try FileManager.default.removeItem(atPath: "\(directory.path)/built")
    let long = try Self.build([model("logits")], in: directory)
    #expect(long.status == 1 && long.errors.contains("it is over 64 MiB"), "\(long.errors)")
    #expect(try directory.names() == ["decision.json"])
  }

  /// A threshold that half of the images reach by the first member.
  private static func middle(_ member: Predictions) -> Double {
    let sure = member.withLogProbabilities { values in
      (0..<member.count).map { image in
        exp(Double(values[image * 5..<(image + 1) * 5].max() ?? 0))
      }
    }.sorted()
    return (sure[sure.count / 2 - 1] + sure[sure.count / 2]) / 2
  }

  /// Predicts with a cascade at which images stop after the first member as the threshold has it.
  private static func predict(
    threshold: String, _ options: [String], in directory: TemporaryDirectory
  ) throws -> Consort {
    try writeImages(to: directory)
    try write(
      [
        candidate(
          "c", models, cascade(threshold), rest: #", "exitFractions": [0.25, 0, 0.75]"#)
      ], to: directory)
    let built = try build(models.map(model), in: directory)
    try #require(built.status == 0, "\(built.errors)")
    return try run(
      ["predict", "built", "--data", "data", "--corrupt", "skip"] + options, in: directory)
  }

  @Test func cascadesStopEarly() throws {
    let directory = try TemporaryDirectory()
    // Whatever the first member says is sure enough.
    let run = try Self.predict(
      threshold: "0", ["--json", "--out", "found", "--split", "hold-out"], in: directory)
    #expect(run.status == 0, "\(run.errors)")
    let answer = try run.object()
    #expect(answer["exitFractions"] as? [Double] == [1, 0, 0])
    #expect(answer["images"] as? Int == 4)
    let members = try #require(answer["members"] as? [[String: Any]])
    #expect(members.map { $0["imageFraction"] as? Double } == [1, 0, 0])
    #expect(members.map { $0["metrics"] != nil } == [true, false, false])
    let ensemble = try #require(answer["ensemble"] as? [String: Any])
    #expect(ensemble["multiplyAccumulates"] as? Int == 6932)
    #expect(answer["expectedMultiplyAccumulates"] as? Double == 6932)
    #expect(ensemble["metrics"] != nil)
    #expect(
      try directory.names(in: "found") == ["ensemble.safetensors", "member-0.safetensors"])
    let written = try Predictions(path: "\(directory.path)/found/ensemble.safetensors")
    #expect(written.split == "hold-out" && written.labels == [1, 3, 3, 4])
    let text = try Self.run(
      ["predict", "built", "--data", "data", "--corrupt", "skip"], in: directory)
    #expect(text.output.contains("– (saw 0.00 %)"))
    #expect(
      text.output.contains(
        "stopped after: logits 100.00 %, softmax 0.00 %, log-softmax 0.00 %\n"))
    #expect(text.output.contains("combined by geometric-mean, with temperatures, as a cascade\n"))
    #expect(text.output.hasSuffix(" ms an image\n"))
  }

  @Test func aCascadeGivesWhatItsMembersGiveTogether() throws {
    let directory = try TemporaryDirectory()
    _ = try Self.predict(threshold: "0", ["--out", "first"], in: directory)
    let threshold = try Self.middle(
      Predictions(path: "\(directory.path)/first/member-0.safetensors"))
    try FileManager.default.removeItem(atPath: "\(directory.path)/built")
    let whole = try Self.predict(
      threshold: "\(threshold)", ["--json", "--out", "whole", "--all-members"], in: directory)
    #expect(whole.status == 0, "\(whole.errors)")
    #expect(try whole.object()["exitFractions"] as? [Double] == [0.5, 0, 0.5])
    let staged = try Self.run(
      ["predict", "built", "--data", "data", "--corrupt", "skip", "--json", "--out", "staged"],
      in: directory)
    #expect(staged.status == 0, "\(staged.errors)")
    for key in ["ensemble", "exitFractions", "expectedMultiplyAccumulates", "fingerprint"] {
      let values = try [whole, staged].map { try $0.object()[key] as? NSObject }
      #expect(values[0] != nil && values[0] == values[1], "\(key)")
    }
    let members = try (0..<3).map {
      try Predictions(path: "\(directory.path)/whole/member-\($0).safetensors")
    }
    let combination = try JSONDecoder().decode(
      Combination.self, from: Data(Self.cascade("\(threshold)").utf8))
    let expected = try combination.combine(members, name: "ensemble")
    for place in ["whole", "staged"] {
      let found = try Predictions(path: "\(directory.path)/\(place)/ensemble.safetensors")
      #expect(found.withLogProbabilities(Array.init) == expected.withLogProbabilities(Array.init))
      #expect(found.multiplyAccumulates == expected.multiplyAccumulates)
    }
    // A rule that is given counts alone.
    let plain = try Self.run(
      [
        "predict", "built", "--data", "data", "--corrupt", "skip", "--json", "--rule",
        "geometric-mean", "--out", "plain",
      ], in: directory)
    #expect(try plain.object()["exitFractions"] == nil)
    let combined = try Predictions(combining: members, name: "ensemble")
    let found = try Predictions(path: "\(directory.path)/plain/ensemble.safetensors")
    #expect(found.withLogProbabilities(Array.init) == combined.withLogProbabilities(Array.init))
  }

  @Test func splitsHaveSimpleNames() throws {
    let directory = try TemporaryDirectory()
    for name in ["", "Hold-out", "a b", "../a", String(repeating: "a", count: 41)] {
      let run = try Self.run(
        ["predict", model("logits"), "--data", "data", "--split", name] + Self.feeding,
        in: directory)
      let reason = name.isEmpty ? "--split" : "--split is 1 to 40 of a-z"
      #expect(run.status == 2 && run.errors.contains(reason), "\(run.errors)")
    }
  }

  @Test func theLatencyOfACascadeIsExpectedAndMeasured() throws {
    let directory = try TemporaryDirectory()
    _ = try Self.predict(threshold: "0.5", [], in: directory)
    let bench = ["bench", "built", "--batch", "1,2", "--threads", "1,2", "--seconds", "0.02"]
    let run = try Self.run(bench + ["--json"], in: directory)
    #expect(run.status == 0, "\(run.errors)")
    let rows = try #require(try run.object()["cascade"] as? [[String: Any]])
    #expect(rows.map { $0["threads"] as? Int } == [1, 2, 1, 2])
    for row in rows {
      let members = try #require(row["members"] as? [[String: Any]])
      #expect(members.map { $0["name"] as? String } == Self.models)
      #expect(members.map { $0["imageFraction"] as? Double } == [1, 0.75, 0.75])
      let times = members.compactMap { $0["medianMilliseconds"] as? Double }
      let expected = try #require(row["expectedMilliseconds"] as? Double)
      #expect(abs(expected - (times[0] + 0.75 * times[1] + 0.75 * times[2])) < 1e-9)
      // Of several images at a time some stop, and the others would be made up into other batches.
      let whole = row["measured"] as? [String: Any]
      #expect((whole != nil) == (row["batch"] as? Int == 1))
      guard let whole else { continue }
      #expect(whole["rounds"] as? Int == 5)
      let all = try #require(whole["throughAllMembers"] as? [String: Double])
      let mean = try #require(whole["onAverage"] as? [String: Double])
      for time in [all, mean] {
        let (least, median) = (try #require(time["least"]), try #require(time["median"]))
        #expect(least > 0 && least <= median && median <= time["greatest"] ?? 0)
      }
    }
    let text = try Self.run(bench, in: directory)
    #expect(text.output.contains("expected of the cascade"))
    #expect(text.output.contains("measured of the cascade"))
  }
}
