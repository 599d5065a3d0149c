import Deployment
import Ensembles
import Foundation
import Inference
import InferenceTestSupport
import Predictions
import TestSupport
import Testing

/// What is promised of answers, in an ensemble's directory.
@Suite struct AnswerLimitsTests {
  private static func limits(images: Int = 400) throws -> AnswerLimits {
    let labels = (0..<images).map { Int64($0 % 5) }
    let predictions = try Predictions(
      name: "e", network: "n", multiplyAccumulates: 1, parameters: 1, split: "hold-out",
      fingerprint: "held out",
      logProbabilities: labels.enumerated().flatMap { image, label in
        let sure = 0.3 + 0.69 * Double(image) / Double(images)
        return (0..<5).map { Float(log($0 == Int(label) ? sure : (1 - sure) / 4)) }
      }, labels: labels, classes: 5)
    var options = AnswerLimits.Options()
    options.isByClass = true
    return try AnswerLimits(calibratedOn: predictions, isPromised: true, options: options)
  }

  private static func write(
    _ limits: AnswerLimits?, to path: String
  ) throws -> EnsembleDirectory {
    var overrides = PreprocessingOverrides()
    (overrides.mean, overrides.standardDeviation) = ([0, 0, 0], [1, 1, 1])
    let selection = try ModelSelection(
      ["logits", "softmax"].map { modelFixture($0) }, preprocessing: overrides)
    return try EnsembleDirectory.write(
      to: path, members: zip(selection.members, selection.files).map { ($0, $1) },
      answerLimits: limits)
  }

  @Test func areInTheDirectory() throws {
    let directory = try TemporaryDirectory()
    let limits = try Self.limits()
    #expect(limits.sets.groups.count == 5 && limits.abstention?.answered == 400)
    let read = try EnsembleDirectory(path: Self.write(limits, to: "\(directory.path)/e").path)
    #expect(read.manifest.version == 5 && read.manifest.answerLimits == limits)
    // Too few images for a threshold, and for any error.
    let few = try Self.limits(images: 5)
    #expect(few.sets.groups[0].threshold == nil && few.abstention == nil)
    let other = try EnsembleDirectory(path: Self.write(few, to: "\(directory.path)/few").path)
    #expect(other.manifest.answerLimits == few)
    #expect(
      try Self.write(nil, to: "\(directory.path)/none").manifest.version
        == EnsembleManifest.currentVersion)
  }

  @Test(arguments: [
    (#""version" : 5"#, #""version" : 4"#, "belongs to version 5"),
    (#""missRate" : 0.1"#, #""missRate" : 1.5"#, "rate of misses"),
    (#""missRate" : 0.1"#, #""missRate" : 0.001"#, "has a threshold"),
    (#""answered" : 400"#, #""answered" : 4000"#, "its counts are not"),
    (#""wrong" : 0"#, #""wrong" : 30"#, "do not show what it promises"),
    (#""wrong" : 0"#, #""wrong" : 0, "guess" : 1"#, "guess"),
    (#""confidence" : 0.95"#, #""confidence" : 1"#, "its confidence is not"),
  ])
  func refusesWhatMakesNoSense(text: String, change: String, message: String) throws {
    let directory = try TemporaryDirectory()
    let ensemble = try Self.write(Self.limits(), to: "\(directory.path)/e")
    let path = "\(ensemble.path)/ensemble.json"
    let manifest = try String(contentsOfFile: path, encoding: .utf8)
    let range = try #require(manifest.range(of: text), "\(manifest)")
    try directory.write(
      Array(manifest.replacingCharacters(in: range, with: change).utf8), to: "e/ensemble.json")
    let error = #expect(throws: InferenceError.self) {
      try EnsembleDirectory(path: ensemble.path)
    }
    guard case .notAnEnsemble(_, let reason)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(reason.contains(message), "\(reason)")
  }
}
