import ArchitectureSearch
import Foundation
import Networks
import Runs
import Schemas
import SearchRuns
import TestSupport
import Testing

@Suite struct SearchPlanTests {
  private static let minimal = """
    {
      "name": "s", "data": {"holdOut": 100}, "space": {"preset": "wide-resnet-32"}, "members": 2,
      "cost": {"measure": "macs", "target": 20000000, "tolerance": 0.1},
      "settings": ["duplicated", "joint"], "controller": {"kind": "random"},
      "reward": {"kind": "mnasnet"},
      "evaluator": {"kind": "proxy", "recipe": {"preset": "fast", "epochs": 4}, "rungs": [1, 4]},
      "budget": {"evaluations": 10}
    }
    """

  private func plan(replacing old: String = "", by new: String = "") throws -> SearchPlan {
    let text = old.isEmpty ? Self.minimal : Self.minimal.replacingOccurrences(of: old, with: new)
    #expect(old.isEmpty || text != Self.minimal)
    return try SearchPlan(json: Data(text.utf8), file: "s.json")
  }

  @Test func whatIsLeftOutHasItsDefault() throws {
    let plan = try plan()
    #expect(plan.space == .wideResNet(.cifar))
    #expect(plan.cohort == 8)
    #expect(plan.reward == .mnasNet(exponent: -0.07))
    #expect(plan.seed == 0)
    #expect(plan.finalists == nil)
    guard case .proxy(let recipe, let rungs, let kept) = plan.evaluator else {
      Issue.record("not a proxy")
      return
    }
    #expect(recipe.epochs == 4)
    #expect(rungs == [1, 4])
    #expect(kept == 0.5)
  }

  @Test(arguments: ["search-demo", "search-cifar10", "search-imagenet"])
  func thePlansOfTheRepositoryAreReadAsTheyAreWritten(_ name: String) throws {
    let root = checkout
    let plan = try SearchPlan(path: root.path + "/Experiments/\(name).json")
    let encoder = JSONEncoder()
    let read = try SearchPlan(json: encoder.encode(plan), file: "again.json")
    #expect(read == plan)
    #expect(plan.cost.measure == .multiplyAccumulates)
    _ = try plan.costRange(.multiplyAccumulates)
  }

  @Test(arguments: [
    (
      #""preset": "wide-resnet-32""#, #""preset": "vgg""#,
      "'s.json': space.preset must be one of mobile-224, mobile-32, wide-resnet-32, not 'vgg'"
    ),
    (
      #"{"preset": "wide-resnet-32"}"#, #"{"kind": "wide-resnet", "groups": []}"#,
      "'s.json': space.groups is empty: add a group"
    ),
    (
      #"{"preset": "wide-resnet-32"}"#,
      #"{"kind": "wide-resnet", "groups": [{"blocks": [], "channels": [8]}]}"#,
      "'s.json': space.groups[0].blocks is empty: add whole numbers from 1 to 1000 to choose from"
    ),
    (
      #"{"preset": "wide-resnet-32"}"#,
      #"{"kind": "wide-resnet", "groups": [{"blocks": [1, 2, 1], "channels": [8]}]}"#,
      "'s.json': space.groups[0].blocks has 1 twice"
    ),
    (
      #"{"preset": "wide-resnet-32"}"#,
      #"{"kind": "wide-resnet", "groups": [{"blocks": [0], "channels": [8]}]}"#,
      "'s.json': space.groups[0].blocks[0] is 0, but must be in 1 to 1000"
    ),
    (
      #"["duplicated", "joint"]"#, #"["duplicated", "parallel"]"#,
      "'s.json': settings[1] must be one of single, duplicated, joint, sequential, not 'parallel'"
    ),
    (
      #"{"kind": "random"}"#, #"{"kind": "bayes"}"#,
      "'s.json': controller.kind must be one of random, evolution, reinforce, not 'bayes'"
    ),
    (
      #"{"kind": "random"}"#, #"{"kind": "random", "population": 3}"#,
      "'s.json': unknown key 'controller.population'; remove it, or give one of kind"
    ),
    (
      #""mnasnet""#, #""accuracy""#,
      "'s.json': reward.kind must be one of absolute, mnasnet, not 'accuracy'"
    ),
    (
      #"{"evaluations": 10}"#, "{}",
      "'s.json': budget.evaluations is missing, and so are seconds and trainingImages: give at least one"
    ),
    ("[1, 4]", "[4, 1]", "'s.json': evaluator.rungs must rise, as in [1, 2, 4]"),
    (
      "[1, 4]", "[1, 5]",
      "'s.json': evaluator.rungs[1] is 5, but must be in 1 to 4"
    ),
    (
      #""holdOut": 100"#, #""holdOut": 0"#,
      "'s.json': data has a holdOut of 0, but architectures are judged by it"
    ),
    (
      #""measure": "macs""#, #""measure": "joules""#,
      "'s.json': cost.measure must be one of macs, latency, not 'joules'"
    ),
  ])
  func aBadPlanIsRefusedWithItsMend(_ old: String, _ new: String, _ message: String) throws {
    let error = #expect(throws: SchemaError.self) { _ = try plan(replacing: old, by: new) }
    #expect(error.map { "\($0)" } == message)
  }

