import Datasets
import Deployment
import Ensembles
import Files
import Inference
import InferenceTestSupport
import TestSupport
import Testing

@Suite struct ModelSelectionTests {
  private static var overrides: PreprocessingOverrides {
    var overrides = PreprocessingOverrides()
    (overrides.mean, overrides.standardDeviation) = ([0, 0, 0], [1, 1, 1])
    return overrides
  }

  private static func select(
    _ models: [String], names: [String]? = nil
  ) throws -> ModelSelection {
    try ModelSelection(
      models.map { modelFixture($0) }, names: names, preprocessing: overrides)
  }

  @Test func takesNamedMembersInTheirOrder() throws {
    let all = try Self.select(["logits", "softmax"])
    #expect(all.members.map(\.name) == ["logits", "softmax"])
    #expect(all.labels == (0..<5).map { "class \($0)" })
    #expect(all.manifest == nil && all.drawnImages == nil)
    let turned = try Self.select(["logits", "softmax"], names: ["softmax", "logits"])
    #expect(turned.members.map(\.name) == ["softmax", "logits"])
    #expect(turned.files.map { $0.sha256() } == all.files.map { $0.sha256() }.reversed())
    #expect(turned.members.map(\.preprocessing.mean) == [[0, 0, 0], [0, 0, 0]])
  }

  @Test func membersOfOneNameAreNumbered() throws {
    let twice = try Self.select(["logits", "logits"])
    #expect(twice.members.map(\.name) == ["logits", "logits (2)"])
    let second = try Self.select(["logits", "logits"], names: ["logits (2)"])
    #expect(second.members.map(\.name) == ["logits (2)"])
  }

  @Test func refusesMembersThatAreNotThere() throws {
    let error = #expect(throws: DeploymentError.self) {
      try Self.select(["logits", "softmax"], names: ["logit"])
    }
    #expect(
      error
        == .unknownMembers(
          named: ["logit"], known: ["logits", "softmax"],
          paths: [modelFixture("logits"), modelFixture("softmax")]))
    #expect(error?.isMisuse == true)
    #expect(
      throws: DeploymentError.unknownMembers(
        named: ["logits", "logits"], known: ["logits", "softmax"],
        paths: [modelFixture("logits"), modelFixture("softmax")])
    ) { try Self.select(["logits", "softmax"], names: ["logits", "logits"]) }
    #expect(throws: InferenceError.unknownPreprocessing(source: modelFixture("half"))) {
      try ModelSelection([modelFixture("half")])
    }
  }

  /// An ensemble is a whole, and its combination comes with it.
  @Test func anEnsembleIsReadAsItWasWritten() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/ensemble"
    let (written, _) = try Self.select(["logits", "softmax"]).write(to: path, rule: .majorityVote)
    let read = try ModelSelection([path])
    #expect(read.manifest == written.manifest)
    #expect(read.combination(rule: nil) == written.manifest.combination)
    #expect(read.combination(rule: .arithmeticMean).rule == .arithmeticMean)
    #expect(written.manifest.summary.hasPrefix("2 members, 13.9 k MACs"))
    #expect(throws: DeploymentError.membersOfEnsemble) {
      try ModelSelection([path], names: ["logits", "softmax"])
    }
    // One alone is a model of its own, as a server on another machine takes it.
    let alone = try ModelSelection([path], names: ["softmax"])
    #expect(alone.members.map(\.name) == ["softmax"])
    #expect(alone.manifest == nil)
    #expect(alone.combination(rule: nil) == Combination())
    #expect(throws: DeploymentError.outputOfNoFile(path: path)) {
      try ModelSelection([path], output: ImageModel.OutputChoice(name: "scores", kind: nil))
    }
    #expect(
      throws: DeploymentError.memberGivenTwice(name: "ensemble/logits", first: path, second: path)
    ) { try ModelSelection([path, path]) }
  }

  @Test func countsTheNamesOfClasses() throws {
    let directory = try TemporaryDirectory()
    let five = try directory.write(Array("a\nb\nc\nd\ne\n".utf8), to: "five.txt")
    let six = try directory.write(Array("name\na\nb\nc\nd\ne\n".utf8), to: "six.txt")
    let selection = try Self.select(["logits"])
    #expect(try selection.classList(path: five).names == ["a", "b", "c", "d", "e"])
    let classes = try LabelledImages.Classes(of: selection, namedBy: five, order: nil)
    #expect(classes.labels == ["a", "b", "c", "d", "e"] && classes.count == 5)
    // The model names them otherwise itself.
    #expect(classes.notes.contains { $0.text.contains("and not as it names them") })
    #expect(throws: DeploymentError.wrongLabelCount(path: six, found: 6, wanted: 5)) {
      try selection.classList(path: six)
    }
  }
}
