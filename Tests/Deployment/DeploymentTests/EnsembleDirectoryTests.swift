import Datasets
import Deployment
import Ensembles
import Files
import Foundation
import Inference
import InferenceTestSupport
import TestSupport
import Testing

@Suite struct EnsembleDirectoryTests {
  private static let preprocessing = Preprocessing(
    height: 8, width: 8, resizing: .none, mean: [0, 0, 0], standardDeviation: [1, 1, 1])

  private static func member(_ name: String) throws -> (member: EnsembleMember, bytes: MemberBytes)
  {
    (
      try EnsembleMember(ImageModel(fixture: name), preprocessing: preprocessing),
      .file(try MappedFile(path: modelFixture(name)))
    )
  }

  private static func write(to path: String) throws -> EnsembleDirectory {
    try EnsembleDirectory.write(
      to: path, members: [member("logits"), member("softmax")],
      combination: Combination(rule: .arithmeticMean))
  }

  @Test func readsWhatItWrites() throws {
    let directory = try TemporaryDirectory()
    let written = try Self.write(to: "\(directory.path)/a/ensemble")
    let read = try EnsembleDirectory(path: written.path)
    #expect(read.manifest == written.manifest)
    #expect(read.manifest.rule == .arithmeticMean)
    #expect(read.manifest.labels == (0..<5).map { "class \($0)" })
    #expect(read.manifest.multiplyAccumulates == 2 * 6932)
    #expect(read.manifest.parameters == 2 * 137)
    #expect(
      try directory.names(in: "a/ensemble") == ["ensemble.json", "member-0.onnx", "member-1.onnx"])
    let members = try read.members()
    #expect(members.map(\.name) == ["logits", "softmax"])
    #expect(members.map(\.preprocessing) == [Self.preprocessing, Self.preprocessing])
    let copy = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(read.path)/member-0.onnx")))
    #expect(copy == [UInt8](try Data(contentsOf: URL(fileURLWithPath: modelFixture("logits")))))
  }

  @Test func leavesNothingBehindWhereMembersDoNotFit() throws {
    let directory = try TemporaryDirectory()
    let members = try [Self.member("logits"), Self.member("six-classes")]
    #expect(
      throws: InferenceError.differentMembers(
        first: modelFixture("logits"), second: modelFixture("six-classes"),
        difference: "number of classes (5 and 6)")
    ) { try EnsembleDirectory.write(to: "\(directory.path)/ensemble", members: members) }
    // Two of one name are refused after their files are written.
    let twins = try [Self.member("logits"), Self.member("logits")]
    let error = #expect(throws: InferenceError.self) {
      try EnsembleDirectory.write(to: "\(directory.path)/ensemble", members: twins)
    }
    guard case .notAnEnsemble(_, let reason)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(reason.contains("two members have one name"))
    #expect(try directory.names() == [])
  }

  /// An ensemble holds one file a member.
  @Test func refusesNumbersBesideAModel() throws {
    let directory = try TemporaryDirectory()
    #expect(throws: InferenceError.externalData(source: modelFixture("beside"))) {
      try EnsembleDirectory.write(
        to: "\(directory.path)/ensemble", members: [Self.member("beside")])
    }
    #expect(try directory.names() == [])
  }

  @Test func takesNoPlaceThatIsTaken() throws {
    let directory = try TemporaryDirectory()
    #expect(throws: InferenceError.placeTaken(path: directory.path)) {
      try Self.write(to: directory.path)
    }
    #expect(try directory.names() == [])
  }

  @Test func refusesChangedMembers() throws {
    let directory = try TemporaryDirectory()
    let ensemble = try Self.write(to: "\(directory.path)/ensemble")
    let path = try directory.write(
      [UInt8](try Data(contentsOf: URL(fileURLWithPath: modelFixture("logits-2")))),
      to: "ensemble/member-0.onnx")
    #expect(
      throws: InferenceError.changedMember(
        path: path, reason: "its SHA-256 is not the one in ensemble.json")
    ) { try ensemble.members() }
  }

  @Test(arguments: [
    (#""version" : 2"#, #""version" : 6"#, "its version is not in 1 to 5"),
    (#""version" : 2"#, #""version" : true"#, "its version is not in 1 to 5"),
    (#""classes" : 5"#, #""classes" : 5, "weight" : [1]"#, "unknown key 'weight'; remove it"),
    (#""classes" : 5"#, #""classes" : 5, "classes" : 5"#, "the key 'classes' stands twice"),
    (#""rule" : "#, #""rule" : "geometricMean", "rule" : "#, "the key 'rule' stands twice"),
    (#""kind" : "#, #""kind" : "shortSide", "kind" : "#, "the key 'kind' stands twice"),
    (#""file" : "#, #""temperature" : 2, "file" : "#, "unknown key 'members[0].temperature'"),
    (#""layout" : "#, #""scale" : 255, "layout" : "#, "key 'members[0].preprocessing.scale'"),
    (#""classes" : 5"#, #""classes" : 4"#, "names 5 classes of 4"),
    (#""member-0.onnx""#, #""../logits.onnx""#, "'../logits.onnx' is no name of an ONNX file"),
    (#""member-0.onnx""#, #""member-1.onnx""#, "two members have one name or one file"),
    (#""file""#, #""fill""#, "'members[0].file' is missing"),
    (#""arithmeticMean""#, #""mean""#, "'rule' has a value that is not known"),
    (#""parameters" : 274"#, #""parameters" : 275"#, "its cost is not the sum"),
    ("{", "[", "is not a JSON object"),
  ])
  func refusesManifestsThatMakeNoSense(text: String, change: String, message: String) throws {
    let directory = try TemporaryDirectory()
    let ensemble = try Self.write(to: "\(directory.path)/ensemble")
    try Self.change(text, to: change, in: directory)
    try Self.expectRefused(ensemble, message)
  }

  /// Expects that the ensemble's `ensemble.json` is no more read, for a reason that contains `message`.
  private static func expectRefused(
    _ ensemble: EnsembleDirectory, _ message: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let error = #expect(throws: InferenceError.self, sourceLocation: sourceLocation) {
      try EnsembleDirectory(path: ensemble.path)
    }
    guard case .notAnEnsemble(_, let reason)? = error else {
      Issue.record("\(String(describing: error))", sourceLocation: sourceLocation)
      return
    }
    #expect(reason.contains(message), "\(reason)", sourceLocation: sourceLocation)
  }

  /// Replaces `text` in the `ensemble.json` of the directory's ensemble.
  private static func change(
    _ text: String, to change: String, in directory: TemporaryDirectory
  ) throws {
    let path = "\(directory.path)/ensemble/ensemble.json"
    let manifest = try String(contentsOfFile: path, encoding: .utf8)
    let range = try #require(manifest.range(of: text))
    try directory.write(
      Array(manifest.replacingCharacters(in: range, with: change).utf8),
      to: "ensemble/ensemble.json")
  }

  private static let cascade = Combination(
    rule: .arithmeticMean, memberTemperatures: [1.5, 0.5],
    cascade: CascadeStops(confidence: .margin, confidenceThresholds: [0.25]), temperature: 2)

  private static func write(
    _ combination: Combination, expected: Double? = nil, exitFractions: [Double]? = nil,
    to directory: TemporaryDirectory
  ) throws -> EnsembleDirectory {
    try EnsembleDirectory.write(
      to: "\(directory.path)/ensemble", members: [member("logits"), member("softmax")],
      combination: combination, expectedMultiplyAccumulates: expected,
      exitFractions: exitFractions)
  }

  @Test(arguments: [
    cascade, Combination(weights: [0.75, 0.25]),
    Combination(
      cascade: CascadeStops(confidence: .agreement, confidenceThresholds: [nil])),
  ])
  func holdsTheWholeCombination(combination: Combination) throws {
    let directory = try TemporaryDirectory()
    let isCascade = combination.cascade != nil
    // 6932 MACs a member, and a quarter of the images comes to the second.
    let (expected, exitFractions) = isCascade ? (8665.0, [0.75, 0.25]) : (nil, nil)
    let written = try Self.write(
      combination, expected: expected, exitFractions: exitFractions, to: directory)
    let read = try EnsembleDirectory(path: written.path)
    #expect(read.manifest.version == 2)
    #expect(read.manifest.combination == combination)
    #expect(read.manifest.expectedMultiplyAccumulates == expected)
    #expect(read.manifest.exitFractions == exitFractions)
    #expect(try read.member(at: 1).member.name == "softmax")
  }

  @Test func readsTheFirstVersion() throws {
    let directory = try TemporaryDirectory()
    let ensemble = try Self.write(to: "\(directory.path)/ensemble")
    try Self.change(#""version" : 2"#, to: #""version" : 1"#, in: directory)
    let read = try EnsembleDirectory(path: ensemble.path)
    #expect(read.manifest.version == 1)
    #expect(read.manifest.combination == Combination(rule: .arithmeticMean))
    #expect(try read.members().count == 2)
    for key in [
      #""weights": [1, 0]"#, #""memberTemperatures": [1, 1]"#, #""temperature": 1"#,
      #""cascade": {"confidence": "margin", "confidenceThresholds": [0.1, null]}"#,
      #""expectedMultiplyAccumulates": 5"#, #""exitFractions": [0, 1]"#,
    ] {
      try Self.change(#""version" : 1"#, to: #"\#(key), "version" : 1"#, in: directory)
      try Self.expectRefused(ensemble, "belongs to version 2")
      try Self.change(#"\#(key), "version" : 1"#, to: #""version" : 1"#, in: directory)
    }
  }

  @Test(arguments: [
    (#""confidence" : "margin""#, #""confidence" : "sure""#, "'cascade.confidence' has a value"),
    (#""confidence" : "margin""#, #""confidence" : "margin", "a" : 1"#, "unknown key 'cascade.a'"),
    ("0.25", "0.25, 0.5", "its cascade has 2 thresholds for 2 members"),
    ("0.25", #""0.25""#, "is of another type"), ("0.25", "1e999", "is not a JSON object"),
    (#""temperature" : 2"#, #""temperature" : 0"#, "a temperature is not in"),
    (#""temperature" : 2"#, #""temperature" : 2, "weights" : [1, 0]"#, "weights go with the"),
    ("1.5", "-1.5", "a temperature is not in"), ("1.5,", "", "it has 1 temperatures for 2"),
    ("8665", "8000", "its expected cost is not that of its exit fractions, 8665.0"),
    ("8665", "0", "its expected cost is not above 0"),
    ("8665", "13865", "its expected cost is not above 0 and at most the sum"),
    ("0.75", "0.5", "its exit fractions are not of 0 to 1, and 1 in all"),
    ("0.75", "1.75", "its exit fractions are not of 0 to 1"),
    ("0.75,", "", "it has 1 exit fractions for 2 members"),
  ])
  func refusesCombinationsThatMakeNoSense(text: String, change: String, message: String) throws {
    let directory = try TemporaryDirectory()
    let ensemble = try Self.write(
      Self.cascade, expected: 8665, exitFractions: [0.75, 0.25], to: directory)
    // The keys are sorted, and the cascade's threshold comes before the same exit fraction.
    try Self.change(text, to: change, in: directory)
    try Self.expectRefused(ensemble, message)
  }

  /// "logits" names its classes itself.
  @Test func writesNoNamesThatMembersContradict() throws {
    let directory = try TemporaryDirectory()
    func write(_ labels: [String]) throws -> EnsembleDirectory {
      try EnsembleDirectory.write(
        to: "\(directory.path)/ensemble", members: [Self.member("logits")], labels: labels)
    }
    let names = (0..<5).map { "class \($0)" }
    let error = #expect(throws: InferenceError.self) { try write(names.reversed()) }
    guard case .notAnEnsemble(_, let reason)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(reason.contains("name their classes otherwise"))
    #expect(try directory.names() == [])
    #expect(try write(names).manifest.labels == names)
  }

  @Test func writesNoCombinationThatDoesNotFit() throws {
    let directory = try TemporaryDirectory()
    for (combination, expected, exitFractions) in [
      (Combination(weights: [1]), nil, nil), (Self.cascade, -1, nil),
      (Self.cascade, Double.nan, nil), (Self.cascade, 7000, [0.5, 0.6]),
      (Combination(temperature: .infinity), nil, nil),
    ] as [(Combination, Double?, [Double]?)] {
      let error = #expect(throws: InferenceError.self) {
        try Self.write(
          combination, expected: expected, exitFractions: exitFractions, to: directory)
      }
      guard case .notAnEnsemble? = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
    #expect(try directory.names() == [])
  }

  @Test func predictsWithMembersThatReadDifferentInputs() throws {
    let expected = try Expected.load()
    let split = ImageSplit(
      name: "test", height: 8, width: 8, pixels: expected.images.map { UInt8($0) },
      labels: [0, 1, 2], classNames: (0..<5).map { "class \($0)" })
    var last = Self.preprocessing
    last.layout = .channelsLast
    let members = try [
      Self.member("logits").member, Self.member("fixed-batch").member,
      EnsembleMember(ImageModel(fixture: "channels-last"), preprocessing: last),
      Self.member("softmax").member,
    ]
    let options = PredictionOptions(
      inference: InferenceOptions(threads: 2, cacheDirectory: nil), batch: 2)
    let found = try EnsemblePredictions(of: members, on: .decoded(split), options: options)
    #expect(found.indices == [0, 1, 2] && found.skipped.isEmpty)
    #expect(found.fingerprint == split.fingerprint)
    for (member, values) in zip(members, found.logProbabilities) {
      let reference = try #require(expected.logProbabilities[member.name])
      #expect(difference(values, reference) < 1e-4, "\(member.name)")
    }
  }

  @Test func refusesImagesOfAnotherSize() throws {
    let split = ImageSplit(
      name: "test", height: 4, width: 4, pixels: [UInt8](repeating: 0, count: 48), labels: [0],
      classNames: ["a"])
    let options = PredictionOptions(inference: InferenceOptions(threads: 1, cacheDirectory: nil))
    #expect(throws: InferenceError.wrongImageSize(found: "4 x 4", expected: "8 x 8")) {
      try EnsemblePredictions(
        of: [Self.member("logits").member], on: .decoded(split), options: options)
    }
  }
}
