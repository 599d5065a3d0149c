import Files
import Foundation
import Predictions
import Schemas
import SearchRuns
import TestSupport
import Testing

/// `consort report` and `consort status` of a search's directory.
@Suite struct SearchReportTests {
  private let directory: TemporaryDirectory
  private var search: SearchDirectory { SearchDirectory(path: "\(directory.path)/search") }

  init() throws {
    directory = try TemporaryDirectory()
    try Directory.create(search.networksPath)
    try Directory.create(search.architecturesPath)
    try DurableFile.write(Self.plan, to: search.planPath)
    try DurableFile.write(Self.evaluations, to: search.evaluationsPath)
  }

  private static let plan = """
    {"name": "tiny", "data": {"procedural": {"imageSize": 16, "trainCount": 60, "testCount": 30, "seed": 0}, "holdOut": 20},
     "space": {"kind": "wide-resnet", "inputSize": 16, "groups": [{"blocks": [1, 2], "channels": [8, 16]}]},
     "members": 2, "cost": {"measure": "macs", "target": 4000000, "tolerance": 0.9},
     "settings": ["duplicated", "joint"], "controller": {"kind": "random"}, "reward": {"kind": "absolute"},
     "evaluator": {"kind": "proxy", "recipe": {"preset": "fast", "epochs": 1}}, "budget": {"evaluations": 2},
     "finalists": {"recipe": {"preset": "fast", "epochs": 1}, "seeds": 2}}
    """

  private static let evaluations = [
    ("duplicated", 1, "[0,0]", "wrn-00", 0.5), ("duplicated", 2, "[1,0]", "wrn-10", 0.6),
    ("joint", 1, "[0,0],[0,1]", "wrn-00\",\"wrn-01", 0.7),
  ].map { stage, number, members, networks, accuracy in
    """
    {"accuracy":\(accuracy),"cost":2000000,"members":[\(members)],"networks":["\(networks)"],"number":\(number),\
    "reward":\(accuracy),"rung":1,"rungs":1,"seconds":3600,"stage":"\(stage)","trainingImages":40}

    """
  }.joined()

  /// What both settings found, and the networks.
  private func finish() throws {
    let space = try search.plan().space.space
    let records = try search.evaluations()
    for record in records {
      for member in record.members {
        let network = try space.network(member)
        try DurableFile.write(
          network.readableJSON(), to: "\(search.networksPath)/\(network.name).json")
      }
    }
    let found = [
      FoundEnsemble(
        setting: .duplicated, networks: ["wrn-10", "wrn-10"], cost: 4e6,
        multiplyAccumulates: 4_000_000, holdOutAccuracy: 0.6,
        records: records.filter { $0.stage == "duplicated" }),
      FoundEnsemble(
        setting: .joint, networks: ["wrn-00", "wrn-01"], cost: 4e6,
        multiplyAccumulates: 4_000_000, holdOutAccuracy: 0.7,
        records: records.filter { $0.stage == "joint" }),
    ]
    try DurableFile.write(found.readableJSON(), to: search.foundPath)
  }

  /// The test predictions of the finalists, each right on so many of 100 images.
  private func train(_ members: [String: Int]) throws {
    for (name, percent) in members {
      let values = (0..<400).flatMap { image -> [Float] in
        let isRight = (image * 7919 + name.utf8.reduce(0) { $0 + Int($1) }) % 100 < percent
        return isRight ? [-0.105_360_5, -2.302_585] : [-2.302_585, -0.105_360_5]
      }
      let predictions = try Predictions(
        name: name, network: String(name.dropLast(2)), multiplyAccumulates: 2_000_000,
        parameters: 100, split: "test", fingerprint: "test", logProbabilities: values,
        labels: [Int64](repeating: 0, count: 400), classes: 2)
      try Directory.create(search.finalists.member(name).path)
      try predictions.write(to: search.finalists.member(name).predictionsPath(split: "test"))
    }
  }

  private func run(_ arguments: [String]) throws -> Consort {
    // No renderer: what is found does not depend on it.
    try Consort(
      arguments, environment: ["CONSORT_DEPS": directory.path], directory: directory.path)
  }

