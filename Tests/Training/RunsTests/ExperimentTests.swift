import Datasets
import Files
import Foundation
import Schemas
import TestSupport
import Testing

@testable import Runs
@testable import SearchRuns

@Suite struct ExperimentTests {
  private static let valid = """
    {"name": "quick", "data": {"trainingImages": 100, "holdOut": 20},
     "members": [{"network": "wide-resnet-16-1", "count": 2}, {"network": "wide-resnet-10-2", "count": 1}],
     "recipe": {"preset": "paper"}}
    """

  private func read(_ text: String) throws -> Experiment {
    try Experiment(json: Data(text.utf8), file: "e.json")
  }

  private func error(_ text: String) -> SchemaError? {
    do {
      _ = try read(text)
      return nil
    } catch {
      return error as? SchemaError
    }
  }

  private func replacing(_ part: String, by other: String) -> String {
    Self.valid.replacingOccurrences(of: part, with: other)
  }

  @Test func readsAndNumbersTheMembers() throws {
    let experiment = try read(Self.valid)
    #expect(
      experiment.allMembers.map(\.name) == [
        "wide-resnet-16-1-0", "wide-resnet-16-1-1", "wide-resnet-10-2-0",
      ])
    #expect(experiment.allMembers.map(\.index) == [0, 1, 2])
    #expect(experiment.recipe == Recipe(.paper))
    #expect(experiment.seed == 0)
  }

  @Test func theResolvedFormReadsBackAsTheSameExperiment() throws {
    var experiment = try read(Self.valid)
    #expect(
      try Experiment(json: Data(experiment.readableJSON().utf8), file: "r.json") == experiment)
    experiment.recipe = Recipe(.fast)
    experiment.data = DataSelection(procedural: ProceduralImages(), holdOut: 5)
    #expect(
      try Experiment(json: Data(experiment.readableJSON().utf8), file: "r.json") == experiment)
  }

  @Test func whatARecipeSaysReadsBackToo() throws {
    let text = replacing(
      #""paper""#,
      by: #"""
        "paper", "optimizer": {"kind": "rmsprop", "decay": 0.8, "epsilon": 0.01},
        "learningRate": {"kind": "exponential", "initial": 0.016, "factor": 0.97, "epochs": 2.4},
        "emaDecay": 0.9999, "decaysNormalization": false, "gradientAccumulationSteps": 4, "precision": "bfloat16"
        """#)
    let experiment = try read(text)
    var expected = Recipe(.paper)
    expected.optimizer = .rmsProp(decay: 0.8, epsilon: 0.01)
    expected.learningRate = .exponential(
      initial: 0.016, factor: 0.97, epochs: 2.4, warmUpEpochs: 0)
    (expected.emaDecay, expected.decaysNormalization) = (0.9999, false)
    (expected.gradientAccumulationSteps, expected.precision) = (4, .bfloat16)
    #expect(experiment.recipe == expected)
    #expect(
      try Experiment(json: Data(experiment.readableJSON().utf8), file: "r.json") == experiment)
  }

  /// Files of earlier versions, and the identity of members that were trained by them.
  @Test func earlierNamesOfKeysAreReadWithANote() throws {
    func text(_ ema: String, _ accumulation: String) -> String {
      replacing(#""paper""#, by: #""paper", "\#(ema)": 0.99, "\#(accumulation)": 2"#)
    }
    let earlier = text("averageDecay", "piecesPerBatch")
    let experiment = try read(earlier)
    #expect(experiment == (try read(text("emaDecay", "gradientAccumulationSteps"))))
    #expect(experiment.recipe.emaDecay == 0.99)
    #expect(experiment.recipe.gradientAccumulationSteps == 2)
    let directory = try TemporaryDirectory()
    let path = try directory.write(Array(earlier.utf8), to: "e.json")
    #expect(
      Note.lines(try Recipe.notes(ofFile: path)) == [
        "\(path): recipe.averageDecay is now called recipe.emaDecay",
        "\(path): recipe.piecesPerBatch is now called recipe.gradientAccumulationSteps",
      ])
    let both = error(replacing(#""paper""#, by: #""paper", "averageDecay": 0.9, "emaDecay": 0.9"#))
    #expect(
      both?.description.contains(
        "recipe.averageDecay is the earlier name of 'emaDecay', which stands there too: remove it")
        == true, "\(String(describing: both))")
  }

  @Test(arguments: [
    (#""optimizer": {"kind": "adam"}"#, "recipe.optimizer.kind"),
    (#""optimizer": {"kind": "sgd", "decay": 0.9}"#, "recipe.optimizer.decay"),
    (#""optimizer": {"kind": "rmsprop", "epsilon": 0}"#, "recipe.optimizer.epsilon"),
    (#""learningRate": {"kind": "exponential", "initial": 1}"#, "recipe.learningRate.factor"),
    (#""precision": "float16""#, "recipe.precision"),
    (#""gradientAccumulationSteps": 0"#, "recipe.gradientAccumulationSteps"),
    (#""emaDecay": 1"#, "recipe.emaDecay"),
    (#""randomResizedCrop": {"area": [0.5, 0.2]}"#, "recipe.randomResizedCrop.area"),
    (#""randomResizedCrop": {"area": [0.5]}"#, "recipe.randomResizedCrop.area"),
    (#""randomResizedCrop": {"aspectRatio": [0.5, 20]}"#, "recipe.randomResizedCrop.aspectRatio"),
    (
      #""randomResizedCrop": {"interpolation": "cubic"}"#, "recipe.randomResizedCrop.interpolation"
    ),
    (#""randomResizedCrop": {"size": 4}"#, "recipe.randomResizedCrop.size"),
    (#""randomResizedCrop": {}, "cropPadding": 4"#, "recipe.cropPadding"),
  ])
  func aRecipesMistakeNamesTheKey(_ part: String, key: String) {
    let mistake = error(replacing(#""paper""#, by: #""paper", "# + part))
    #expect(mistake?.description.contains(key) == true, "\(String(describing: mistake))")
  }

  /// The learning rate is in proportion to the batch; crops of one kind take the place of the other.
  @Test func theOfficialRecipeFollowsItsBatch() throws {
    func recipe(_ rest: String) throws -> Recipe {
      let text = replacing(#""paper""#, by: #""efficientnet-official""# + rest)
      let experiment = try read(text)
      #expect(
        try Experiment(json: Data(experiment.readableJSON().utf8), file: "r.json") == experiment)
      return experiment.recipe
    }
    #expect(try recipe("") == Recipe(.efficientNetOfficial))
    #expect(
      try recipe(#", "batchSize": 64"#).learningRate
        == .exponential(initial: 0.004, factor: 0.97, epochs: 2.4, warmUpEpochs: 5))
    let crop = RandomResizedCrop(area: 0.5...1, aspectRatio: 3.0 / 4...4.0 / 3)
    #expect(
      try recipe(#", "randomResizedCrop": {"area": [0.5, 1]}"#).randomResizedCrop == crop)
    let padded = try recipe(#", "cropPadding": 4"#)
    #expect(padded.randomResizedCrop == nil && padded.cropPadding == 4)
    let text = replacing(#""paper""#, by: #""paper", "randomResizedCrop": {}"#)
    let streamed = try read(text).recipe
    #expect(streamed.randomResizedCrop == RandomResizedCrop() && streamed.cropPadding == 0)
  }

  @Test func whatTheDataSaysReadsBackToo() throws {
    let experiment = try read(
      replacing(#""holdOut": 20"#, by: #""holdOut": 20, "corruptImages": "skip""#)
        .replacingOccurrences(of: #""count": 1"#, with: #""count": 1, "weights": "members/b0""#))
    #expect(experiment.data.corruptImages == .skip)
    #expect(experiment.allMembers.map(\.weights) == [nil, nil, "members/b0"])
    #expect(
      try Experiment(json: Data(experiment.readableJSON().utf8), file: "r.json") == experiment)
    let mistake = error(replacing(#""holdOut": 20"#, by: #""holdOut": 20, "corruptImages": "no""#))
    #expect(mistake?.description.contains("data.corruptImages") == true)
  }

  @Test func everyMistakeNamesFileAndKey() {
    #expect(
      error(replacing(#""holdOut""#, by: #""holdout""#))
        == .unknownKey(
          file: "e.json", key: "data.holdout",
          known: [
            "procedural", "imageSize", "corruptImages", "trainingImages", "balanced", "holdOut",
          ]))
    #expect(error(#"{"data": {}}"#) == .missingKey(file: "e.json", key: "members"))
    #expect(
      error(replacing(#""holdOut": 20"#, by: #""holdOut": 20, "shuffle": true"#))
        == .unknownKey(
          file: "e.json", key: "data.shuffle",
          known: [
            "procedural", "imageSize", "corruptImages", "trainingImages", "balanced", "holdOut",
          ]))
    #expect(
      error(replacing("20}", by: #""20"}"#))
        == .wrongType(
          file: "e.json", key: "data.holdOut", expected: "a whole number",
          actual: "the text \"20\""))
    #expect(
      error(replacing(#""count": 1"#, by: #""count": 0"#))
        == .outOfRange(
          file: "e.json", key: "members[1].count", value: "0", range: "1 to 10000"))
    #expect(
      error(replacing(#""paper""#, by: #""slow""#))
        == .invalid(
          file: "e.json", key: "recipe.preset",
          reason: "must be one of paper, fast, efficientnet-official, not 'slow'"))
    #expect(error(replacing(#""quick""#, by: #""../quick""#))?.description.contains("name") == true)
    let network = error(replacing("wide-resnet-10-2", by: "wide-resnet-11-2"))
    #expect(network?.description.contains("members[1].network") == true)
    guard case .notJSON(let file, _)? = error("{") else {
      Issue.record("not told apart from JSON")
      return
    }
    #expect(file == "e.json")
    #expect(error("[]")?.description.contains("an object") == true)
  }

  /// Only the members have to be there; the page of all keys has the defaults.
  @Test func whatIsLeftOutHasItsDefault() throws {
    let experiment = try Experiment(
      json: Data(#"{"members": [{"network": "resnet-20"}]}"#.utf8), file: "runs/my.cats.json")
    #expect(experiment.name == "my.cats")
    #expect(experiment.allMembers.map(\.name) == ["resnet-20-0"])
    #expect(experiment.recipe == Recipe(.fast))
    #expect(experiment.data == DataSelection())
    for (available, heldOut) in [(60, 6), (9, 1), (100_000, 5000)] {
      let partition = try DataPartition(of: experiment, labels: Self.labels(available))
      #expect(partition.holdOut.count == heldOut)
      #expect(partition.training.count == available - heldOut)
    }
    #expect(
      try Experiment(json: Data(experiment.readableJSON().utf8), file: "r.json") == experiment)
    let nameless = #expect(throws: SchemaError.self) {
      _ = try Experiment(
        json: Data(#"{"members": [{"network": "resnet-20"}]}"#.utf8), file: "my cats.json")
    }
    #expect(nameless?.description.contains("'my cats.json': name is missing") == true)
  }

  private static let examples = [
    "cifar10-hour", "cifar10-mixed", "cifar10-paper", "cifar10-quick", "efficientnet-b0-tiny",
    "imagenet-figure2", "photographs",
  ]

  @Test(arguments: examples) func theExperimentsOfTheRepositoryAreReadAsTheyAreWritten(
    name: String
  ) throws {
    let root = checkout
    let experiment = try Experiment(path: root.path + "/Experiments/\(name).json")
    #expect(experiment.name == name)
    #expect(
      try Experiment(json: Data(experiment.readableJSON().utf8), file: "r.json") == experiment)
  }

  @Test func aKeyThatStandsTwiceIsRefused() {
    #expect(
      error(replacing(#""count": 2"#, by: #""count": 2, "count": 3"#))
        == .repeatedKey(file: "e.json", key: "count"))
    #expect(
      error(replacing(#""preset": "paper""#, by: #""preset": "paper", "pr\u0065set": "fast""#))
        == .repeatedKey(file: "e.json", key: "preset"))
  }

  @Test func syntheticImagesThatCannotBeDrawnAreRefused() {
    let text = replacing(
      #""holdOut": 20"#, by: #""holdOut": 20, "procedural": {"imageSize": 4}"#)
    #expect(error(text)?.description.contains("data.procedural") == true)
  }

  @Test func partsAreDisjointAndFixedByTheSeed() throws {
    var experiment = try read(Self.valid)
    let partition = try DataPartition(of: experiment, labels: Self.labels(150))
    #expect(partition.training.count == 100)
    #expect(partition.holdOut.count == 20)
    #expect(Set(partition.training + partition.holdOut).count == 120)
    #expect(try DataPartition(of: experiment, labels: Self.labels(150)) == partition)
    experiment.seed = 1
    #expect(try DataPartition(of: experiment, labels: Self.labels(150)) != partition)
    experiment.data.trainingImages = nil
    #expect(try DataPartition(of: experiment, labels: Self.labels(150)).training.count == 130)
  }

  @Test func aHoldOutLargerThanTheDataIsRefused() throws {
    var experiment = try read(Self.valid)
    #expect(
      throws: ExperimentError.tooFewImages(trainingImages: 100, holdOut: 20, available: 119)
    ) { try DataPartition(of: experiment, labels: Self.labels(119)) }
    experiment.data.trainingImages = nil
    experiment.data.holdOut = 10
    #expect(
      throws: ExperimentError.tooFewImages(trainingImages: nil, holdOut: 10, available: 10)
    ) { try DataPartition(of: experiment, labels: Self.labels(10)) }
  }

  /// Of three classes: half of the images are of the first, a third of the second.
  private static func labels(_ count: Int) -> [Int64] {
    (0..<count).map { [0, 1, 0, 1, 0, 2][$0 % 6] }
  }

  @Test func balancedPartsHaveAsManyOfEachClassAndGrowAsOne() throws {
    var experiment = try read(Self.valid)
    experiment.data.isBalanced = true
    let labels = Self.labels(600)
    var former: [Int] = []
    var holdOut: [Int]?
    for count in [1, 7, 30, 31, 200] {
      experiment.data.trainingImages = count
      let partition = try DataPartition(of: experiment, labels: labels)
      let counts = (0..<3).map { label in partition.training.count { labels[$0] == label } }
      #expect(counts.reduce(0, +) == count)
      #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= 1)
      #expect(partition.training.starts(with: former))
      #expect(Set(partition.training).isDisjoint(with: partition.holdOut))
      if let holdOut { #expect(partition.holdOut == holdOut) }
      (former, holdOut) = (partition.training, partition.holdOut)
    }
    #expect(
      try Experiment(json: Data(experiment.readableJSON().utf8), file: "r.json") == experiment)
  }

  @Test func aClassWithFewerImagesThanItsShareIsRefused() throws {
    var experiment = try read(Self.valid)
    experiment.data.isBalanced = true
    experiment.data.trainingImages = 400
    let error = #expect(throws: ExperimentError.self) {
      try DataPartition(of: experiment, labels: Self.labels(600))
    }
    let text = try #require(error).description
    #expect(text.contains("134 images of each class to make 400"))
    #expect(text.contains("class number 2 has 9"))
    let most = try #require(
      text.split(separator: " ").compactMap { Int($0.filter(\.isNumber)) }.last)
    experiment.data.trainingImages = most
    #expect(try DataPartition(of: experiment, labels: Self.labels(600)).training.count == most)
  }
}