  @Test func aTargetOutOfReachSaysWhatIsReached() throws {
    let plan = try plan(replacing: "20000000", by: "2000000")
    let error = #expect(throws: SearchError.self) { _ = try plan.costRange(.multiplyAccumulates) }
    #expect(
      error.map { "\($0)" }
        == "no network of the search space meets the cost target, 1.0 M MACs (duplicated): it reaches from 4.2 M MACs "
        + "to 477.8 M MACs; choose a target in between, or change the space")
  }

  @Test func aSearchGoesOnWithAnotherBudgetOnly() throws {
    let directory = try TemporaryDirectory()
    let search = SearchDirectory(path: directory.path + "/s")
    _ = try search.claim(for: plan())
    _ = try search.claim(for: plan(replacing: #""evaluations": 10"#, by: #""evaluations": 20"#))
    #expect(try search.plan().budget.evaluations == 20)
    let other = try plan(
      replacing: #"{"preset": "wide-resnet-32"}"#,
      by: #"{"kind": "wide-resnet", "groups": [{"blocks": [1, 2], "channels": [8]}]}"#)
    // Nothing is trained yet.
    _ = try search.claim(for: other)
    #expect(try search.plan() == other)
    _ = try search.claim(for: plan())
    try directory.write([0], to: "s/candidates/wrn-01.01.01-0/metrics.jsonl")
    #expect(throws: ExperimentError.self) { _ = try search.claim(for: other) }
    #expect(try search.plan().space == .wideResNet(.cifar))
  }

  /// A kill leaves the first file unfinished, or the directory of the candidates alone.
  @Test(arguments: ["search.json.999999999-1f.partial", "candidates/.keep"])
  func aSearchKilledAtItsBirthCanBegin(left: String) throws {
    let directory = try TemporaryDirectory()
    try directory.write([0x7B], to: "s/\(left)")
    let search = SearchDirectory(path: directory.path + "/s")
    let lock = try search.claim(for: plan())
    #expect(try search.plan() == plan())
    #expect(try directory.names(in: "s") == ["candidates", "search.json"])
    withExtendedLifetime(lock) {}
  }

  @Test(arguments: ["notes", "candidates/mine"])
  func aDirectoryWithOtherThingsIsNoSearch(file: String) throws {
    let directory = try TemporaryDirectory()
    try directory.write([1], to: "s/\(file)")
    let search = SearchDirectory(path: directory.path + "/s")
    #expect(throws: ExperimentError.notARun(directory: search.path)) {
      _ = try search.claim(for: plan())
    }
    #expect(try directory.names(in: "s").count == 1)
  }

  @Test func twoSearchesDoNotShareADirectory() throws {
    let directory = try TemporaryDirectory()
    let search = SearchDirectory(path: directory.path + "/s")
    let lock = try search.claim(for: plan())
    let other = try plan(replacing: "\"members\": 2", by: "\"members\": 3")
    #expect(throws: ExperimentError.busy(directory: search.path)) {
      _ = try search.claim(for: other)
    }
    #expect(try search.plan() == plan())
    withExtendedLifetime(lock) {}
  }

  @Test func whatKilledProcessesWereWritingIsRemoved() throws {
    let directory = try TemporaryDirectory()
    let search = SearchDirectory(path: directory.path + "/s")
    _ = try search.claim(for: plan())
    let places = ["", "candidates/wrn-01.01.01-0/", "supernetworks/0/", "networks/"]
    for place in places {
      try directory.write([1], to: "s/\(place)file.999999999-1f.partial")
      try directory.write([1], to: "s/\(place)file")
    }
    _ = try search.claim(for: plan())
    for place in places {
      #expect(try directory.names(in: "s/\(place)").filter { $0.hasPrefix("file") } == ["file"])
    }
  }

  @Test func foundNetworksNameNoFilesElsewhere() throws {
    let directory = try TemporaryDirectory()
    let search = SearchDirectory(path: directory.path + "/s")
    let found = """
      [{"setting": "joint", "networks": ["NAME"], "cost": 1, "multiplyAccumulates": 1, "holdOutAccuracy": 1,
      "evaluations": 1, "trainingImages": 1, "seconds": 1, "failures": 0}]
      """
    try directory.write(Array(found.replacing("NAME", with: "wrn-0").utf8), to: "s/found.json")
    #expect(try search.found().map(\.networks) == [["wrn-0"]])
    for text in [
      found.replacing("NAME", with: "../x"),
      found.replacing("\"cost\": 1", with: "\"cost\": 1, \"cost\": 2"),
    ] {
      try directory.write(Array(text.utf8), to: "s/found.json")
      #expect(throws: ExperimentError.unusableFinds(file: search.foundPath)) {
        _ = try search.found()
      }
    }
  }

  @Test func aDamagedRecordNamesItsLine() throws {
    let directory = try TemporaryDirectory()
    let search = SearchDirectory(path: directory.path)
    let record = EvaluationRecord(
      stage: "joint", number: 1, members: [Architecture([0])], networks: ["wrn-0"], cost: 1,
      accuracy: 0.5, reward: 0.5, rung: 1, rungs: 1, failure: nil, trainingImages: 3, seconds: 1)
    try search.write([record, record])
    #expect(try search.evaluations() == [record, record])
    var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: search.evaluationsPath)))
    bytes[bytes.count - 20] = 0
    try directory.write(bytes, to: "evaluations.jsonl")
    #expect(
      throws: ExperimentError.unusableRecord(file: search.evaluationsPath, line: 2)
    ) { _ = try search.evaluations() }
  }

  @Test(arguments: [
    (#""rungs":1"#, #""rungs":0"#), (#""rung":1"#, #""rung":2"#),
    (#""trainingImages":3"#, #""trainingImages":9223372036854775807"#),
    (#""accuracy":0.5"#, #""accuracy":2"#), (#""cost":1"#, #""cost":-1"#),
  ]) func aRecordThatCannotBeIsRefused(_ text: String, _ change: String) throws {
    let directory = try TemporaryDirectory()
    let search = SearchDirectory(path: directory.path)
    try search.write([
      EvaluationRecord(
        stage: "joint", number: 1, members: [Architecture([0])], networks: ["wrn-0"], cost: 1,
        accuracy: 0.5, reward: 0.5, rung: 1, rungs: 1, failure: nil, trainingImages: 3, seconds: 1)
    ])
    let written = try String(contentsOfFile: search.evaluationsPath, encoding: .utf8)
    let changed = written.replacing(text, with: change)
    try #require(changed != written)
    try directory.write(Array(changed.utf8), to: "evaluations.jsonl")
    #expect(
      throws: ExperimentError.unusableRecord(file: search.evaluationsPath, line: 1)
    ) { _ = try search.evaluations() }
  }

  @Test func keysWithEarlierNamesAreNotedWhereTheyStand() throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write(
      Array(
        #"{"evaluator": {"recipe": {"averageDecay": 0.9}}, "finalists": {"recipe": {"piecesPerBatch": 2}}}"#
          .utf8), to: "plan.json")
    #expect(
      try Recipe.notes(ofFile: path).map(\.text) == [
        "evaluator.recipe.averageDecay is now called evaluator.recipe.emaDecay",
        "finalists.recipe.piecesPerBatch is now called finalists.recipe.gradientAccumulationSteps",
      ])
  }
}

