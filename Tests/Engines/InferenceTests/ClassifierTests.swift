import COpenVINO
import Datasets
import Files
import Foundation
import InferenceTestSupport
import TestSupport
import Testing

@testable import Inference

@Suite struct ClassifierTests {
  private static let names = [
    "logits", "logits-2", "softmax", "log-softmax", "fixed-batch", "any-size", "channels-last",
    "bytes", "half", "map", "two-outputs",
  ]
  private static let options = InferenceOptions(threads: 2, cacheDirectory: nil)

  private static func model(_ name: String) throws -> ImageModel {
    try ImageModel(
      path: fixture("\(name).onnx"), imageSize: name == "any-size" ? Expected.side : nil)
  }

  @Test(arguments: names, [1, 2, 3, 4])
  func agreesWithONNXRuntime(name: String, batch: Int) throws {
    let model = try Self.model(name)
    let expected = try Expected.load()
    let batch = model.input.fixedBatch ?? batch
    let session = try InferenceSession(
      Classifier([model], batch: batch, options: Self.options))
    let found = try session.logProbabilities(ofAll: expected.images(for: model))
    #expect(difference(found[0], try #require(expected.logProbabilities[name])) < 1e-4)
  }

  /// Numbers in a file beside the model's own.
  @Test func readsNumbersBesideTheModel() throws {
    let model = try Self.model("beside")
    #expect(model.hasExternalData)
    #expect(try Self.model("logits").hasExternalData == false)
    let expected = try Expected.load()
    let session = try InferenceSession(Classifier([model], batch: 3, options: Self.options))
    let found = try session.logProbabilities(ofAll: expected.images(for: model))
    #expect(difference(found[0], try #require(expected.logProbabilities["logits"])) < 1e-4)
    #expect(
      try ModelCost(path: fixture("beside.onnx")).multiplyAccumulates
        == ModelCost(path: fixture("logits.onnx")).multiplyAccumulates)
  }

  @Test func describesModels() throws {
    let logits = try Self.model("logits")
    #expect(logits.classes == 5)
    #expect(logits.outputKind == .logits)
    #expect(logits.input.layout == .channelsFirst)
    #expect(logits.input.fixedBatch == nil)
    #expect((logits.input.height, logits.input.width, logits.input.count) == (8, 8, 192))
    #expect(try Self.model("softmax").outputKind == .probabilities)
    #expect(try Self.model("log-softmax").outputKind == .logProbabilities)
    #expect(try Self.model("channels-last").input.layout == .channelsLast)
    #expect(try Self.model("fixed-batch").input.fixedBatch == 3)
    #expect(try Self.model("any-size").input.height == 8)
  }

  @Test(arguments: InferenceOptions.Arrangement.allCases, [1, 2])
  func membersAgreeHoweverTheyShareThreads(
    arrangement: InferenceOptions.Arrangement, streams: Int
  ) throws {
    let names = ["logits", "softmax", "log-softmax", "map", "two-outputs"]
    let expected = try Expected.load()
    let options = InferenceOptions(
      threads: 2, streams: streams, arrangement: arrangement, cacheDirectory: nil)
    let classifier = try Classifier(names.map(Self.model), batch: 2, options: options)
    let found = try InferenceSession(classifier).logProbabilities(ofAll: expected.images)
    for (name, values) in zip(names, found) {
      #expect(difference(values, try #require(expected.logProbabilities[name])) < 1e-4, "\(name)")
    }
  }

  @Test func sameModelTwiceGivesTheSameTwice() throws {
    let model = try Self.model("logits")
    let expected = try Expected.load()
    let classifier = try Classifier([model, model], batch: 1, options: Self.options)
    let found = try InferenceSession(classifier).logProbabilities(ofAll: expected.images)
    #expect(found[0] == found[1])
    #expect(difference(found[1], try #require(expected.logProbabilities["logits"])) < 1e-4)
  }

  @Test func sessionsRunAtOnce() async throws {
    let expected = try Expected.load()
    let names = ["logits", "logits-2"]
    let options = InferenceOptions(threads: 2, streams: 2, cacheDirectory: nil)
    let classifier = try Classifier(names.map(Self.model), batch: 3, options: options)
    let answers = try await withThrowingTaskGroup(of: [[Float]].self) { group in
      for _ in 0..<4 {
        group.addTask {
          let session = try InferenceSession(classifier)
          var last: [[Float]] = []
          for _ in 0..<20 { last = try session.logProbabilities(ofAll: expected.images) }
          return last
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(answers.count == 4)
    for answer in answers {
      for (name, values) in zip(names, answer) {
        #expect(difference(values, try #require(expected.logProbabilities[name])) < 1e-4)
      }
    }
  }

  @Test func readsFromMemoryThatGoesAfterwards() throws {
    let expected = try Expected.load()
    var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: fixture("logits.onnx"))))
    let model = try bytes.withUnsafeBytes { try ImageModel(bytes: $0, source: "memory") }
    for index in bytes.indices { bytes[index] = 0 }
    let session = try InferenceSession(Classifier([model], batch: 3, options: Self.options))
    let found = try session.logProbabilities(ofAll: expected.images)
    #expect(difference(found[0], try #require(expected.logProbabilities["logits"])) < 1e-4)
  }

  @Test func keepsCompiledModels() throws {
    let cache = try TemporaryDirectory()
    let expected = try Expected.load()
    let options = InferenceOptions(threads: 1, cacheDirectory: cache.path)
    for isKept in [false, true] {
      let classifier = try Classifier([Self.model("logits")], batch: 3, options: options)
      for part in classifier.parts { #expect(try isFromCache(part) == isKept) }
      let session = try InferenceSession(classifier)
      let found = try session.logProbabilities(ofAll: expected.images)
      #expect(difference(found[0], try #require(expected.logProbabilities["logits"])) < 1e-4)
    }
    #expect(try cache.names().count == 1)
  }

  /// Whether OpenVINO read the compiled model from a file.
  private func isFromCache(_ part: Classifier.CompiledMembers) throws -> Bool {
    var text = [CChar](repeating: 0, count: 16)
    let status = co_compiled_property(
      part.compiled.handle, "LOADED_FROM_CACHE", &text, text.count)
    try #require(status == CO_OK)
    let value = String(
      decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    let known = ["YES": true, "NO": false, "true": true, "false": false]
    return try #require(known[value] as Bool?)
  }

  @Test func refusesNumbersThatAreNoDistribution() throws {
    let reasons = [
      "infinite": "there is NaN among them",
      "wrong-probabilities": "they are taken for probabilities, and some are negative",
    ]
    for (name, reason) in reasons {
      let model = try Self.model(name)
      let session = try InferenceSession(Classifier([model], batch: 1, options: Self.options))
      try session.run()
      let error = #expect(throws: InferenceError.self) { try session.logProbabilities(of: 0) }
      #expect(error == .notADistribution(source: model.source, image: 0, reason: reason))
    }
  }
}
