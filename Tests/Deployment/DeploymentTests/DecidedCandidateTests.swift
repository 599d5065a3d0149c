import Deployment
import Ensembles
import InferenceTestSupport
import TestSupport
import Testing

@Suite struct DecidedCandidateTests {
  private static let candidate =
    #"{"id": "c1", "members": ["softmax", "logits"], "combination": {"rule": "arithmeticMean"}}"#

  private static func read(_ json: String, id: String? = nil) throws -> DecidedCandidate {
    let directory = try TemporaryDirectory()
    let path = try directory.write(Array(json.utf8), to: "decision.json")
    do {
      return try DecidedCandidate.read(from: path, id: id)
    } catch let error as DeploymentError {
      throw error.named("decision.json", insteadOf: path)
    }
  }

  @Test func readsTheOneToDeployAndAnyOther() throws {
    let other = Self.candidate.replacing("c1", with: "c2").replacing(#""softmax", "#, with: "")
    let json =
      #"{"version": 1, "deployed": \#(Self.candidate), "candidates": [\#(Self.candidate), \#(other)]}"#
    let deployed = try Self.read(json)
    #expect(deployed.id == "c1" && deployed.members == ["softmax", "logits"])
    #expect(deployed.combination == Combination(rule: .arithmeticMean))
    #expect(try Self.read(json, id: "c2").members == ["logits"])
    let error = #expect(throws: DeploymentError.self) { try Self.read(json, id: "c3") }
    #expect(error == .unknownCandidate(path: "decision.json", id: "c3", known: ["c1", "c2"]))
  }

  @Test(arguments: [
    ("[]", "it is not a JSON object"), (#"{"version": 3}"#, "its version is 3, not 1 or 2"),
    (#"{"version": 1}"#, "'candidates' is missing"), ("{", "it is not JSON"),
    (#"{"version": 1, "candidates": []}"#, #"it has nothing "deployed""#),
    (
      #"{"version": 1, "candidates": [{"id": 3, "members": [], "combination": {}}]}"#,
      "'candidates[0].id' is of another type"
    ),
  ])
  func saysWhatIsWrong(json: String, reason: String) throws {
    let error = #expect(throws: DeploymentError.self) { try Self.read(json) }
    #expect(error == .invalidDecision(path: "decision.json", reason: reason))
  }

  @Test func refusesCandidatesThatMakeNoSense() throws {
    let twice = Self.candidate.replacing(#""softmax""#, with: #""logits""#)
    let error = #expect(throws: DeploymentError.self) {
      try Self.read(#"{"version": 1, "deployed": \#(twice), "candidates": []}"#)
    }
    #expect(
      error
        == .unfitCandidate(path: "decision.json", id: "c1", reason: "it names a member twice"))
  }

  /// Its members come in its order, whatever the order of the models.
  @Test func selectsItsMembers() throws {
    let json = #"{"version": 1, "deployed": \#(Self.candidate), "candidates": []}"#
    let decided = try Self.read(json)
    var overrides = PreprocessingOverrides()
    (overrides.mean, overrides.standardDeviation) = ([0, 0, 0], [1, 1, 1])
    let selection = try ModelSelection(
      ["logits", "half", "softmax"].map { modelFixture($0) }, preprocessing: overrides,
      decided: decided)
    #expect(selection.members.map(\.name) == ["softmax", "logits"])
    #expect(selection.notes.contains { $0.text.contains("told by their names alone") })
    let error = #expect(throws: DeploymentError.self) {
      try ModelSelection(
        ["logits", "half"].map { modelFixture($0) }, preprocessing: overrides,
        decided: decided)
    }
    #expect(
      error == .missingDecided(id: "c1", members: ["softmax"], known: ["logits", "half"]))
    let directory = try TemporaryDirectory()
    let (ensemble, _) = try selection.write(
      to: "\(directory.path)/ensemble", decided: (decided, "decision.json"))
    #expect(ensemble.manifest.combination == decided.combination)
  }
}

extension DeploymentError {
  fileprivate func named(_ name: String, insteadOf path: String) -> DeploymentError {
    switch self {
    case .invalidDecision(path, let reason): .invalidDecision(path: name, reason: reason)
    case .unknownCandidate(path, let id, let known):
      .unknownCandidate(path: name, id: id, known: known)
    case .unfitCandidate(path, let id, let reason):
      .unfitCandidate(path: name, id: id, reason: reason)
    default: self
    }
  }
}