@Suite struct FinalistsTests {
  private func found(_ setting: SearchSetting, _ networks: [String]) -> FoundEnsemble {
    FoundEnsemble(
      setting: setting, networks: networks, cost: 1, multiplyAccumulates: 1, holdOutAccuracy: 0.5,
      records: [])
  }

  @Test func ensemblesShareTrainingsWhereTheyShareNetworks() throws {
    var plan = try SearchPlan(
      json: Data(
        """
        {
          "name": "s", "data": {"holdOut": 10, "trainingImages": 20},
          "space": {"preset": "wide-resnet-32"}, "members": 2,
          "cost": {"measure": "macs", "target": 20000000}, "settings": ["joint"],
          "controller": {"kind": "random"}, "reward": {"kind": "absolute"},
          "evaluator": {"kind": "proxy", "recipe": {"preset": "fast"}}, "budget": {"evaluations": 1}
        }
        """.utf8), file: "s.json")
    plan.finalists = .init(
      recipe: Recipe(.fast), seeds: 2, trainingImages: 90,
      handDesigned: [.init(network: "wide-resnet-10-1", count: 2)])
    let space = plan.space.space
    let (one, other) = (
      try space.network(Architecture([0, 0, 0, 0, 0, 0])),
      try space.network(Architecture([1, 0, 0, 0, 0, 0]))
    )
    let networks = [one.name: one, other.name: other]
    let (experiment, groups) = try #require(
      plan.finalists(
        [found(.duplicated, [one.name, one.name]), found(.joint, [one.name, other.name])],
        networks: networks))
    #expect(experiment.members.map(\.network) == [one.name, other.name, "wide-resnet-10-1"])
    #expect(experiment.members.map(\.count) == [4, 2, 4])
    #expect(experiment.members.map(\.architecture) == [one, other, nil])
    #expect(experiment.data.trainingImages == 90)
    #expect(
      groups.map(\.members) == [
        [["\(one.name)-0", "\(one.name)-1"], ["\(one.name)-2", "\(one.name)-3"]],
        [["\(one.name)-0", "\(other.name)-0"], ["\(one.name)-1", "\(other.name)-1"]],
        [
          ["wide-resnet-10-1-0", "wide-resnet-10-1-1"],
          ["wide-resnet-10-1-2", "wide-resnet-10-1-3"],
        ],
      ])
    #expect(groups.map(\.name) == ["duplicated", "joint", "2 x wide-resnet-10-1, by hand"])
  }
}
