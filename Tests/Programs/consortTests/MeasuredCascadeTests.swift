import Datasets
import Decisions
import Foundation
import Randomness
import TestSupport
import Testing

/// A cascade that is chosen of models at hand is measured as a whole.
@Suite struct MeasuredCascadeTests {
  private static let feeding = [
    "--crop-padding", "0", "--mean", "imagenet", "--std", "imagenet", "--interpolation", "bilinear",
  ]
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func run(_ arguments: [String]) throws -> Consort {
    let run = try Consort(
      arguments,
      environment: [
        "CONSORT_DEPS": directory.path, "XDG_CACHE_HOME": "\(directory.path)/cache",
      ], directory: directory.path)
    // Without a renderer no chart is drawn.
    #expect(run.status == 0 || run.errors.contains("the other files are written"), "\(run.errors)")
    return run
  }

  /// Images of one colour, of which the first model says class 1 and the second class 2: the first is right where it is surer.
  private func writeImages() throws {
    var random = RandomStream(seed: 7)
    for index in 0..<160 {
      let colour = (0..<3).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      let pixels = colour.flatMap { [UInt8](repeating: $0, count: 64) }
      let png = try #require(RGBImage(width: 8, height: 8, pixels: pixels).png())
      try directory.write(png, to: "images/\(1000 + index).png")
    }
    let answer = try run(["predict", model("logits"), "--data", "images", "--json"] + Self.feeding)
    let images = try #require(try answer.object()["predictions"] as? [[String: Any]])
    let sureness = try images.map { image -> (name: String, probability: Double) in
      let classes = try #require(image["classes"] as? [[String: Any]])
      return (
        try #require(image["image"] as? String), try #require(classes[0]["probability"] as? Double)
      )
    }.sorted { $0.probability < $1.probability }
    for (rank, image) in sureness.enumerated() {
      let name = "class \(rank < sureness.count / 2 ? 2 : 1)"
      let place = "\(directory.path)/\(rank % 2 == 0 ? "choose" : "judge")/\(name)"
      try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
      try FileManager.default.moveItem(
        atPath: "\(directory.path)/\(image.name)", toPath: "\(place)/\(rank).png")
    }
  }

  @Test func aChosenCascadeIsMeasuredWhereItsModelsAreAtHand() throws {
    try writeImages()
    try Data((0..<5).map { "class \($0)\n" }.joined().utf8)
      .write(to: URL(filePath: "\(directory.path)/names.txt"))
    let models = [model("logits"), model("logits-2")]
    let found = try run(
      ["frontier"] + models + [
        "--data", "judge", "--hold-out-data", "choose", "--classes", "names.txt", "--cost",
        "latency", "--min-accuracy", "65", "--out", "out",
      ] + Self.feeding)
    let file = URL(filePath: "\(directory.path)/out/decision.json")
    let decision = try JSONDecoder().decode(Decision.self, from: Data(contentsOf: file))
    #expect(decision.deployed.kind == .cascade)
    #expect(Set(decision.deployed.members) == ["logits", "logits-2"])
    let measured = try #require(decision.measured)
    #expect(measured.rounds == 5 && measured.imagesPerRound >= 10)
    for time in [measured.deployed, measured.slowestPath, measured.reference] {
      #expect(time.least > 0 && time.least <= time.median && time.median <= time.greatest)
    }
    let path = try #require(decision.slowestPath)
    #expect(path.testFraction == decision.deployed.test.exitFractions?.last)
    #expect(path.latencyMilliseconds ?? 0 > 0)
    let said = found.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(said.contains("Measured as a whole, an image takes "))
    #expect(said.contains(" of the expected time of the best single model"))

    // What a percentile's budget bounds is measured, too.
    let bounded = try run(
      ["frontier"] + models + [
        "--data", "judge", "--hold-out-data", "choose", "--classes", "names.txt", "--cost",
        "latency", "--max-cost", "1000ms", "--at", "p99", "--out", "out",
      ] + Self.feeding)
    let within = try JSONDecoder().decode(Decision.self, from: Data(contentsOf: file))
    #expect(within.deployed.members.count == 2)
    let quantile = try #require(within.measured?.quantile)
    #expect(quantile.percent == 99 && quantile.time.median > 0)
    #expect(within.measuredBudget?.isKept == true)
    let words = bounded.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(words.contains("measured: 99 % of the images take at most "))

    // The same members' predictions cannot be timed.
    for (data, split) in [("choose", "hold-out"), ("judge", "test")] {
      _ = try run(
        ["predict"] + models + [
          "--data", data, "--split", split, "--labels", "names.txt", "--out", "made/\(split)",
        ] + Self.feeding)
    }
    let alone = try run([
      "frontier", "made/hold-out", "made/test", "--min-accuracy", "65", "--out", "out",
    ])
    let other = try JSONDecoder().decode(Decision.self, from: Data(contentsOf: file))
    #expect(other.deployed.kind == .cascade && other.measured == nil)
    #expect(other.slowestPath?.latencyMilliseconds == nil)
    #expect(!alone.output.contains("Measured"))
  }
}
