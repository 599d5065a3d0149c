import Foundation
import Inference
import InferenceTestSupport
import ONNX
import TestSupport
import Testing

@Suite struct BadModelTests {
  private static func error(_ name: String) -> InferenceError? {
    #expect(throws: InferenceError.self) { try ImageModel(fixture: name) }
  }

  @Test func refusesWhatIsNoClassifierOfImages() {
    func path(_ name: String) -> String { fixture("\(name).onnx") }
    #expect(
      Self.error("two-inputs")
        == .severalInputs(source: path("two-inputs"), inputs: ["images", "others"]))
    #expect(
      Self.error("unnamed-outputs")
        == .severalOutputs(source: path("unnamed-outputs"), outputs: ["scores", "features"]))
    #expect(
      Self.error("no-classes")
        == .noClassAxis(
          source: path("no-classes"), output: "out", found: "float32 [?, 3, 8, 8]"))
    #expect(
      Self.error("index")
        == .noClassAxis(
          source: path("index"), output: "out", found: "numbers of another type [?, 1]"))
    #expect(
      Self.error("no-image")
        == .notAnImage(source: path("no-image"), input: "rows", found: "float32 [?, 4]"))
    #expect(
      Self.error("five-channels")
        == .notAnImage(
          source: path("five-channels"), input: "images", found: "float32 [?, 5, 8, 8]"))
    #expect(
      Self.error("any-size")
        == .unknownImageSize(source: path("any-size"), input: "images"))
  }

  /// 2^40 numbers for each pixel.
  @Test func refusesValuesThatFitNoMemory() throws {
    let error = try #require(Self.error("too-long"))
    guard case .unreadableModel(let source, let reason) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(source == fixture("too-long.onnx"))
    #expect(reason.contains("too many, of the shape [1,3,8,8,1099511627776]"), "\(reason)")
    #expect(throws: InferenceError.self) { try ModelCost(path: fixture("too-long.onnx")) }
  }

  @Test func refusesWhatIsNoModel() throws {
    let directory = try TemporaryDirectory()
    let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: fixture("logits.onnx"))))
    let contents: [[UInt8]] = [
      [], Array("not a model, but a text".utf8), [UInt8](repeating: 0xff, count: 4096),
      Array(whole.prefix(whole.count / 2)), Array(whole.prefix(whole.count - 1)),
    ]
    for (index, content) in contents.enumerated() {
      let path = try directory.write(content, to: "\(index).onnx")
      let error = #expect(throws: ONNXError.self) { try ImageModel(path: path) }
      switch error {
      case .notAModel(path, _, _)?, .invalidModel(path, _)?: break
      default: Issue.record("\(index): \(String(describing: error))")
      }
    }
  }

  @Test func refusesMembersThatReadOtherImages() throws {
    let models = try [ImageModel(fixture: "logits"), ImageModel(fixture: "channels-last")]
    let options = InferenceOptions(threads: 1, cacheDirectory: nil)
    #expect(
      throws: InferenceError.differentMembers(
        first: models[0].source, second: models[1].source, difference: "input's shape")
    ) { try Classifier(models, batch: 1, options: options) }
  }

  /// A byte changed anywhere gives an error or a model, never a crash.
  @Test func survivesChangedBytes() throws {
    let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: fixture("logits.onnx"))))
    var refused = 0
    for index in stride(from: 0, to: whole.count, by: 7) {
      var bytes = whole
      bytes[index] ^= 0x55
      do {
        _ = try bytes.withUnsafeBytes { try ImageModel(bytes: $0, source: "changed") }
      } catch {
        #expect(error is InferenceError || error is ONNXError)
        refused += 1
      }
    }
    #expect(refused > 0)
  }
}