  private func text(_ name: String) throws -> String {
    try String(contentsOfFile: "\(search.reportPath)/\(name)", encoding: .utf8)
  }

  @Test func theFinalistsAreCompared() throws {
    try finish()
    try train([
      "wrn-10-0": 60, "wrn-10-1": 61, "wrn-10-2": 60, "wrn-10-3": 61,
      "wrn-00-0": 90, "wrn-00-1": 91, "wrn-01-0": 90, "wrn-01-1": 91,
    ])
    let run = try run(["report", "search", "--no-latency"])
    #expect(run.status == 1 && run.errors.contains("the charts and the page are not drawn"))
    #expect(try text("evaluations.csv").split(separator: "\n").count == 4)
    let finalists = try text("finalists.csv").split(separator: "\n")
    #expect(finalists.count == 3)
    #expect(finalists[1].hasPrefix("duplicated,duplicated,wrn-10 wrn-10,4000000,,2,"))
    #expect(finalists[2].hasSuffix(",better"))
    #expect(try text("finalists.json").contains("\"againstDuplicated\""))
  }

  @Test func aSearchThatIsNotDoneHasAReport() throws {
    let run = try run(["report", "search"])
    #expect(run.errors.contains("not drawn"))
    #expect(try text("evaluations.csv").contains("\njoint,joint,1,wrn-00 wrn-01,"))
    #expect(!Directory.exists("\(search.reportPath)/finalists.csv"))
  }

  @Test func theStatusTellsEachStage() throws {
    let status = try run(["status", "search"])
    #expect(status.status == 0 && status.errors == "")
    let lines = status.output.split(separator: "\n").map {
      $0.split(separator: " ").joined(separator: " ")
    }
    #expect(lines[0] == "tiny: 1 of 2 stages complete")
    #expect(lines[2] == "duplicated complete 2/2 100 % 0 60.00 % 2.0 M MACs wrn-10")
    #expect(lines[3] == "joint stopped 1/2 50 % 0 70.00 % 2.0 M MACs wrn-00 + wrn-01")
    let stages = try #require(
      try run(["status", "search", "--json"]).object()["stages"] as? [[String: Any]])
    #expect(stages.map { $0["state"] as? String } == ["complete", "stopped"])
    #expect(stages.map { $0["evaluations"] as? Int } == [2, 1])
    let lock = try #require(try DirectoryLock(ifFree: search.architecturesPath))
    #expect(try run(["status", "search"]).output.contains("running"))
    withExtendedLifetime(lock) {}
  }

  @Test func badFilesAreNamed() throws {
    func errors() throws -> String { try run(["report", "search", "--no-latency"]).errors }
    try finish()
    try train(["wrn-10-0": 60])
    try DurableFile.write("{", to: search.finalistLatenciesPath)
    #expect(try errors().contains("'search/finalists-latencies.json' holds no latencies"))
    try Directory.removeFile(search.finalistLatenciesPath)
    let predictions = search.finalists.member("wrn-10-0").predictionsPath(split: "test")
    try DurableFile.write("{", to: predictions)
    #expect(try errors().contains("search/finalists/members/wrn-10-0/predictions-test"))
    try DurableFile.write("{", to: "\(search.networksPath)/wrn-10.json")
    #expect(try errors().contains("search/networks/wrn-10.json"))
    try DurableFile.write("[1]", to: search.foundPath)
    #expect(try errors().contains("search/found.json"))
    try DurableFile.write(Self.evaluations + "{}\n", to: search.evaluationsPath)
    #expect(try errors().contains("search/evaluations.jsonl"))
    #expect(try run(["status", "search"]).errors.contains("search/evaluations.jsonl"))
    try DurableFile.write("{}", to: search.planPath)
    #expect(try errors().contains("search/search.json"))
  }

  @Test func optionsOfRunsAreRefused() throws {
    for arguments in [
      ["--rule", "majority-vote"], ["--same-network"], ["--latency", "--no-latency"],
    ] {
      let run = try run(["report", "search"] + arguments)
      #expect(run.status == 2 && run.errors.contains(arguments[0]))
    }
    #expect(try run(["report", "search", "other"]).errors.contains("name its directory alone"))
    #expect(try run(["report", "other", "--latency"]).errors.contains("--latency is for searches"))
  }
}
