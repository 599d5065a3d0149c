import Datasets
import Deployment
import Inference
import InferenceTestSupport
import MemberSources
import Predictions
import TestSupport
import Testing

@Suite struct MemberSourceTests {
  @Test func tellsWhatIsThere() throws {
    let directory = try TemporaryDirectory()
    try SyntheticMembers.write("a", split: "test", to: directory, as: "files/a.safetensors")
    // What all members make together, and what is hidden, is no further member.
    for name in ["ensemble", ".b"] {
      try SyntheticMembers.write(
        name, split: "test", to: directory, as: "files/\(name).safetensors")
    }
    let files = try MemberSource(path: "\(directory.path)/files")
    #expect(files.inputs == ["\(directory.path)/files/a.safetensors"] && !files.holdsModels)
    let model = try MemberSource(path: modelFixture("logits"))
    #expect(model.isModelFile && model.holdsModels)
    let missing = "\(directory.path)/none.safetensors"
    #expect(
      throws: SourceError.notPredictions(
        path: missing, reason: "there is no such file or directory")
    ) { try MemberSource(path: missing) }
    let other = try directory.write([1], to: "a.txt")
    #expect(
      throws: SourceError.notPredictions(
        path: other, reason: "its name ends in none of .safetensors, .json and .onnx")
    ) { try MemberSource(path: other) }
  }

  @Test func optionsAreAboutTheSources() throws {
    let directory = try TemporaryDirectory()
    try SyntheticMembers.write("a", split: "test", to: directory, as: "a.safetensors")
    let sources = [try MemberSource(path: "\(directory.path)/a.safetensors")]
    var options = SourceOptions()
    try options.check(sources)
    options.output = ImageModel.OutputChoice(name: "scores", kind: nil)
    #expect(
      throws: SourceError.unusedOption(
        "--output and --output-kind", reason: "go with ONNX files, and none is given")
    ) { try options.check(sources) }
    options = SourceOptions()
    options.listOption = "--labels"
    let error = #expect(throws: SourceError.self) {
      try PredictionSources(["\(directory.path)/a.safetensors"], options: options)
    }
    guard case .unusedOption("--labels", _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(error?.isMisuse == true)
    options.listOption = nil
    options.images.classOrder = .numbers
    let orderless = #expect(throws: SourceError.self) { try options.check(sources) }
    guard case .unusedOption("--class-order", _)? = orderless else {
      Issue.record("\(String(describing: orderless))")
      return
    }
  }
}

/// What the user calls the classes of predictions that do not name them.
@Suite struct ClassNameTests {
  @Test func predictionsGetTheNamesThatAreGiven() throws {
    let directory = try TemporaryDirectory()
    try SyntheticMembers.write("a", split: "test", to: directory, as: "a.safetensors")
    func names(_ given: [String]?) throws -> [String]? {
      var options = SourceOptions()
      options.importing = ImportOptions(classes: given)
      options.classesFile = given.map { _ in "names.txt" }
      options.listOption = given.map { _ in "--classes" }
      return try PredictionSources(["\(directory.path)/a.safetensors"], options: options)
        .classNames
    }
    #expect(try names(["cat", "dog", "owl"]) == ["cat", "dog", "owl"])
    #expect(try names(nil) == nil)
    let error = #expect(throws: DeploymentError.self) { try names(["cat", "dog"]) }
    let refused = try #require(error)
    #expect("\(refused)".contains("'names.txt' has 2 names for 3 classes"))
  }
}

/// Predictions of twelve images of three classes, by members of which each errs on some.
enum SyntheticMembers {
  static let labels = (0..<12).map { Int64($0 % 3) }

  static func predictions(
    _ name: String, split: String, erringAt errors: Set<Int> = [0]
  ) throws -> Predictions {
    try Predictions(
      name: name, network: "small", multiplyAccumulates: 100, parameters: 10, split: split,
      fingerprint: split,
      logProbabilities: labels.enumerated().flatMap { image, label in
        (0..<3).map { column in
          let best = errors.contains(image) ? (Int(label) + 1) % 3 : Int(label)
          // Other scores of other images: the same would be taken for the same images.
          return split == "test"
            ? column == best ? Float(-0.2231436) : Float(-2.3025851)
            : column == best ? Float(-0.3566749) : Float(-1.8971200)
        }
      }, labels: labels, classes: 3)
  }

  static func write(
    _ name: String, split: String, erringAt errors: Set<Int> = [0],
    to directory: TemporaryDirectory, as file: String
  ) throws {
    try directory.write([], to: file)
    try predictions(name, split: split, erringAt: errors).write(to: "\(directory.path)/\(file)")
  }
}
