import Files
import Foundation
import Predictions
import TestSupport
import Testing

@Suite struct PredictRunTests {
  /// What the deployed members say is what libtorch said of the same images.
  @Test func agreesWithLibtorch() throws {
    let whole = try TinyExperiment.finishedRun()
    let directory = try TemporaryDirectory()
    let run = "\(directory.path)/tiny"
    try whole.write(to: run)
    let environment = ["XDG_CACHE_HOME": "\(directory.path)/cache"]
    let predict = try Consort(
      ["predict", run, "--out", "found"], environment: environment, directory: directory.path)
    #expect(predict.status == 0, "\(predict.errors)")
    let build = try Consort(["build-ensemble", run, "--out", "built"], directory: directory.path)
    #expect(build.status == 0, "\(build.errors)")
    try Self.expectAgreement(of: run, with: "\(directory.path)/found", TinyExperiment.members)
    #expect(
      try directory.names(in: "built") == ["ensemble.json", "member-0.onnx", "member-1.onnx"])
    let one = try Consort(
      ["predict", run, "--members", TinyExperiment.members[1], "--json"], environment: environment)
    #expect((try one.object()["members"] as? [Any])?.count == 1)
  }

  /// Several members of one training, and several in one network, are members like any other to all commands.
  @Test func agreesOnMembersThatShareATraining() throws {
    let directory = try TemporaryDirectory()
    let network = "packed-wide-resnet-10-1-m4-a2-g1"
    let experiment = """
      {"name": "tiny", "data": {"procedural": \(TinyExperiment.procedural), "holdOut": 40},
      "members": [{"network": "\(network)", "average": {}}],
      "recipe": {"epochs": 2, "batchSize": 32, "learningRate": {"kind": "cyclicCosine", "initial": 0.1, "cycles": 2}}}
      """
    try TinyExperiment.finishedRun(of: experiment).write(to: "\(directory.path)/tiny")
    let members = ["", ".snapshot-1", ".average"].map { "\(network)-0\($0)" }
    func consort(_ arguments: [String]) throws -> Consort {
      let run = try Consort(
        arguments, environment: ["XDG_CACHE_HOME": "\(directory.path)/cache"],
        directory: directory.path)
      #expect(run.status == 0, "\(run.errors)")
      return run
    }
    _ = try consort(["predict", "tiny", "--out", "found"])
    try Self.expectAgreement(
      of: "\(directory.path)/tiny", with: "\(directory.path)/found", members)
    let status = try consort(["status", "tiny", "--json"]).object()
    let shown = try #require(status["members"] as? [[String: Any]])
    #expect(shown.compactMap { $0["name"] as? String } == members)
    #expect(shown.allSatisfy { $0["state"] as? String == "complete" })
    _ = try consort(["report", "tiny"])
    _ = try consort([
      "build-ensemble", "tiny", "--members", members.dropFirst().joined(separator: ","), "--out",
      "built",
    ])
    let manifest = try String(
      contentsOfFile: "\(directory.path)/built/ensemble.json", encoding: .utf8)
    for name in members.dropFirst() { #expect(manifest.contains("\"name\" : \"\(name)\"")) }
  }

  /// Makes sure that predictions of deployed members are those of the run.
  private static func expectAgreement(
    of run: String, with found: String, _ members: [String],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    for (index, name) in members.enumerated() {
      let stored = try Predictions(
        path: "\(run)/members/\(name)/predictions-test.safetensors")
      let found = try Predictions(path: "\(found)/member-\(index).safetensors")
      #expect(found.name == name && found.network == stored.network)
      #expect(found.parameters == stored.parameters)
      #expect(found.multiplyAccumulates == stored.multiplyAccumulates)
      #expect(found.fingerprint == stored.fingerprint && found.labels == stored.labels)
      let differences = found.withLogProbabilities { first in
        stored.withLogProbabilities { zip(first, $0).map { abs($0 - $1) } }
      }
      #expect(differences.count == stored.count * stored.classes)
      #expect(try #require(differences.max()) < 1e-4, sourceLocation: sourceLocation)
    }
  }

  /// A decision is built from the run that it was made of, and from no other whose members have the same names.
  @Test func anotherRunsMembersAreRefused() throws {
    let whole = try TinyExperiment.finishedRun()
    let directory = try TemporaryDirectory()
    for run in ["one", "two"] { try whole.write(to: "\(directory.path)/\(run)") }
    let name = TinyExperiment.members[0]
    func hash(_ run: String, _ split: String) throws -> String {
      try Predictions(
        path: "\(directory.path)/\(run)/members/\(name)/predictions-\(split).safetensors"
      )
      .contentSHA256()
    }
    let path = "\(directory.path)/two/members/\(name)/predictions-test.safetensors"
    try #require(Directory.exists(path))
    let test = try Predictions(path: path)
    let decision = """
      {"version": 1, "candidates": [], "deployed": {"id": "a", "members": ["\(name)"], "combination":
      {"rule": "geometricMean"}}, "members": [{"name": "\(name)", "network": "n", "multiplyAccumulates": 1,
      "parameters": 1, "holdOutSHA256": "\(try hash("one", "hold-out"))", "testSHA256": "\(try hash("one", "test"))"}]}
      """
    try directory.write(Array(decision.utf8), to: "decision.json")
    // The other run's member errs otherwise: its images are in another order.
    let turned = try Predictions(
      name: test.name, network: test.network, multiplyAccumulates: test.multiplyAccumulates,
      parameters: test.parameters, split: test.split, fingerprint: test.fingerprint,
      logProbabilities: test.withLogProbabilities { Array($0.reversed()) },
      labels: test.labels, classes: test.classes)
    try turned.write(to: path)
    func build(_ run: String) throws -> Consort {
      try Consort(
        ["build-ensemble", run, "--decision", "decision.json", "--out", "built-\(run)"],
        environment: ["XDG_CACHE_HOME": "\(directory.path)/cache"], directory: directory.path)
    }
    let one = try build("one")
    #expect(one.status == 0 && !one.errors.contains("known by its name"), "\(one.errors)")
    let two = try build("two")
    #expect(two.status == 1)
    #expect(
      two.errors.contains("was made of another '\(name)' than the one in 'two'"), "\(two.errors)")
    #expect(!Directory.exists("\(directory.path)/built-two"))
  }

  /// Members of one name in two runs are told apart by the runs.
  @Test func membersOfSeveralRunsAreDeployed() throws {
    let whole = try TinyExperiment.finishedRun()
    let directory = try TemporaryDirectory()
    for run in ["one", "two"] { try whole.write(to: "\(directory.path)/runs/\(run)") }
    func consort(_ arguments: [String]) throws -> Consort {
      let run = try Consort(
        arguments, environment: ["XDG_CACHE_HOME": "\(directory.path)/cache"],
        directory: directory.path)
      #expect(run.status == 0, "\(run.errors)")
      return run
    }
    let names = ["two/\(TinyExperiment.members[1])", "one/\(TinyExperiment.members[0])"]
    let decision = """
      {"version": 1, "candidates": [], "deployed": {"id": "a", "members": \(names), "combination":
      {"rule": "geometricMean", "weights": [0.75, 0.25]}}}
      """
    try directory.write(Array(decision.utf8), to: "decision.json")
    _ = try consort(
      ["build-ensemble", "runs/one", "runs/two/", "--decision", "decision.json", "--out", "built"])
    let manifest = try String(
      contentsOfFile: "\(directory.path)/built/ensemble.json", encoding: .utf8)
    for name in names { #expect(manifest.contains("\"name\" : \"\(name)\"")) }
    // The runs' own images; both runs drew the same.
    let pair = try consort(
      ["predict", "runs/one", "runs/two", "--members", names.joined(separator: ","), "--json"])
    let members = try #require(try pair.object()["members"] as? [[String: Any]])
    #expect(members.compactMap { $0["name"] as? String } == names)
    let split = try Consort(
      ["predict", "runs/one", "--split", "hold-out"], directory: directory.path)
    #expect(split.status == 2 && split.errors.contains("is its test images"))
  }
}
