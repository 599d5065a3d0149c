import Datasets
import Ensembles
import Files
import Foundation
import Inference
import TestSupport
import Testing

@Suite struct EnsembleDirectoryTests {
  private static let preprocessing = Preprocessing(
    height: 8, width: 8, resizing: .none, mean: [0, 0, 0], standardDeviation: [1, 1, 1])

  private static func member(_ name: String) throws -> (member: EnsembleMember, bytes: MemberBytes)
  {
    (
      try EnsembleMember(ImageModel(fixture: name), preprocessing: preprocessing),
      .file(try MappedFile(path: fixture("\(name).onnx")))
    )
  }

  private static func write(to path: String) throws -> EnsembleDirectory {
    try EnsembleDirectory.write(
      to: path, members: [member("logits"), member("softmax")], rule: .arithmeticMean)
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
    #expect(copy == [UInt8](try Data(contentsOf: URL(fileURLWithPath: fixture("logits.onnx")))))
  }

  @Test func leavesNothingBehindWhereMembersDoNotFit() throws {
    let directory = try TemporaryDirectory()
    let members = try [Self.member("logits"), Self.member("six-classes")]
    let error = #expect(throws: InferenceError.self) {
      try EnsembleDirectory.write(to: "\(directory.path)/ensemble", members: members)
    }
    #expect(
      error
        == .differentMembers(
          first: fixture("logits.onnx"), second: fixture("six-classes.onnx"),
          difference: "number of classes (5 and 6)"))
    // Two of one name are refused after their files are written.
    let twins = try [Self.member("logits"), Self.member("logits")]
    #expect(throws: InferenceError.self) {
      try EnsembleDirectory.write(to: "\(directory.path)/ensemble", members: twins)
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
      [UInt8](try Data(contentsOf: URL(fileURLWithPath: fixture("logits-2.onnx")))),
      to: "ensemble/member-0.onnx")
    #expect(
      throws: InferenceError.changedMember(
        path: path, reason: "its SHA-256 is not the one in ensemble.json")
    ) { try ensemble.members() }
  }

  @Test(arguments: [
    (#""version" : 1"#, #""version" : 2"#, "its version is not 1"),
    (#""classes" : 5"#, #""classes" : 5, "weights" : [1]"#, "the key 'weights' is not known"),
    (#""classes" : 5"#, #""classes" : 4"#, "names 5 different classes of 4"),
    (#""member-0.onnx""#, #""../logits.onnx""#, "'../logits.onnx' is no name of an ONNX file"),
    (#""member-0.onnx""#, #""member-1.onnx""#, "two members have one name or one file"),
    (#""file""#, #""fill""#, "lacks a value"),
    (#""arithmeticMean""#, #""mean""#, "lacks a value or has one of another type"),
    (#""parameters" : 274"#, #""parameters" : 275"#, "its cost is not the sum"),
    ("{", "[", "is no JSON object"),
  ])
  func refusesManifestsThatMakeNoSense(text: String, change: String, message: String) throws {
    let directory = try TemporaryDirectory()
    let ensemble = try Self.write(to: "\(directory.path)/ensemble")
    let manifest = try String(contentsOfFile: "\(ensemble.path)/ensemble.json", encoding: .utf8)
    try #require(manifest.contains(text))
    let range = try #require(manifest.range(of: text))
    try directory.write(
      Array(manifest.replacingCharacters(in: range, with: change).utf8),
      to: "ensemble/ensemble.json")
    let error = #expect(throws: InferenceError.self) { try EnsembleDirectory(path: ensemble.path) }
    #expect(try #require(error).description.contains(message))
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
