import Foundation
import Inference
import ONNX

/// Gives inputs to the validator and, where it accepts them, to the engine.
struct Child {
  /// The file that always says which input is under way.
  let state: String
  let corpus: MutatedModel

  private static let secondsAnInput: UInt32 = 20
  private static let largestMemory = rlim_t(8) << 30

  func run(_ numbers: Range<Int>) throws {
    var limit = rlimit(rlim_cur: Self.largestMemory, rlim_max: Self.largestMemory)
    setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
    let file = open(state, O_CREAT | O_TRUNC | O_WRONLY, 0o600)
    guard file >= 0 else { exit(2) }
    var outcomes = Outcomes()
    for number in numbers {
      outcomes.number = number
      let text = outcomes.text
      guard pwrite(file, text, text.utf8.count, 0) == text.utf8.count else { exit(2) }
      alarm(Self.secondsAnInput)
      try put(corpus.input(number), &outcomes)
    }
    alarm(0)
    outcomes.number = numbers.upperBound - 1
    let text = outcomes.text
    guard pwrite(file, text, text.utf8.count, 0) == text.utf8.count else { exit(2) }
    // Engines that die while they are torn down have computed all the same.
    _exit(0)
  }

  private func put(_ bytes: [UInt8], _ outcomes: inout Outcomes) throws {
    do {
      _ = try ONNXModel(bytes: bytes, path: "m.onnx")
    } catch is ONNXError {
      outcomes.refused += 1
      return
    }
    outcomes.accepted += 1
    do {
      let model = try bytes.withUnsafeBytes {
        try ImageModel(bytes: $0, source: "m.onnx", imageSize: 32)
      }
      _ = try? model.cost()
      let classifier = try Classifier(
        [model], batch: model.input.fixedBatch ?? 2,
        options: InferenceOptions(threads: 1, cacheDirectory: nil))
      try InferenceSession(classifier).run()
      outcomes.computed += 1
    } catch is InferenceError {
      outcomes.engineRefused += 1
    }
  }
}
