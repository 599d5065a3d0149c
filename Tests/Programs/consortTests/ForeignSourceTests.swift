import Decisions
import Files
import Foundation
import Predictions
import TestSupport
import Testing

/// What `consort frontier` makes of models and of lists that others wrote.
@Suite struct ForeignSourceTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func frontier(_ arguments: [String]) throws -> Consort {
    // No renderer: the figures come all the same.
    try Consort(
      ["frontier"] + arguments,
      environment: [
        "CONSORT_DEPS": directory.path, "XDG_CACHE_HOME": "\(directory.path)/cache",
      ], directory: directory.path)
  }

  private func write(_ text: String, to name: String) throws {
    try DurableFile.write(text, to: "\(directory.path)/\(name)")
  }

  private func decision() throws -> Decision {
    try JSONDecoder().decode(
      Decision.self, from: Data(contentsOf: URL(filePath: "\(directory.path)/out/decision.json")))
  }

  @Test func modelsAreSourcesBesideTheirImages() throws {
    for name in ["a", "b"] {
      let model = model(name == "a" ? "logits" : "softmax")
      try FileManager.default.copyItem(atPath: model, toPath: "\(directory.path)/\(name).onnx")
    }
    try directory.write(image("subsampled.jpg"), to: "test/class 1/a.jpg")
    try directory.write(image("grey.jpg"), to: "test/class 3/b.jpg")
    try directory.write(image("rgb.png"), to: "choose/class 3/c.png")
    try directory.write(image("full.jpeg"), to: "choose/class 4/d.jpeg")
    try write("class 0\nclass 1\nclass 2\nclass 3\nclass 4\n", to: "names.txt")
    let feeding = ["--crop-padding", "0", "--mean", "imagenet", "--std", "imagenet"]
    let run = try frontier(
      [
        "a.onnx", "b.onnx", "--data", "test", "--hold-out-data", "choose", "--out", "out",
        "--classes",
        "names.txt",
      ] + feeding)
    let decision = try decision()
    #expect(decision.holdOut.count == 2 && decision.test.count == 2, "\(run.errors)")
    #expect(decision.candidates.contains { $0.members.count == 2 })
    let alone = try frontier(["a.onnx"] + feeding)
    #expect(alone.status == 1 && alone.errors.contains("name labelled images with --data"))
  }

  /// From the table of costs to the labels of an ensemble that was built by it.
  @Test func costsOfErrorsDecideWhatIsPredicted() throws {
    for name in ["a", "b"] {
      let model = model(name == "a" ? "logits" : "softmax")
      try FileManager.default.copyItem(atPath: model, toPath: "\(directory.path)/\(name).onnx")
    }
    try directory.write(image("subsampled.jpg"), to: "test/class 1/a.jpg")
    try directory.write(image("grey.jpg"), to: "test/class 3/b.jpg")
    try directory.write(image("rgb.png"), to: "choose/class 3/c.png")
    try directory.write(image("full.jpeg"), to: "choose/class 4/d.jpeg")
    try write("class 0\nclass 1\nclass 2\nclass 3\nclass 4\n", to: "names.txt")
    // Whatever it is, to take it for class 0 does little harm.
    let names = (0..<5).map { "class \($0)" }
    let rows = names.indices.map { label in
      names[label] + ","
        + names.indices.map { $0 == label ? "0" : $0 == 0 ? "1" : "500" }
        .joined(separator: ",")
    }
    try write(
      (["true," + names.joined(separator: ",")] + rows).joined(separator: "\n"), to: "costs.csv")
    let feeding = ["--crop-padding", "0", "--mean", "imagenet", "--std", "imagenet"]
    let said = [
      "a.onnx", "b.onnx", "--data", "test", "--hold-out-data", "choose", "--out", "out",
      "--classes", "names.txt", "--error-costs", "costs.csv",
    ]
    let run = try frontier(said + feeding)
    let errors = try #require(decision().errors, "\(run.errors)")
    let costs = try #require(errors.costs)
    #expect(costs.rule == .leastExpectedCost && errors.classNames == names)
    #expect(costs.deployed.holdOut.leastExpectedCost == 1)
    #expect(run.output.contains("Errors cost "))
    // What is promised of answers is of another class than the one that is answered, which is said.
    #expect(try decision().limits?.answers == .mostProbable)
    let words = run.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(words.contains("the class with the least expected cost, which is the answer here"))
    let built = try Consort(
      ["build-ensemble", "a.onnx", "b.onnx", "--decision", "out/decision.json", "--out", "built"]
        + feeding, directory: directory.path)
    #expect(
      built.status == 0 && built.output.contains("labels by what errors cost"), "\(built.errors)")
    let images = ["--data", "test", "--labels", "names.txt"]
    let predicted = try Consort(
      ["predict", "built", "--json"] + images, directory: directory.path)
    #expect(predicted.output.contains(#""decided" : "class 0""#), "\(predicted.errors)")
    #expect(predicted.output.contains(#""meanErrorCost" : 1"#))
    let plain = try Consort(
      ["predict", "built", "--rule", "geometric-mean", "--json"] + images,
      directory: directory.path)
    #expect(!plain.output.contains("decided"))
    let table = try Consort(
      ["predict", "built", "--csv", "-"] + images, directory: directory.path)
    #expect(table.output.hasPrefix("image,label,decided,class1,"))
  }

  @Test func groupsAndCostsThatDoNotFitAreRefused() throws {
    let rows = (0..<30).map { "\($0 % 3 == 0 ? 0.2 : 0.7),\($0 % 3 == 0 ? 0.8 : 0.3)" }
    for split in ["hold-out", "test"] {
      let lines = rows.enumerated().map { "\(split)-\($0),\($1),\(($0 + split.count) % 2)" }
      try write((["id,0,1,label"] + lines).joined(separator: "\n"), to: "\(split).csv")
      try write(
        #"{"split": "\#(split)", "members": [{"file": "\#(split).csv", "name": "m"}]}"#,
        to: "\(split).json")
    }
    let all = ["id,group"] + (0..<30).map { "test-\($0),\($0 < 7 ? "night" : "day")" }
    let sources = ["hold-out.json", "test.json", "--out", "out"]
    try write(all.joined(separator: "\n"), to: "groups.csv")
    let good = try frontier(sources + ["--groups", "groups.csv"])
    let byGroup = try #require(decision().errors?.test.byGroup, "\(good.errors)")
    #expect(byGroup.deployed.map(\.name) == ["day", "night"])
    #expect(byGroup.deployed.map(\.images) == [23, 7])
    #expect(good.output.contains("a group with "))
    try write(all.dropLast().joined(separator: "\n"), to: "groups.csv")
    let short = try frontier(sources + ["--groups", "groups.csv"])
    #expect(short.status == 1)
    #expect(
      short.errors.contains(
        "'groups.csv' has no group of the test image 'test-29' (it has 29 of 30)"))
    try write(",0,1\n0,0,1\n1,x,0\n", to: "costs.csv")
    let bad = try frontier(sources + ["--error-costs", "costs.csv"])
    #expect(bad.status == 1 && bad.errors.contains("'costs.csv, line 3' has 'x' under '0'"))
    let missing = try frontier(sources + ["--groups", "none.csv"])
    #expect(missing.status != 0 && missing.errors.contains("none.csv"))
    let nothing = try frontier(["test.json", "--groups", "groups.csv", "--out", "out"])
    #expect(nothing.status != 0 && nothing.errors.contains("--groups"))
  }

  /// Both images are taken for class 1, as ONNX Runtime gives the model.
  @Test func theOrderOfClassesIsSaidToAllWhoMatchThem() throws {
    try FileManager.default.copyItem(atPath: model("logits"), toPath: "\(directory.path)/a.onnx")
    try directory.write(image("subsampled.jpg"), to: "test/1/a.jpg")
    try directory.write(image("grey.jpg"), to: "test/3/b.jpg")
    try directory.write(image("rgb.png"), to: "choose/1/c.png")
    try directory.write(image("full.jpeg"), to: "choose/4/d.jpeg")
    let feeding = ["--crop-padding", "0", "--mean", "imagenet", "--std", "imagenet"]
    let built = try Consort(
      ["build-ensemble", "a.onnx", "--out", "built"] + feeding, directory: directory.path)
    #expect(built.status == 0, "\(built.errors)")
    for source in [["a.onnx"] + feeding, ["built"]] {
      let arguments = source + ["--data", "test", "--hold-out-data", "choose", "--out", "out"]
      let unsaid = try frontier(arguments)
      #expect(
        unsaid.status == 1 && unsaid.errors.contains("say --class-order numbers, numbers-from-1"))
      for (order, accuracy) in [("numbers", 0.5), ("numbers-from-1", 0)] {
        _ = try frontier(arguments + ["--class-order", order])
        #expect(try decision().deployed.test.metrics.top1Accuracy == accuracy)
      }
    }
  }

  @Test func anOrderOfClassesThatIsAboutNothingIsRefused() throws {
    try write("a,b,label\n0.9,0.1,0\n0.1,0.9,1\n", to: "t.csv")
    try write("{\"split\": \"test\", \"members\": [{\"file\": \"t.csv\"}]}", to: "t.json")
    let run = try frontier(["t.json", "--class-order", "numbers"])
    #expect(run.status == 2 && run.errors.contains("--class-order goes with ensemble directories"))
    let other = try frontier(["t.json", "--class-order", "alphabet"])
    #expect(other.status == 2 && other.errors.contains("--class-order is one of names, folders,"))
  }

  /// What a message advises of an ensemble whose classes have other names than the images'.
  @Test func classesOfAnEnsembleAreNamed() throws {
    try directory.write(image("subsampled.jpg"), to: "test/dog/a.jpg")
    try directory.write(image("grey.jpg"), to: "test/eel/b.jpg")
    let feeding = ["--crop-padding", "0", "--mean", "imagenet", "--std", "imagenet"]
    let built = try Consort(
      ["build-ensemble", model("logits"), "--out", "built"] + feeding, directory: directory.path)
    #expect(built.status == 0, "\(built.errors)")
    let arguments = ["built", "--data", "test", "--json", "--out", "out"]
    let unnamed = try frontier(arguments)
    #expect(unnamed.status == 1 && unnamed.errors.contains("frontier and report: --classes FILE"))
    try write("cat\ndog\neel\nfox\ngnu\n", to: "names.txt")
    let named = try frontier(arguments + ["--classes", "names.txt"])
    let curves = try #require(named.frontier()["curves"] as? [[String: Any]])
    let points = try #require(curves.first?["points"] as? [[String: Any]])
    #expect(points[0]["accuracy"] as? Double == 0.5, "\(named.errors)")
    try write("cat\ndog\neel\n", to: "names.txt")
    for source in ["built", model("logits")] {
      let few = try frontier(
        [source, "--data", "test", "--classes", "names.txt"]
          + (source == "built" ? [] : feeding))
      #expect(few.status == 1 && few.errors.contains("'names.txt' has 3 names for 5 classes"))
    }
  }

  @Test func aSplitIsUnderstoodWithAWord() throws {
    try write("a,b,label\n0.9,0.1,0\n0.1,0.9,1\n", to: "h.csv")
    try write(
      "{\"split\": \"holdout\", \"members\": [{\"file\": \"h.csv\"}]}", to: "h.json")
    let run = try frontier(["h.json"])
    #expect(run.status == 1 && run.output == "")
    #expect(run.errors.contains("note: h.json: the split 'holdout' is taken as the hold-out"))
    #expect(run.errors.contains("'h.json' has hold-out predictions only"))
  }

  @Test func aPerfectHoldOutIsSaidAndMovesTheTemperatureLittle() throws {
    func scores(_ wrong: Int, shift: Int) -> String {
      "a,b,c,label\n"
        + (0..<50).map { image in
          let label = (image + shift) % 3
          let guess = image < wrong ? (label + 1) % 3 : label
          return (0..<3).map { $0 == guess ? "0.6" : "0.2" }.joined(separator: ",") + ",\(label)\n"
        }.joined()
    }
    for (name, split, wrong) in [("h", "hold-out", 0), ("t", "test", 5)] {
      try write(scores(wrong, shift: name == "h" ? 0 : 1), to: "\(name).csv")
      try write(
        "{\"split\": \"\(split)\", \"members\": [{\"file\": \"\(name).csv\", \"name\": \"a\"}]}",
        to: "\(name).json")
    }
    let run = try frontier(["h.json", "t.json", "--out", "out"])
    let decision = try decision()
    // Fifty of fifty that are right, at 60 %, show that they are surer than that, but not how much.
    #expect((0.2...1).contains(decision.deployed.combination.temperature ?? 1))
    #expect(decision.calibration.gap == nil && decision.separation == .unknown)
    let said = run.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(said.contains("every hold-out image is right, which does not show"))
    #expect(said.contains("whether hold-out and test images are different ones is not known"))
  }

  @Test func labelsThatAreAboutNothingAreRefused() throws {
    let member = try Predictions(
      name: "m", network: "n", multiplyAccumulates: 1, parameters: 1, split: "test",
      fingerprint: "f", logProbabilities: [log(0.5), log(0.5)], labels: [0], classes: 2)
    try member.write(to: "\(directory.path)/m.safetensors")
    let run = try frontier(["m.safetensors", "--labels", "nowhere.npy"])
    #expect(run.status == 2 && run.errors.contains("--labels is about the files of a list"))
    try write("{\"split\": \"test\", \"members\": [{\"file\": \"m.safetensors\"}]}", to: "l.json")
    let missing = try frontier(["l.json", "--labels", "nowhere.npy"])
    #expect(missing.status == 1 && missing.errors.contains("nowhere.npy"))
    try write("label\n1\n", to: "other.csv")
    let other = try frontier(["l.json", "--labels", "other.csv"])
    #expect(other.status == 1 && other.errors.contains("'m.safetensors' has 0 of its own"))
  }

  @Test func membersAreAlignedByNameAndId() throws {
    try write("id,cat,dog,eel\nx,0.9,0.05,0.05\ny,0.1,0.8,0.1\nz,0,0.25,0.75\n", to: "a.csv")
    try write("id,eel,dog,cat\nz,0.75,0.25,0\nx,0.05,0.05,0.9\ny,0.1,0.8,0.1\n", to: "b.csv")
    try write("id,label\ny,dog\nz,eel\nx,cat\n", to: "names.csv")
    try write("label\n0\n1\n2\n", to: "indices.csv")
    let members = "{\"file\": \"a.csv\"}, {\"file\": \"b.csv\"}"
    try write("{\"split\": \"test\", \"members\": [\(members)]}", to: "l.json")
    let run = try frontier(["l.json", "--labels", "names.csv", "--json", "--out", "out"])
    let curves = try #require(run.frontier()["curves"] as? [[String: Any]])
    for curve in curves {
      let points = try #require(curve["points"] as? [[String: Any]])
      #expect(points[0]["accuracy"] as? Double == 1)
    }
    #expect(run.errors.contains("its classes are found by name: they are in another order"))
    let counted = try frontier(["l.json", "--labels", "indices.csv"])
    #expect(counted.status == 1 && counted.errors.contains("in different orders"))
    try write("id,cat,dog,elk\nx,0.9,0.05,0.05\ny,0.1,0.8,0.1\nz,0,0.25,0.75\n", to: "b.csv")
    try write("id,label\ny,dog\nz,dog\nx,cat\n", to: "names.csv")
    let others = try frontier(["l.json", "--labels", "names.csv"])
    #expect(others.status == 1 && others.errors.contains("'eel' of one and 'elk' of the other"))
  }
}
