import Files
import Foundation
import Predictions
import Randomness
import Runs
import Schemas
import TestSupport
import Testing

/// `consort advise` on runs that hold predictions and metrics, and nothing else.
@Suite struct AdviseTests {
  private static let network = "wide-resnet-10-1"
  /// Of WRN-10-1 on images of 32 x 32 pixels with four classes, as `consort cost` says.
  private static func cost(_ name: String) throws -> Int {
    let found = try Consort(["cost", name, "--classes", "4", "--json"])
    let object = try JSONSerialization.jsonObject(with: Data(found.output.utf8)) as? [String: Any]
    return try #require(object?["multiplyAccumulates"] as? Int)
  }

  private static func predictions(
    _ name: String, _ network: String, _ cost: Int, _ seed: UInt64, split: String
  ) throws -> Predictions {
    var generator = RandomStream(seed: seed, split == "test" ? 1 : 0)
    let labels = (0..<200).map { Int64($0 % 4) }
    let rows = labels.flatMap { label -> [Float] in
      let isRight = generator.unitInterval() < 0.7
      let predicted = isRight ? label : (label + 1) % 4
      return (0..<4).map { log(Int64($0) == predicted ? 0.7 : 0.1) }
    }
    return try Predictions(
      name: name, network: network, multiplyAccumulates: cost, parameters: 10, split: split,
      fingerprint: split, logProbabilities: rows, labels: labels, classes: 4)
  }

  /// A run of `count` members, the first `trained` of them complete.
  private static func makeRun(
    at path: String, count: Int = 3, trained: Int = 3, holdOut: Int = 200, times: Bool = true
  ) throws {
    let run = RunDirectory(path: path)
    let experiment = Experiment(
      name: "tiny", data: DataSelection(holdOut: holdOut),
      members: [.init(network: network, count: count)], recipe: Recipe(.fast))
    try Directory.create(path)
    try DurableFile.write(experiment.readableJSON(), to: run.experimentPath)
    try DurableFile.write(
      DataRecord(
        name: "tiny", availableImages: 1200, trainingImages: 1000, holdOutImages: holdOut,
        testImages: 200, classNames: ["a", "b", "c", "d"], trainingFingerprint: "train",
        testFingerprint: "test", mean: [0, 0, 0], standardDeviation: [1, 1, 1], resizing: nil,
        interpolation: nil
      ).readableJSON(), to: run.dataPath)
    let cost = try cost(network)
    for (place, member) in experiment.allMembers.prefix(trained).enumerated() {
      let files = run.member(member.name)
      try Directory.create(files.path)
      for split in ["test"] + (holdOut > 0 ? ["hold-out"] : []) {
        try predictions(member.name, network, cost, UInt64(place), split: split)
          .write(to: files.predictionsPath(split: split))
      }
      try DurableFile.write("{}", to: files.path + "/network.json")
      try DurableFile.write("x", to: files.path + "/weights.safetensors")
      guard times else { continue }
      let lines = (1...experiment.recipe.epochs).map { epoch in
        #"{"epoch":\#(epoch),"seconds":60,"trainingAccuracy":0.8,"trainingLoss":\#(1.0 / Double(epoch)),"holdOutAccuracy":0.7}"#
      }
      try DurableFile.write(lines.joined(separator: "\n") + "\n", to: files.metricsPath)
    }
  }

  private func refusal(_ arguments: [String]) throws -> (status: Int32, errors: String) {
    let run = try Consort(["advise"] + arguments)
    #expect(run.output.isEmpty)
    return (run.status, run.errors)
  }

  @Test func ranksWhatToTrain() throws {
    try Consort.withDirectory { directory in
      try Self.makeRun(at: directory + "/run", count: 4)
      let run = try Consort(
        ["advise", directory + "/run", "--budget", "2h", "--out", directory + "/advice"])
      #expect(run.status == 0)
      #expect(run.errors.contains("3 of 4 trainings are complete"))
      #expect(run.output.contains("3 more wide-resnet-10-1"))
      #expect(run.output.contains("a first wide-resnet-10-2"))
      #expect(run.output.contains("the best ensemble anew, 20 epochs"))
      #expect(run.output.contains("10:00"))
      let json = try Data(contentsOf: URL(filePath: directory + "/advice/advice.json"))
      let printed = try Consort(["advise", directory + "/run", "--budget", "2h", "--json"])
      #expect(Data(printed.output.utf8) == json)
      let object = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
      let entry = try #require((object["runs"] as? [[String: Any]])?.first)
      let advice = try #require(entry["advice"] as? [String: Any])
      #expect(advice["budgetSeconds"] as? Double == 7200)
      #expect(advice["holdOutImages"] as? Int == 200)
      let steps = try #require(advice["steps"] as? [[String: Any]])
      #expect(steps.compactMap { $0["gain"] as? Double }.count == steps.count)
    }
  }

