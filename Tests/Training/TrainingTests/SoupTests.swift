import Datasets
import Files
import Foundation
import Predictions
import Runs
import Schemas
import Testing
import Weights

@testable import Training

/// Averages of members' weights, chosen greedily.
@Suite struct SoupTests {
  /// Worked out by hand along the paper's recipe 1.
  @Test func choosesFromTheBestDown() {
    var asked: [[Int]] = []
    let averages: [[Int]: Double] = [[2, 0]: 0.7, [2, 1]: 0.81, [2, 1, 3]: 0.81]
    let chosen = GreedySoup.choose([0.75, 0.7, 0.8, 0.6]) { places in
      asked.append(places)
      return averages[places] ?? 0
    }
    #expect(chosen == [2, 1, 3])
    #expect(asked == [[2, 0], [2, 1], [2, 1, 3]])
    // Of equals the first comes first; one with which the average is worse is left out.
    #expect(GreedySoup.choose([0.5, 0.5]) { _ in 0.4 } == [0])
    #expect(GreedySoup.choose([0.5, 0.5]) { _ in nil } == nil)
  }

  private static func experiment(_ soups: [Soup]) -> Experiment {
    var recipe = Recipe(.fast)
    (recipe.epochs, recipe.batchSize) = (3, 32)
    return Experiment(
      name: "soups",
      data: DataSelection(
        procedural: ProceduralImages(imageSize: 8, trainCount: 140, testCount: 30, seed: 3),
        holdOut: 40),
      members: [
        .init(network: "wide-resnet-10-1", count: 1, snapshots: EpochSelection(last: 3))
      ], recipe: recipe, seed: 5
    )
    .with(soups)
  }

  private static let names = ["", ".snapshot-1", ".snapshot-2"].map { "wide-resnet-10-1-0\($0)" }

  @Test func aSoupIsTheAverageOfWhatItSays() throws {
    let directory = RunDirectory(
      path: FileManager.default.temporaryDirectory.path + "/soups-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(atPath: directory.path) }
    func train(_ experiment: Experiment) throws -> TrainingRun.Outcome {
      let dataset = try #require(experiment.data.procedural).dataset()
      return try TrainingRun(
        of: experiment, on: .resident(dataset), in: directory, threads: 1
      ).run()
    }
    // Soups may come later.
    #expect(try train(Self.experiment([])) == .complete)
    let experiment = Self.experiment([Soup(name: "soup", members: Self.names)])
    #expect(try train(experiment) == .complete)
    #expect(experiment.allMembers.map(\.name) == Self.names + ["soup"])
    let status = try RunStatus(of: directory)
    #expect(status.members.map(\.state) == [.complete, .complete, .complete, .complete])
    let files = directory.member("soup")
    let soup = try SafeTensors(path: files.weightsPath)
    let chosen = try #require(soup.metadata["soup"]).split(separator: ",").map(String.init)
    #expect(!chosen.isEmpty && Set(chosen).isSubset(of: Self.names))
    let parts = try chosen.map { try SafeTensors(path: directory.member($0).weightsPath) }
    for name in soup.names where !name.contains("running") {
      let values = try parts.map { try $0.floats(named: name) }
      for (index, found) in try soup.floats(named: name).enumerated() {
        let mean = values.reduce(0) { $0 + Double($1[index]) } / Double(values.count)
        #expect(abs(Double(found) - mean) < 1e-6)
      }
    }
    // It is no worse on the hold-out than the best of them.
    func accuracy(_ name: String) throws -> Double {
      let said = try Predictions(path: directory.member(name).predictionsPath(split: "hold-out"))
      let correct = zip(said.predictedClasses(), said.labels).count { $0 == Int($1) }
      return Double(correct) / Double(said.count)
    }
    let best = try Self.names.map(accuracy).max() ?? 1
    #expect(try accuracy("soup") >= best)
    // What is removed is made again, to the same bits.
    let bytes = try Data(contentsOf: URL(fileURLWithPath: files.weightsPath))
    try Directory.removeTree(files.path)
    #expect(try train(experiment) == .complete)
    #expect(try Data(contentsOf: URL(fileURLWithPath: files.weightsPath)) == bytes)
    let other = Self.experiment([Soup(name: "soup", members: Array(Self.names.dropLast()))])
    #expect(throws: ExperimentError.self) { try train(other) }
  }

  @Test(arguments: [
    (#"[{"name": "s", "members": ["resnet-20-0", "wide-resnet-10-1-0"]}]"#, "mixes networks"),
    (#"[{"name": "s", "members": ["resnet-20-0", "resnet-20-7"]}]"#, "no training"),
    (#"[{"name": "s", "members": ["resnet-20-0"]}]"#, "at least two"),
    (#"[{"name": "s", "members": ["resnet-20-0", "resnet-20-0"]}]"#, "twice"),
    (
      #"[{"name": "resnet-20-1", "members": ["resnet-20-0", "resnet-20-1"]}]"#,
      "two that are called"
    ),
  ])
  func badSoupsAreRefused(soups: String, reason: String) {
    let json = """
      {"members": [{"network": "resnet-20", "count": 2}, {"network": "wide-resnet-10-1"}], "soups": \(soups)}
      """
    let error = #expect(throws: SchemaError.self) {
      try Experiment(json: Data(json.utf8), file: "e.json")
    }
    #expect(error.map { "\($0)".contains(reason) } ?? false, "\(String(describing: error))")
  }
}

extension Experiment {
  fileprivate func with(_ soups: [Soup]) -> Experiment {
    var result = self
    result.soups = soups.isEmpty ? nil : soups
    return result
  }
}
