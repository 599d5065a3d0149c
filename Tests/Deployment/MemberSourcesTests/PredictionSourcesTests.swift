import Datasets
import Deployment
import Foundation
import InferenceTestSupport
import MemberSources
import Predictions
import TestSupport
import Testing

@Suite struct PredictionSourcesTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func path(_ name: String) -> String { "\(directory.path)/\(name)" }

  private func write(_ name: String, _ split: String, to file: String) throws {
    try SyntheticMembers.write(name, split: split, to: directory, as: file)
  }

  @Test func partsSplitsAndTellsNamesakesApart() throws {
    for source in ["first", "second"] {
      try write("m", "test", to: "\(source)/test.safetensors")
      try write("m", "val", to: "\(source)/choose.safetensors")
    }
    let paths = [path("first"), path("second")]
    let sources = try PredictionSources(paths)
    try sources.check()
    #expect(sources.test.map(\.name) == ["first/m", "second/m"])
    #expect(sources.holdOut.map(\.name) == ["first/m", "second/m"])
    #expect(sources.holdOut.map(\.split) == ["hold-out", "hold-out"])
    #expect(sources.notes.count == 2, "that val was taken for the hold-out")
    #expect(sources.origins.map(\.path) == paths)
    #expect(sources.origins.map(\.members) == [["first/m"], ["second/m"]])
    #expect(!sources.origins[0].holdsModels && sources.models.isEmpty && sources.run == nil)
  }

  @Test func allMembersHaveHoldOutPredictionsOrNone() throws {
    try write("a", "test", to: "test/a.safetensors")
    try write("b", "test", to: "test/b.safetensors")
    try write("a", "hold-out", to: "choose/a.safetensors")
    let some = try PredictionSources([path("test"), path("choose")])
    #expect(
      throws: SourceError.partialHoldOut(path: path("test"), members: ["b"], total: 2)
    ) { try some.check() }
    let alone = try PredictionSources([path("choose")])
    #expect(throws: SourceError.holdOutOnly(path: path("choose"))) { try alone.check() }
  }

  /// A member that is left out of one list would silently not compete.
  @Test func membersOfTheHoldOutAloneAreRefused() throws {
    for name in ["a", "b", "c"] { try write(name, "hold-out", to: "choose/\(name).safetensors") }
    try write("b", "test", to: "test/b.safetensors")
    let sources = try PredictionSources([path("test"), path("choose")])
    let error = SourceError.partialTest(path: path("choose"), members: ["a", "c"], total: 3)
    #expect(throws: error) { try sources.check() }
    #expect("\(error)".contains("2 of 3 members of the hold-out have no test predictions"))
  }

  /// Images that are of no class may be of any split that members have not seen, and need no labels.
  @Test func imagesOfNoClassAreOfAnyUnseenSplit() throws {
    try write("a", "test", to: "test/a.safetensors")
    func list(_ split: String) throws -> String {
      try directory.write(Array("p,q\n0.9,0.1\n0.2,0.8\n".utf8), to: "u.csv")
      try directory.write(
        Array(
          #"{"split": "\#(split)", "members": [{"file": "u.csv", "name": "a"}]}"#.utf8),
        to: "u.json")
      return path("u.json")
    }
    for split in ["unlike", "textures", "test"] {
      let sources = try PredictionSources([path("test")], unlike: list(split))
      #expect(sources.unlike?.map(\.split) == ["unlike"] && sources.unlike?[0].count == 2)
      #expect(!sources.notes.contains { $0.text.contains("which judge") }, "\(sources.notes)")
    }
    for split in ["train", "hold-out", "validation"] {
      let error = #expect(throws: EnsembleError.self) {
        try PredictionSources([path("test")], unlike: list(split))
      }
      #expect(error?.description.contains("has the split '\(split)'") == true)
    }
  }

  @Test func theTestImagesAsFurtherImagesAreSaid() throws {
    try write("a", "test", to: "test/a.safetensors")
    try write("a", "unlike", to: "again/a.safetensors")
    let sources = try PredictionSources([path("test")], unlike: path("again"))
    let same =
      sources.unlike?[0].contentSHA256() == sources.test[0].contentSHA256()
    #expect(sources.notes.contains { $0.text.contains("the test images themselves") } == same)
    let shifted = try PredictionSources([path("test")], shifted: path("test"))
    #expect(shifted.notes.contains { $0.text.contains("the test images themselves") })
  }

  /// Models predict the images that are named, of classes that are matched by name.
  @Test func modelsPredict() throws {
    let model = modelFixture("logits")
    var options = SourceOptions()
    (options.preprocessing.mean, options.preprocessing.standardDeviation) = ([0, 0, 0], [1, 1, 1])
    options.preprocessing.resizing = .fixed(.centreCrop(padding: 0))
    options.modelWords = ["--scale", "255"]
    #expect(throws: SourceError.imagesMissing(path: model)) {
      try PredictionSources([model], options: options)
    }
    let images = fixture("rgb.png", of: "Data/DatasetsTests")
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: images)))
    try directory.write(bytes, to: "images/class 1/a.png")
    try directory.write(bytes, to: "images/class 3/b.png")
    options.images.data = path("images")
    let sources = try PredictionSources([model], options: options)
    #expect(sources.test.map(\.name) == ["logits"] && sources.holdOut.isEmpty)
    #expect(sources.test[0].labels == [1, 3] && sources.test[0].classes == 5)
    #expect(sources.models.map(\.members) == [["logits"]])
    #expect(sources.buildOptions == ["--scale", "255"] && sources.origins[0].holdsModels)
  }

  @Test func runsAreKnownByTheirExperiment() throws {
    let missing = RunPredictions(run: .init(path: path("none")), split: "test")
    #expect(
      throws: SourceError.notARun(path: path("none"), reason: "there is no such directory")
    ) { try missing.checkIsRun() }
    try directory.write([], to: "empty/a")
    let empty = RunPredictions(run: .init(path: path("empty")), split: "test")
    #expect(
      throws: SourceError.notARun(path: path("empty"), reason: "it has no experiment.json")
    ) { try empty.predictions() }
  }
}
