import EnsembleTestSupport
import Files
import TestSupport
import Testing

@testable import Decisions
@testable import Ensembles
@testable import Predictions
@testable import Statistics

@Suite struct ImportTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private static let description = MemberDescription(
    name: "m", network: "net", multiplyAccumulates: 10, parameters: 5, split: "test")

  private func read(
    _ name: String, labels: String? = nil, kind: ScoreKind? = nil
  ) throws -> Predictions {
    try Predictions(
      importing: fixture("imports/\(name)"), labels: labels.map { fixture("imports/\($0)") },
      as: Self.description, kind: kind)
  }

  /// Every format gives SciPy's log-softmax.
  @Test(arguments: [
    ("logits-f2.npy", "labels.npy"), ("logits-f4.npy", "labels-u1.npy"),
    ("probabilities-f8.npy", "labels.csv"), ("log-probabilities-f8.npy", "labels.npy"),
    ("logits.npz", nil), ("unnamed.npz", nil), ("logits.npz", "labels.csv"),
    ("probabilities.csv", nil), ("compressed.npz", nil), ("fortran.npy", "labels-one-hot.npy"),
    ("big-endian.npy", "labels-float.npy"), ("logits-column.npy", "labels-column.npy"),
    ("log2-f4.npy", "labels.npy"), ("log10-f8.npy", "labels.npy"), ("several.npz", nil),
    ("several.npz", "labels-names.npy"),
  ])
  func scoresOfEveryFormat(_ name: String, _ labels: String?) throws {
    let exact = try Predictions(path: fixture("imports/exact.safetensors"))
    let imported = try read(name, labels: labels)
    #expect(imported.labels == exact.labels && imported.classes == exact.classes)
    #expect(imported.source == fixture("imports/\(name)") && imported.name == "m")
    let values = zip(
      imported.withLogProbabilities { Array($0) }, exact.withLogProbabilities { Array($0) })
    for (actual, expected) in values {
      #expect(actual == expected || abs(actual - expected) < 2e-6)
    }
    // Its images are known by their labels only, where there are no ids: it goes with Consort's own.
    if !["probabilities.csv", "several.npz"].contains(name) {
      #expect(throws: Never.self) { try Predictions.checkSameData([exact, imported]) }
    } else {
      let error = #expect(throws: EnsembleError.self) {
        try Predictions.checkSameData([exact, imported])
      }
      guard case .differentData(exact.source, imported.source, _)? = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }

  @Test func whatIsNotReadIsToldWithItsMend() throws {
    let refused: [(String, String?, ScoreKind?, String)] = [
      ("objects.npy", "labels.npy", nil, "pickled"),
      ("whole.npy", "labels.npy", nil, "every class 0"), ("three.npz", nil, nil, "'a', 'b'"),
      ("wide.npy", "labels.npy", nil, "'<f16'"),
      ("transposed.npy", "labels.npy", nil, "transposed"),
      ("misnamed.npz", nil, nil, "named after logits and holds probabilities"),
      ("logits-f4.npy", "labels-names.npy", nil, "--classes"),
      ("percents.npy", "labels.npy", .probabilities, "unnormalized-probabilities"),
      ("logits-f4.npy", nil, nil, "no labels"), ("logits-f4.npy", "logits-f4.npy", nil, "[12, 5]"),
      ("labels.csv", nil, nil, "no scores"), ("labels.npy", "labels.npy", nil, "[N, C]"),
      ("logits-f4.npy", "labels.npy", .probabilities, "probability"),
      ("logits-f4.npy", "labels.npy", .logProbabilities, "sum to"),
      ("exact.safetensors", nil, nil, ".npy, .npz, .csv and .tsv"),
      ("nowhere.npy", nil, nil, "nowhere.npy"),
      ("probabilities.csv", "nowhere.csv", nil, "nowhere"),
    ]
    for (name, labels, kind, text) in refused {
      let error = #expect(throws: EnsembleError.self, "\(name)") {
        try read(name, labels: labels, kind: kind)
      }
      let description = error?.description ?? ""
      #expect(description.contains(text), "\(description)")
      #expect(description.contains("imports/") && description.contains(";"))
    }
  }

  /// Rounded to two decimals of 1, or to one decimal of per cent: each row normalised.
  @Test(arguments: [("rounded.npy", 0.005), ("percents.npy", 0.0005)])
  func roundedProbabilities(_ name: String, _ error: Double) throws {
    let exact = try Predictions(path: fixture("imports/exact.safetensors"))
    let values = try read(name, labels: "labels.npy").withLogProbabilities { Array($0) }
    for (value, expected) in zip(values, exact.withLogProbabilities { Array($0) }) {
      expectClose(
        exponential(Double(value)), exponential(Double(expected)), within: 3 * error, "\(name)")
    }
  }

  @Test func damagedFilesAreRefused() throws {
    for name in ["compressed.npz", "logits.npz", "logits-f4.npy", "labels.npy"] {
      let bytes = try MappedFile(path: fixture("imports/\(name)")).withBytes { Array($0) }
      let path = "\(directory.path)/\(name)"
      for length in stride(from: 0, to: bytes.count, by: 37) {
        try DurableFile.write(Array(bytes[..<length]), to: path)
        #expect(throws: EnsembleError.self) {
          try Predictions(
            importing: path, labels: fixture("imports/labels.npy"), as: Self.description)
        }
      }
      // Any one byte changed is refused or read, without a crash.
      for place in stride(from: 0, to: bytes.count, by: 5) {
        var damaged = bytes
        damaged[place] ^= 0xFF
        try DurableFile.write(damaged, to: path)
        _ = try? Predictions(importing: path, as: Self.description)
      }
    }
  }

  @Test(arguments: [
    ("label,a,b\n0,0.5,0.5\n1,0.5\n", "line 3"), ("label,a,b\n0,0.5,0.5\n1,,1\n", "under 'a'"),
    ("label,a,a\n0,0.5,0.5\n", "one name"), ("label,a,b\n5,0.5,0.5\n", "image 0 the label 5"),
    ("label,a,b\nx,0.5,0.5\n", "label 'x'"), ("label,a,b\n0,nan,0.5\n", "nan"),
    ("label,a,b\n0,0.5,0.7\n", "sum to 1.2"), ("label,a,b\n", "no scores"), ("", "no line"),
    ("a,b\n0.5,0.5\n", "no labels"), ("label,a,b\n0,\"0.5,0.5\n", "unclosed quote"),
    ("label,a,b\n0,inf,0.5\n", "inf"), ("id,label,a\nx,0,1\nx,0,1\n", "one id"),
  ])
  func badTables(_ text: String, _ message: String) throws {
    let path = "\(directory.path)/scores.csv"
    try DurableFile.write(text, to: path)
    let error = #expect(throws: EnsembleError.self) {
      try Predictions(importing: path, as: Self.description)
    }
    guard case .invalidImport(let source, let reason, let fix)? = error else {
      Issue.record("\(message): \(String(describing: error))")
      return
    }
    // Behind the path stands the line or the image.
    #expect(source.hasPrefix(path))
    let said = "\(source.dropFirst(path.count)) \(reason); \(fix)"
    #expect(said.contains(message), "\(said)")
  }

  @Test func smallestTables() throws {
    let path = "\(directory.path)/scores.csv"
    // One image of one class; labels by name; other systems' ends of lines; a byte-order mark.
    for text in ["label,a\n0,1\n", "\u{FEFF}label,a\r\na, 1 \r\n\r\n", "a,label\n1,a"] {
      try DurableFile.write(text, to: path)
      let read = try Predictions(importing: path, as: Self.description)
      #expect(read.count == 1 && read.classes == 1 && read.labels == [0])
      #expect(read.withLogProbabilities { Array($0) } == [0])
      #expect(try Metrics(of: [read, read]).top1Accuracy == 1)
    }
  }

  @Test func theTestSetMayNotHaveChosen() throws {
    let rows = [[0.5, 0.5], [0.25, 0.75]]
    let test = try member("t", fingerprint: "images", rows, labels: [0, 1])
    let same = try member("h", split: "hold-out", fingerprint: "images", rows, labels: [0, 1])
    let other = try member("h", split: "hold-out", fingerprint: "others", rows, labels: [0, 1])
    let unknown = try member(
      "h", split: "hold-out", fingerprint: DataIdentity.fingerprint(ofLabels: [0, 1]), rows,
      labels: [0, 1])
    for holdOut in [same, unknown] {
      let error = EnsembleError.testDataUsedToChoose(source: "t", fingerprint: "images")
      #expect(throws: error) { try Predictions.checkUnseen([test], by: holdOut.identity) }
    }
    #expect(throws: Never.self) { try Predictions.checkUnseen([test], by: other.identity) }
    #expect(throws: EnsembleError.noMembers) {
      try Predictions.checkUnseen([], by: other.identity)
    }
  }

  /// The first row's label is 3 x 10^4 nats behind: likelihoods cut it, which is said.
  @Test func logitsOfALargeScaleAreSaid() throws {
    try DurableFile.write("label,a,b\n0,-10000,20000\n1,0,5\n", to: "\(directory.path)/x.csv")
    let found = try Predictions(
      importing: "\(directory.path)/x.csv", as: Self.description, kind: .logits)
    let notes = found.notes.map(\.text)
    #expect(
      notes.contains {
        $0.hasPrefix("1 of 2 images gives its own class a probability below 1e-45")
      },
      "\(notes)")
    try DurableFile.write("label,a,b\n0,-100,0\n1,0,5\n", to: "\(directory.path)/y.csv")
    let near = try Predictions(
      importing: "\(directory.path)/y.csv", as: Self.description, kind: .logits)
    #expect(!near.notes.contains { $0.text.contains("below 1e-45") })
  }

  @Test func listsOfPredictions() throws {
    let imports = fixture("imports")
    func list(_ text: String) throws -> PredictionList {
      try DurableFile.write(text, to: "\(directory.path)/list.json")
      return try PredictionList(path: "\(directory.path)/list.json")
    }
    let costs = "\"macs\": 10, \"parameters\": 5"
    let found = try list(
      """
      {"split": "test", "labels": "\(imports)/labels.npy", "members": [
        {"file": "\(imports)/logits-f4.npy", \(costs)},
        {"file": "\(imports)/probabilities-f8.npy", "name": "b", "network": "n", \(costs)},
        {"file": "\(imports)/exact.safetensors"}]}
      """)
    let members = try found.predictions()
    #expect(members.map(\.name) == ["logits-f4", "b", "exact"])
    #expect(members.map(\.network) == ["logits-f4", "n", "net"])
    #expect(try Frontier.analyze(members).curves.count == 3)
    #expect(try found.predictions(labels: "\(imports)/labels.csv").count == 3)
    // Relative to the list; labels in the file.
    try DurableFile.write("label,a,b\n0,1,0\n", to: "\(directory.path)/x.csv")
    let own = try list("{\"split\": \"s\", \"members\": [{\"file\": \"x.csv\", \(costs)}]}")
    #expect(try own.predictions().map(\.name) == ["x"])
    // Others count in floats, or not at all.
    let loose = try list(
      "{\"split\": \"s\", \"members\": [{\"file\": \"x.csv\", \"macs\": 4.1e9, \"parameters\": 25.0}]}"
    ).predictions()[0]
    #expect(loose.multiplyAccumulates == 4_100_000_000 && loose.parameters == 25)
    let uncounted = try list(
      "{\"split\": \"test\", \"members\": [{\"file\": \"x.csv\", \"latencyMilliseconds\": 2.5}]}")
    let timed = try uncounted.predictions()[0]
    #expect(uncounted.members[0].latencyMilliseconds == 2.5 && timed.multiplyAccumulates == 1)
    #expect(timed.notes.contains { $0.text.contains("--cost latency") })
    for (text, message) in [
      ("[]", "is not a list"), ("{", "is not a list"),
      ("{\"split\": \"s\"}", "'members' is missing"),
      ("{\"split\": 1, \"members\": []}", "'split' is of another type"),
      (
        "{\"split\": \"s\", \"split\": \"t\", \"members\": [{\"file\": \"x.csv\"}]}",
        "key 'split' stands twice"
      ),
      (
        "{\"split\": \"s\", \"members\": [{\"file\": \"x.csv\", \"file\": \"y.csv\"}]}",
        "key 'file' stands twice"
      ),
      ("{\"split\": \"s\", \"knd\": \"logits\", \"members\": []}", "did you mean 'kind'?"),
      (
        "{\"split\": \"s\", \"kind\": \"logit scores\", \"members\": [{\"file\": \"x.csv\"}]}",
        "log-probabilities"
      ),
      (
        "{\"split\": \"s\", \"members\": [{\"file\": \"x.csv\", \"mac\": 1}]}",
        "did you mean 'macs'?"
      ),
      (
        "{\"split\": \"s\", \"members\": [{\"file\": \"x.csv\", \"macs\": -1e6}]}",
        "has a \"macs\" of -1000000.0 for 'x.csv'; give the number counted in ones"
      ),
      (
        "{\"split\": \"s\", \"members\": [{\"file\": \"x.csv\", \"name\": \"m\", \"macs\": 4e18}]}",
        "has a \"macs\" of 4e+18 for 'm'"
      ),
      (
        "{\"split\": \"s\", \"members\": [{\"file\": \"x.csv\", \"parameters\": 0}]}",
        "has a \"parameters\" of 0.0 for 'x.csv'"
      ),
    ] {
      let error = #expect(throws: EnsembleError.self) { try list(text) }
      #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }
    for (text, message) in [
      ("{\"split\": \"s\", \"members\": []}", "\"members\" is empty"),
      (
        "{\"split\": \"s\", \"members\": [{\"file\": \"x.csv\"}, {\"file\": \"x.csv\", \(costs)}]}",
        "does not say what 'x.csv' costs"
      ),
      (
        "{\"split\": \"train\", \"members\": [{\"file\": \"x.csv\", \(costs)}]}",
        "members have seen"
      ),
      ("{\"split\": \"s\", \"members\": [{\"file\": \"y.npy\", \(costs)}]}", "y.npy"),
    ] {
      let error = #expect(throws: EnsembleError.self) { try list(text).predictions() }
      #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }
  }
}