  @Test func oneMemberIsEnoughToSaySomething() throws {
    try Consort.withDirectory { directory in
      try Self.makeRun(at: directory + "/run", count: 1, trained: 1)
      let run = try Consort(["advise", directory + "/run", "--budget", "30m"])
      #expect(run.status == 0 && run.output.contains("1 more wide-resnet-10-1"))
    }
  }

  @Test func theRecordedStudyIsUnderstood() throws {
    let claim = checkout.appendingPathComponent("results/claim").path
    let run = try Consort(["advise", claim, "--budget", "90m"])
    #expect(run.status == 0 && run.output.contains("wide-resnet-16-1"))
    #expect(run.output.contains("1000"))
  }

  @Test func filesTakeTheirTimesFromTheUser() throws {
    let files = checkout.appendingPathComponent("results/cifar10-mixed/predictions/hold-out").path
    let times = [
      "--training-time", "wide-resnet-16-1=14m", "--training-time", "wide-resnet-16-2=50m",
    ]
    let run = try Consort(["advise", files, "--budget", "1h"] + times)
    #expect(run.status == 0 && run.output.contains("more wide-resnet-16-1"))
    #expect(run.output.contains("over the budget: 1 more wide-resnet-16-4"))
    let (status, errors) = try refusal([files, "--budget", "1h"])
    #expect(status == 1 && errors.contains("--training-time wide-resnet-16-1=25m"))
    let other = try refusal([files, "--budget", "1h", "--training-time", "resnet-20=1m"])
    #expect(other.status == 1 && other.errors.contains("names 'resnet-20'"))
  }

  @Test func badBudgetsAreMisuse() throws {
    try Consort.withDirectory { directory in
      try Self.makeRun(at: directory + "/run")
      for budget in ["0", "0h", "-1h", "2", "soon", "1m2h", "1h1h", "h", "nanh", "2 h", "1e9d"] {
        let (status, errors) = try refusal([directory + "/run", "--budget=" + budget])
        #expect(status == 2, "\(budget)")
        #expect(errors.contains("--budget is a time above 0 with its unit, such as 2h"))
      }
      #expect(try refusal([directory + "/run", "--budget="]).status == 2)
      let none = try refusal([directory + "/run"])
      #expect(none.status == 2 && none.errors.contains("--budget is missing"))
      for more in [
        ["--max-cost", "0"], ["--min-gain", "-1"], ["--min-gain", "100"],
        ["--training-time", "25m"], ["--training-time", "a=0m"],
        ["--training-time", "a=1m", "--training-time", "a=2m"],
      ] {
        #expect(try refusal([directory + "/run", "--budget", "1h"] + more).status == 2)
      }
    }
  }

  @Test func whatNothingCanBeSaidOfIsRefused() throws {
    try Consort.withDirectory { directory in
      func errors(_ paths: String...) throws -> String {
        let (status, errors) = try refusal(paths.map { "\(directory)/\($0)" } + ["--budget", "1h"])
        #expect(status == 1)
        return errors
      }
      try Self.makeRun(at: directory + "/untimed", times: false)
      #expect(try errors("untimed").contains("does not say how long any training took"))
      try Self.makeRun(at: directory + "/unfinished", trained: 0)
      #expect(try errors("unfinished").contains("no member that is trained to its end"))
      try Self.makeRun(at: directory + "/blind", holdOut: 0)
      #expect(try errors("blind").contains("no predictions of held-out images"))
      try Directory.create(directory + "/empty")
      #expect(try errors("empty").contains("neither a run, nor an ensemble"))
      #expect(try errors("missing").contains("there is no such file or directory"))
      #expect(try errors("untimed", "empty").contains("name it alone"))
      let cheap = try refusal([
        directory + "/untimed", "--budget", "1h", "--max-cost", "1k",
        "--training-time", "\(Self.network)=10m",
      ])
      #expect(cheap.status == 1 && cheap.errors.contains("at least those of one member"))
    }
  }
}
