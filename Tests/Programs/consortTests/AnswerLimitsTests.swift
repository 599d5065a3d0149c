import Decisions
import Ensembles
import Files
import Foundation
import Predictions
import TestSupport
import Testing

/// From a report's decision to what `consort predict --limits` says of images.
@Suite struct AnswerLimitsTests {
  private static let feeding = [
    "--crop-padding", "0", "--mean", "imagenet", "--std", "imagenet", "--interpolation", "bilinear",
  ]
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func run(_ arguments: [String]) throws -> Consort {
    try Consort(
      arguments,
      environment: ["XDG_CACHE_HOME": "\(directory.path)/cache", "CONSORT_DEPS": directory.path],
      directory: directory.path)
  }

  /// Predictions of made-up members, unsure about some images; those of one split differ from those of another.
  private func write(_ split: String, images: Int, to name: String) throws {
    try Directory.create("\(directory.path)/\(name)")
    let phases = ["hold-out": 0.1, "test": 0.2, "unlike": 0.3]
    for (place, member) in ["logits", "softmax"].enumerated() {
      let rows = (0..<images).map { image -> [Double] in
        let wave = sin(Double(image) * (1.3 + Double(place)) + (phases[split] ?? 0))
        let sure = split == "unlike" ? 0.3 : 0.6 + 0.39 * wave
        return (0..<5).map { $0 == image % 5 ? sure : (1 - sure) / 4 }
      }
      let predictions = try Predictions(
        name: member, network: "net", multiplyAccumulates: 6932, parameters: 137, split: split,
        fingerprint: split, logProbabilities: rows.flatMap { $0.map { Float(log($0)) } },
        labels: (0..<images).map { Int64(split == "unlike" ? 0 : $0 % 5) }, classes: 5)
      try predictions.write(to: "\(directory.path)/\(name)/\(member).safetensors")
    }
  }

  private func writeImages() throws {
    try directory.write(image("subsampled.jpg"), to: "data/class 1/a.jpg")
    try directory.write(image("grey.jpg"), to: "data/class 3/b.jpg")
    try directory.write(image("full.jpeg"), to: "data/class 4/c.jpeg")
  }

  @Test func setsAndAbstentionsReachEachImage() throws {
    try write("hold-out", images: 400, to: "hold-out")
    try write("test", images: 200, to: "test")
    let choice = try run(
      ["frontier", "hold-out", "test", "--out", "choice", "--set-coverage", "80"])
    #expect(choice.output.contains("Prediction sets have"), "\(choice.output)")
    let decision = try JSONDecoder().decode(
      Decision.self, from: Data(contentsOf: URL(filePath: "\(directory.path)/choice/decision.json"))
    )
    let answers = try #require(decision.deployed.answerLimits)
    #expect(answers.images == 400 && answers.sets.missRate == 0.2 && !answers.isPromised)
    try writeImages()
    let answersText = String(decoding: try JSONEncoder().encode(answers), as: UTF8.self)
    // What the models are, and what was predicted, are not compared: a candidate alone stands here.
    let text = """
      {"version": 1, "candidates": [], "deployed": {"id": "a", "members": ["logits", "softmax"],
      "combination": {"rule": "geometricMean"}, "answerLimits": \(answersText)}}
      """
    try directory.write(Array(text.utf8), to: "decision.json")
    let built = try run(
      [
        "build-ensemble", model("logits"), model("softmax"), "--decision", "decision.json", "--out",
        "built",
      ]
        + Self.feeding)
    #expect(built.status == 0, "\(built.errors)")
    let found = try run(
      ["predict", "built", "--data", "data", "--limits", "--json", "--csv", "a.csv"])
    #expect(found.status == 0, "\(found.errors)")
    let limits = try #require(found.object()["limits"] as? [String: Any])
    #expect(limits["calibrationImages"] as? Int == 400 && limits["isPromised"] as? Bool == false)
    let predictions = try #require(found.object()["predictions"] as? [[String: Any]])
    #expect(predictions.count == 3)
    #expect(predictions.allSatisfy { ($0["set"] as? [String])?.isEmpty == false })
    let csv = try String(contentsOfFile: "\(directory.path)/a.csv", encoding: .utf8)
    #expect(try #require(csv.split(separator: "\n").first).contains(",set"))
    let table = try run(["predict", "built", "--data", "data", "--limits"])
    #expect(table.output.contains("sets:") && table.output.contains("No promise"))
    let plain = try run(["predict", "built", "--data", "data", "--json"])
    #expect(!plain.output.contains("\"limits\"") && !plain.output.contains("\"set\""))
    let other = try run(
      ["predict", "built", "--data", "data", "--limits", "--rule", "majority-vote"])
    #expect(other.status == 2 && other.errors.contains("leave --rule out"))
    // A vote has no likelihood.
    let vote = try run(["predict", "built", "--data", "data", "--rule", "majority-vote"])
    let row = vote.output.split(separator: "\n").first { $0.hasPrefix("ensemble ") }
    #expect(row?.contains("–") == true, "\(vote.output) \(vote.errors)")
    let refused = try run(
      ["predict", model("logits"), "--data", "data", "--limits"] + Self.feeding)
    #expect(refused.status == 2 && refused.errors.contains("--limits needs an ensemble"))
  }

  @Test func imagesOfNoClassAreTold() throws {
    try write("hold-out", images: 400, to: "hold-out")
    try write("test", images: 200, to: "test")
    try write("unlike", images: 60, to: "unlike")
    let choice = try run(["frontier", "hold-out", "test", "--unlike", "unlike", "--out", "told"])
    #expect(choice.output.contains("60 images of 'unlike'"), "\(choice.output)")
    // They neither choose nor judge.
    let refused = try run(["frontier", "hold-out", "unlike"])
    #expect(
      refused.status != 0 && refused.errors.contains("give it to --unlike"), "\(refused.errors)")
  }

  @Test func imagesOfNoClassNeedNoLabels() throws {
    try directory.write(image("grey.jpg"), to: "photos/a.jpg")
    try directory.write(image("rgb.png"), to: "photos/b.png")
    let found = try run(
      ["predict", model("logits"), "--data", "photos", "--split", "unlike", "--out", "found"]
        + Self.feeding)
    #expect(found.status == 0, "\(found.errors)")
    let read = try Predictions(path: "\(directory.path)/found/member-0.safetensors")
    #expect(read.split == "unlike" && read.count == 2)
  }

  @Test(arguments: [
    ["--set-coverage", "100"], ["--set-coverage", "10"], ["--set-score", "best"],
    ["--answer-error", "0"], ["--answer-confidence", "100"],
  ])
  func optionsOutOfRangeAreRefused(_ options: [String]) throws {
    let refused = try run(["frontier", "nothing"] + options)
    #expect(refused.status == 2 && refused.errors.contains(options[0]), "\(refused.errors)")
  }
}
