import Ensembles
import Foundation
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
    for (index, name) in TinyExperiment.members.enumerated() {
      let stored = try Predictions(
        path: "\(run)/members/\(name)/predictions-test.safetensors")
      let found = try Predictions(path: "\(directory.path)/found/member-\(index).safetensors")
      #expect(found.name == name && found.network == stored.network)
      #expect(found.parameters == stored.parameters)
      #expect(found.multiplyAccumulates == stored.multiplyAccumulates)
      #expect(found.fingerprint == stored.fingerprint && found.labels == stored.labels)
      let differences = found.withLogProbabilities { first in
        stored.withLogProbabilities { zip(first, $0).map { abs($0 - $1) } }
      }
      #expect(differences.count == stored.count * stored.classes)
      #expect(try #require(differences.max()) < 1e-4)
    }
    #expect(
      try directory.names(in: "built") == ["ensemble.json", "member-0.onnx", "member-1.onnx"])
    let one = try Consort(
      ["predict", run, "--members", TinyExperiment.members[1], "--json"], environment: environment)
    #expect((try one.object()["members"] as? [Any])?.count == 1)
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
