import Decisions
import Foundation
import Predictions
import TestSupport
import Testing

/// What `consort report` and `consort predict` are told of ONNX files: the output, its kind, the scale of the input.
@Suite struct ReportedModelTests {
  private let directory: TemporaryDirectory
  private static let feeding = ["--crop-padding", "0"]
  private static let imagenet = ["--mean", "imagenet", "--std", "imagenet"]

  init() throws {
    directory = try TemporaryDirectory()
    for (name, picture) in [
      ("test/class 1/a.jpg", "subsampled.jpg"), ("test/class 3/b.jpg", "grey.jpg"),
      ("choose/class 3/c.png", "rgb.png"), ("choose/class 4/d.jpeg", "full.jpeg"),
    ] { try directory.write(image(picture), to: name) }
    let names = (0..<5).map { "class \($0)\n" }.joined()
    try directory.write(Array(names.utf8), to: "names.txt")
  }

  private func consort(_ arguments: [String]) throws -> Consort {
    // No renderer: the figures come all the same.
    try Consort(
      arguments + Self.feeding,
      environment: [
        "CONSORT_DEPS": directory.path, "XDG_CACHE_HOME": "\(directory.path)/cache",
      ], directory: directory.path)
  }

  private func report(_ name: String, _ options: [String]) throws -> Consort {
    try consort(
      [
        "report", model(name), model("logits"), "--data", "test", "--hold-out-data", "choose",
        "--out", "out", "--classes", "names.txt",
      ] + Self.imagenet + options)
  }

  private func predicted(_ name: String, _ options: [String], to out: String) throws -> Predictions
  {
    let run = try consort(
      ["predict", model(name), "--data", "test", "--labels", "names.txt", "--out", out] + options)
    try #require(run.status == 0, "\(run.errors)")
    return try Predictions(path: "\(directory.path)/\(out)/member-0.safetensors")
  }

  private func scores(_ predictions: Predictions) -> [Float] {
    predictions.withLogProbabilities { Array($0) }
  }

  @Test func theOutputWithTheClassesIsNamed() throws {
    let unnamed = try report("unnamed-outputs", [])
    #expect(unnamed.status == 1 && unnamed.output == "")
    #expect(unnamed.errors.contains("has 2 outputs ('scores', 'features')"), "\(unnamed.errors)")
    #expect(unnamed.errors.contains("--output"))
    let predictions = try predicted(
      "unnamed-outputs", Self.imagenet + ["--output", "scores"], to: "found")
    let run = try consort(
      [
        "frontier", model("unnamed-outputs"), "--data", "test", "--hold-out-data", "choose",
        "--out", "out", "--classes", "names.txt", "--output", "scores",
      ] + Self.imagenet)
    let decision = try JSONDecoder().decode(
      Decision.self, from: Data(contentsOf: URL(filePath: "\(directory.path)/out/decision.json")))
    let values = scores(predictions)
    let likelihoods = predictions.labels.enumerated().map { -Double(values[$0 * 5 + Int($1)]) }
    let found = decision.deployed.test.metrics.negativeLogLikelihood
    #expect(
      abs(found - likelihoods.reduce(0, +) / Double(likelihoods.count)) < 1e-5, "\(run.errors)")
  }

  /// Scores that are said to be what they are not.
  @Test func theKindOfTheOutputIsTakenAtItsWordAndMeasured() throws {
    let run = try report("logits-2", ["--output-kind", "probabilities"])
    #expect(run.status == 1 && run.output == "")
    #expect(run.errors.contains("no distribution over the classes"), "\(run.errors)")
    #expect(run.errors.contains("--output-kind"))
    // What a model is known to give, said once more, changes nothing.
    let known = try predicted("softmax", Self.imagenet, to: "known")
    let said = try predicted(
      "softmax", Self.imagenet + ["--output-kind", "probabilities"], to: "said")
    #expect(scores(known) == scores(said))
  }

  /// Pixels on 0...255 are pixels on 0...1 times 255, and a mean is on the scale that is given.
  @Test func theScaleOfTheInputIsThatOfMeanAndDeviation() throws {
    func predicted(_ mean: String, _ deviation: String, _ scale: [String]) throws -> [Float] {
      scores(
        try self.predicted(
          "logits", ["--mean", mean, "--std", deviation] + scale, to: UUID().uuidString))
    }
    let ones = try predicted("0.5,0.25,0.125", "0.25,0.5,0.125", [])
    let bytes = try predicted("127.5,63.75,31.875", "63.75,127.5,31.875", ["--scale", "255"])
    #expect(ones == bytes)
    let alone = scores(try self.predicted("logits", ["--scale", "255"], to: "alone"))
    #expect(try predicted("0,0,0", "1,1,1", ["--scale", "255"]) == alone)
    #expect(try predicted("0,0,0", "1,1,1", []) != alone)
  }

  /// Each image's answer depends on the others in its batch, which the graph alone does not show.
  @Test func answersThatDependOnTheBatchAreMeasured() throws {
    try directory.write(image("rgb.png"), to: "test/class 1/c.png")
    let arguments = ["predict", model("by-batch"), "--data", "test"] + Self.imagenet
    try directory.write(Array("class 1\nclass 2\nclass 3\n".utf8), to: "three.txt")
    let run = try consort(arguments + ["--labels", "three.txt", "--batch", "2"])
    #expect(run.status == 1 && run.output == "", "\(run.output)")
    #expect(
      run.errors.contains("gives an image another answer when other images are in its batch"),
      "\(run.errors)")
    #expect(run.errors.contains("--batch 1"))
    let alone = try consort(arguments + ["--labels", "three.txt", "--batch", "1"])
    #expect(alone.status == 0, "\(alone.errors)")
  }
}
