import Foundation
import Predictions
import TestSupport
import Testing

@Suite struct PredictTests {
  private static let feeding = [
    "--crop-padding", "0", "--mean", "imagenet", "--std", "imagenet", "--interpolation", "bilinear",
  ]

  /// Folders of three of the model's five classes.
  private static func write(to directory: TemporaryDirectory) throws {
    try directory.write(image("subsampled.jpg"), to: "data/class 1/a.jpg")
    try directory.write(image("grey.jpg"), to: "data/class 3/b.jpg")
    try directory.write(image("rgb.png"), to: "data/class 3/c.png")
    try directory.write(image("full.jpeg"), to: "data/class 4/d.jpeg")
  }

  private static func predict(_ arguments: [String], in directory: TemporaryDirectory) throws
    -> Consort
  {
    try Consort(
      ["predict"] + arguments, environment: ["XDG_CACHE_HOME": "\(directory.path)/cache"],
      directory: directory.path)
  }

  @Test func foldersAreMatchedByName() throws {
    let directory = try TemporaryDirectory()
    try Self.write(to: directory)
    let run = try Self.predict(
      [
        "--onnx", model("logits"), model("logits"), "--data", "data", "--out", "found", "--csv",
        "a.csv", "--json",
      ] + Self.feeding, in: directory)
    #expect(run.status == 0, "\(run.errors)")
    #expect(try run.object()["images"] as? Int == 4)
    let member = try Predictions(path: "\(directory.path)/found/member-0.safetensors")
    #expect(member.labels == [1, 3, 3, 4])
    let ensemble = try Predictions(path: "\(directory.path)/found/ensemble.safetensors")
    // Two of one member are the member.
    let pairs = member.withLogProbabilities { first in
      ensemble.withLogProbabilities { zip(first, $0).map { abs($0 - $1) } }
    }
    #expect(pairs.count == 20 && pairs.allSatisfy { $0 < 1e-5 })
    let csv = try String(contentsOfFile: "\(directory.path)/a.csv", encoding: .utf8)
    let lines = csv.split(separator: "\n")
    #expect(lines.count == 5)
    #expect(lines[0].hasPrefix("image,label,class1,probability1,class2,"))
    #expect(lines[2].hasPrefix("data/class 3/b.jpg,class 3,class "))
    #expect(
      try directory.names(in: "found") == [
        "ensemble.safetensors", "member-0.safetensors", "member-1.safetensors",
      ])
  }

  @Test func anEnsembleGivesWhatItsFilesGive() throws {
    let directory = try TemporaryDirectory()
    try Self.write(to: directory)
    let models = [model("logits"), model("softmax")]
    let build = try Consort(
      ["build-ensemble"] + models + ["--out", "built", "--rule", "arithmetic-mean"] + Self.feeding,
      directory: directory.path)
    #expect(build.status == 0, "\(build.errors)")
    let whole = try Self.predict(["built", "--data", "data", "--json"], in: directory)
    let apart = try Self.predict(
      models + ["--data", "data", "--json", "--rule", "arithmetic-mean"] + Self.feeding,
      in: directory)
    #expect(whole.status == 0 && apart.status == 0, "\(whole.errors)\(apart.errors)")
    #expect(whole.outputWithoutTime == apart.outputWithoutTime)
    #expect(try #require(whole.object()["seconds"] as? Double) > 0)
    #expect(whole.output.contains("\"rule\" : \"arithmetic-mean\""))
  }

  @Test func imagesNeedNoLabels() throws {
    let directory = try TemporaryDirectory()
    try directory.write(image("rgb.png"), to: "photos/a.png")
    try directory.write(image("grey.jpg"), to: "photos/b.jpg")
    let run = try Self.predict(
      [model("logits"), "--data", "photos", "--csv", "a.csv"] + Self.feeding, in: directory)
    #expect(run.status == 0, "\(run.errors)")
    // Classes and their shares, how many images and how fast: nothing of an accuracy.
    let lines = run.output.split(separator: "\n")
    #expect(lines.count == 5)
    #expect(
      lines[0].split(separator: " ").joined(separator: " ") == "image class % class 2 % class 3 %")
    #expect(
      lines[1].hasPrefix("photos/a.png  class ") && lines[2].hasPrefix("photos/b.jpg  class "))
    #expect(lines[3] == "2 images")
    #expect(lines[4].contains(/^[0-9.]+ s, [0-9.]+ ms an image$/))
    let csv = try String(contentsOfFile: "\(directory.path)/a.csv", encoding: .utf8)
    #expect(csv.hasPrefix("image,class1,"))
    #expect(csv.split(separator: "\n").count == 3)
    let refused = try Self.predict(
      [model("logits"), "--data", "photos", "--out", "o"] + Self.feeding, in: directory)
    #expect(refused.status == 2 && refused.errors.contains("--out needs images with labels"))
  }

  @Test func imagesAreGivenByName() throws {
    let directory = try TemporaryDirectory()
    try directory.write(image("rgb.png"), to: "a.png")
    try directory.write(image("grey.jpg"), to: "b.jpg")
    let table = try Self.predict(
      [model("logits"), "a.png", "b.jpg", "--labels", "twice.txt"] + Self.feeding, in: directory)
    #expect(table.status == 1 && table.errors.contains("twice.txt"))
    try directory.write(
      Array("\u{FEFF}crane\r\ntench\r\ncrane\r\nant\r\nbee\r\n".utf8), to: "twice.txt")
    let named = try Self.predict(
      [model("logits"), "a.png", "b.jpg", "--labels", "twice.txt", "--json"] + Self.feeding,
      in: directory)
    #expect(named.status == 0, "\(named.errors)")
    let predictions = try #require(try named.object()["predictions"] as? [[String: Any]])
    #expect(predictions.compactMap { $0["image"] as? String } == ["a.png", "b.jpg"])
    let classes = try #require(predictions[0]["classes"] as? [[String: Any]])
    #expect(
      classes.compactMap { $0["name"] as? String }.sorted()
        == ["ant", "bee", "crane", "crane", "tench"])
    let sum = classes.compactMap { $0["probability"] as? Double }.reduce(0, +)
    #expect(abs(sum - 1) < 1e-6)
    let csv = try Self.predict(
      [model("logits"), "--data", "b.jpg", "--csv", "-"] + Self.feeding, in: directory)
    #expect(csv.status == 0, "\(csv.errors)")
    let lines = csv.output.split(separator: "\n")
    #expect(lines.count == 2 && lines[0].hasPrefix("image,class1,"))
    #expect(lines[1].hasPrefix("b.jpg,class "))
  }

  @Test func damagedImagesFailOrAreSkipped() throws {
    let directory = try TemporaryDirectory()
    try Self.write(to: directory)
    try directory.write(Array(image("subsampled.jpg").prefix(400)), to: "data/class 1/cut.jpg")
    let arguments = [model("logits"), "--data", "data", "--csv", "a.csv"] + Self.feeding
    let failed = try Self.predict(arguments, in: directory)
    #expect(failed.status == 1 && failed.output == "")
    #expect(failed.errors.contains("cut.jpg"))
    #expect(try !directory.names().contains("a.csv"))
    let skipped = try Self.predict(arguments + ["--corrupt", "skip"], in: directory)
    #expect(skipped.status == 0)
    #expect(skipped.errors.contains("skipped 'data/class 1/cut.jpg'"))
    #expect(skipped.output.contains("4 images, 1 skipped"))
  }

  @Test func aTarThatIsCutShortIsRefused() throws {
    let directory = try TemporaryDirectory()
    try directory.write([UInt8](repeating: 0x41, count: 700), to: "cut.tar")
    let run = try Self.predict(
      [model("logits"), "--data", "cut.tar", "--out", "o"] + Self.feeding, in: directory)
    #expect(run.status == 1 && run.errors.contains("cut.tar"))
    #expect(try !directory.names().contains("o"))
  }

  @Test(arguments: [
    ("two-inputs", "has 2 inputs"), ("no-classes", "where [N, classes] of floats is needed"),
    ("no-image", "where images are needed"), ("missing", "cannot read"),
  ])
  func modelsThatCannotPredictAreRefused(name: String, message: String) throws {
    let directory = try TemporaryDirectory()
    try Self.write(to: directory)
    for command in [
      ["predict", "--data", "data", "--csv", "a.csv"], ["build-ensemble", "--out", "a"],
    ] {
      let run = try Consort(
        command + [model(name)] + Self.feeding, directory: directory.path)
      #expect(run.status == 1 && !run.wasKilled && run.output == "")
      #expect(run.errors.contains(message), "\(run.errors)")
    }
    #expect(try directory.names() == ["data"])
  }

  @Test func classesMustAgree() throws {
    let directory = try TemporaryDirectory()
    try Self.write(to: directory)
    // A model that does not name its classes, of which there are more than folders.
    let unnamed = try Self.predict(
      [model("logits-2"), "--data", "data"] + Self.feeding, in: directory)
    #expect(unnamed.status == 1 && unnamed.errors.contains("the images have 3, the model has 5"))
    try directory.write(image("rgb.png"), to: "data/class 9/e.png")
    let unknown = try Self.predict(
      [model("logits"), "--data", "data"] + Self.feeding, in: directory)
    #expect(
      unknown.status == 1
        && unknown.errors.contains("'class 9' of the images' 4 is none of the model's"))
    let members = try Self.predict(
      [model("logits"), model("six-classes"), "--data", "data"] + Self.feeding, in: directory)
    #expect(members.status == 1 && members.errors.contains("number of classes (5 and 6)"))
  }

  @Test func howImagesAreFedMustBeKnown() throws {
    let directory = try TemporaryDirectory()
    try Self.write(to: directory)
    let run = try Self.predict([model("logits"), "--data", "data"], in: directory)
    #expect(run.status == 1 && run.errors.contains("does not say how images become its input"))
  }

  @Test func benchMeasures() throws {
    let directory = try TemporaryDirectory()
    let run = try Consort(
      [
        "bench", model("logits"), model("softmax"), "--batch", "1,3", "--threads", "1", "--seconds",
        "0.02", "--json", "--out", "b.json",
      ],
      environment: ["XDG_CACHE_HOME": "\(directory.path)/cache"], directory: directory.path)
    #expect(run.status == 0, "\(run.errors)")
    let rows = try #require(try run.object()["rows"] as? [[String: Any]])
    #expect(rows.map { $0["batch"] as? Int } == [1, 3])
    for row in rows {
      let times = ["medianMilliseconds", "p90Milliseconds", "p99Milliseconds"].compactMap {
        row[$0] as? Double
      }
      #expect(times.count == 3 && times == times.sorted() && times[0] > 0)
      #expect(try #require(row["runs"] as? Int) >= 5)
    }
    #expect(try String(contentsOfFile: "\(directory.path)/b.json", encoding: .utf8) == run.output)
  }

  /// The engine computes what is equal in one group once: equal models follow one another.
  @Test func aModelThatIsGivenTwiceIsTimedTwice() throws {
    let directory = try TemporaryDirectory()
    let copy = "\(directory.path)/copy.onnx"
    try FileManager.default.copyItem(atPath: model("logits"), toPath: copy)
    func groups(_ models: [String]) throws -> [Int]? {
      let run = try Consort(
        ["bench"] + models
          + ["--batch", "1", "--threads", "1", "--seconds", "0.02", "--json"],
        environment: ["XDG_CACHE_HOME": "\(directory.path)/cache"], directory: directory.path)
      #expect(run.status == 0, "\(run.errors)")
      #expect(run.errors.contains("is timed as often") == (models.count > 1))
      return try run.object()["modelsAtOnce"] as? [Int]
    }
    #expect(try groups([model("logits")]) == [1])
    #expect(try groups([model("logits"), model("logits")]) == [1, 1])
    #expect(try groups([model("logits"), copy]) == [1, 1])
  }

  @Test func costCountsONNXFiles() throws {
    let run = try Consort(["cost", model("cost/resnet18"), "--json", "--layers"])
    #expect(try run.object()["multiplyAccumulates"] as? Int == 1_814_073_344)
    #expect(try (run.object()["layers"] as? [Any])?.isEmpty == false)
    #expect(try Consort(["cost", model("logits")]).output.contains("FLOPs (2 x MACs)  13,864"))
    let refused = try Consort(["cost", model("logits"), "--classes", "5"])
    #expect(refused.status == 2)
  }
}
