import Deployment
import Ensembles
import Files
import Foundation
import Inference
import InferenceTestSupport
import Networks
import Predictions
import Runs
import TestSupport
import Testing
import Weights

/// What an ensemble was worth on the hold-out, in its directory and on the way to it.
@Suite struct ExpectedServiceTests {
  private static let names = ["logits", "softmax"]
  private static let labels: [Int64] = [0, 1, 2, 0, 1, 2, 0, 1]

  /// Of five classes; the members err on the images given.
  private static func predictions(
    _ name: String, erringAt errors: Set<Int>, macs: Int = 6932, classes: Int = 5,
    split: String = "hold-out", fingerprint: String = "held out"
  ) throws -> Predictions {
    try Predictions(
      name: name, network: "net", multiplyAccumulates: macs, parameters: 137, split: split,
      fingerprint: fingerprint,
      logProbabilities: labels.enumerated().flatMap { image, label in
        (0..<classes).map { column in
          let best = errors.contains(image) ? (Int(label) + 1) % classes : Int(label)
          let sure = 0.5 + 0.05 * Double(image)
          return Float(log(column == best ? sure : (1 - sure) / Double(classes - 1)))
        }
      }, labels: labels, classes: classes)
  }

  private static func service(_ combination: Combination) throws -> ExpectedService {
    try ExpectedService(
      of: combination,
      holdOut: [
        predictions("logits", erringAt: [0, 4]), predictions("softmax", erringAt: [4, 5, 6]),
      ])
  }

  private static var overrides: PreprocessingOverrides {
    var overrides = PreprocessingOverrides()
    (overrides.mean, overrides.standardDeviation) = ([0, 0, 0], [1, 1, 1])
    return overrides
  }

  private static func selection(decided: DecidedCandidate? = nil) throws -> ModelSelection {
    try ModelSelection(
      names.map { modelFixture($0) }, preprocessing: overrides, decided: decided)
  }

  private static let cascade = Combination(
    cascade: CascadeStops(confidence: .maximumProbability, confidenceThresholds: [0.7125]),
    temperature: 1.25)

  private static func write(
    _ service: ExpectedService?, _ combination: Combination, to directory: TemporaryDirectory
  ) throws -> EnsembleDirectory {
    let selection = try selection()
    return try EnsembleDirectory.write(
      to: "\(directory.path)/ensemble",
      members: zip(selection.members, selection.files).map { ($0, $1) },
      combination: combination, expectedService: service)
  }

  @Test(arguments: [
    Combination(), cascade, Combination(weights: [0.75, 0.25]),
    Combination(rule: .arithmeticMean, memberTemperatures: [1.5, 0.5]),
    Combination(rule: .majorityVote),
  ])
  func isInTheDirectory(_ combination: Combination) throws {
    let directory = try TemporaryDirectory()
    let service = try Self.service(combination)
    #expect(service.reductions.count == 2)
    let written = try Self.write(service, combination, to: directory)
    let read = try EnsembleDirectory(path: written.path).manifest
    #expect(read.version == 4 && read.expectedService == service)
    #expect(read.combination == combination)
    #expect(service.reductions.map(\.accuracy.value) == [0.625, 0.75])
  }

  /// The first five images go on: 0.7 is below the threshold, and 0.75 above.
  @Test func countsACascadesExits() throws {
    let service = try Self.service(Self.cascade)
    #expect(service.answers.exits == [3, 5])
    // Of the five that both members see, they differ on the first alone.
    #expect(service.answers.disagreements == 1)
  }

  @Test func noOtherIsWritten() throws {
    let directory = try TemporaryDirectory()
    let service = try Self.service(Self.cascade)
    #expect(throws: InferenceError.self) {
      try Self.write(service, Combination(), to: directory)
    }
    #expect(try directory.names() == [])
    #expect(try Self.write(nil, Combination(), to: directory).manifest.version == 2)
  }

  /// Changes of the file of the cascade, whose keys are sorted.
  @Test(arguments: [
    (#""version" : 4"#, #""version" : 3"#, "the key 'expectedService' belongs to version 4"),
    (#""images" : 8"#, #""images" : 9"#, "its exits are not those of all images"),
    (#""images" : 8"#, #""images" : 0"#, "it was measured on 0 images"),
    (#""images" : 8"#, #""images" : -8"#, "it was measured on -8 images"),
    (#""images" : 8"#, #""image" : 8"#, "'expectedService.images' is missing"),
    (#""images" : 8"#, #""images" : 8, "a" : 1"#, "unknown key 'expectedService.a'"),
    (#""exits" : ["#, #""exits" : [0, "#, "it has exits after 3 members of 2"),
    (#""exits" : ["#, #""exit" : ["#, "unknown key 'expectedService.answers.exit'"),
    (#""exits" : [$3"#, #""exits" : [-3"#, "its exits are not those of all images"),
    (#""confidences" : ["#, #""confidences" : [0, "#, "bins of confidences for"),
    (#""confidences" : [$1"#, #""confidences" : [2"#, "its confidences are not those of all"),
    (#""confidences" : [$1"#, #""confidences" : [9223372036854775807"#, "its confidences are"),
    (#""confidences" : [$1,$1"#, #""confidences" : [3,-1"#, "its confidences are not"),
    (#""confidenceBounds" : [$0."#, #""confidenceBounds" : [0.99"#, "of 0 to 1 and ascending"),
    (#""confidenceBounds" : [$0."#, #""confidenceBounds" : [-0."#, "of 0 to 1 and ascending"),
    (#""disagreements" : 1"#, #""disagreements" : 9"#, "disagree on 9 of 8 images"),
    (#""disagreements" : 1"#, #""disagreements" : -1"#, "disagree on -1 of 8 images"),
    (#""value" : 0.75"#, #""value" : 1.5"#, "its accuracy is not of 0 to 1"),
    (#""value" : 0.75"#, #""value" : 0.05"#, "its accuracy is not in its interval"),
    (#""missing" : [$"logits"#, #""missing" : ["logit"#, "it lacks not some of the members"),
    (#""missing" : [$"logits""#, #""missing" : ["#, "it lacks not some of the members"),
    (#""missing" : [$"#, #""missing" : ["softmax", "#, "it lacks not some of the members"),
    (#""missing" : [$"logits"#, #""missing" : ["softmax"#, "two of its reductions lack the same"),
    (#""rule" : "geo"#, #""memberTemperatures" : [0], "rule" : "geo"#, "a temperature is not in"),
    (#""rule" : "geo"#, #""weights" : [0.5], "rule" : "geo"#, "not of 0 to 1, and 1 in all"),
    (#""rule" : "geometric"#, #""rule" : "arithmetic"#, "not combine its members as the whole"),
    (
      #""rule" : "geo"#,
      #""cascade" : {"confidence" : "margin", "confidenceThresholds" : []}, "rule" : "geo"#,
      "not combine its members as the whole"
    ),
    (#""multiplyAccumulates" : 6932"#, #""multiplyAccumulates" : 6000"#, "its cost is not that"),
    (#""multiplyAccumulates" : 6932"#, #""multiplyAccumulates" : 0"#, "its cost is not that"),
    (#""multiplyAccumulates" : 6932"#, #""multiplyAccumulates" : 1e300"#, "its cost is not that"),
  ])
  func refusesWhatMakesNoSense(text: String, change: String, message: String) throws {
    let directory = try TemporaryDirectory()
    let service = try Self.service(Self.cascade)
    let ensemble = try Self.write(service, Self.cascade, to: directory)
    let path = "\(ensemble.path)/ensemble.json"
    let manifest = try String(contentsOfFile: path, encoding: .utf8)
    // A $ stands for the blanks between an array's elements.
    let pattern = NSRegularExpression.escapedPattern(for: text)
      .replacingOccurrences(of: "\\$", with: "\\s*")
    let range = try #require(
      manifest.range(of: pattern, options: .regularExpression), "\(manifest)")
    try directory.write(
      Array(manifest.replacingCharacters(in: range, with: change).utf8),
      to: "ensemble/ensemble.json")
    let error = #expect(throws: InferenceError.self) {
      try EnsembleDirectory(path: ensemble.path)
    }
    guard case .notAnEnsemble(_, let reason)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(reason.contains(message), "\(reason)")
  }

  @Test func exitsAreThoseOfTheFractions() throws {
    let directory = try TemporaryDirectory()
    let selection = try Self.selection()
    func write(_ fractions: [Double], to name: String) throws -> EnsembleDirectory {
      try EnsembleDirectory.write(
        to: "\(directory.path)/\(name)",
        members: zip(selection.members, selection.files).map { ($0, $1) },
        combination: Self.cascade, exitFractions: fractions,
        expectedService: Self.service(Self.cascade))
    }
    #expect(try write([0.375, 0.625], to: "a").manifest.exitFractions == [0.375, 0.625])
    #expect(throws: InferenceError.self) { try write([0.5, 0.5], to: "b") }
  }

  // MARK: - Building

  /// A decision's is copied, and goes along where the ensemble is built again, as long as it is combined so.
  @Test func comesFromTheDecision() throws {
    let directory = try TemporaryDirectory()
    // The decision counts otherwise than the files.
    var service = try Self.service(Combination())
    for place in service.reductions.indices {
      service.reductions[place].multiplyAccumulates = 3
    }
    let text = """
      {"version": 1, "candidates": [{"id": "b", "members": ["logits", "softmax"],
      "combination": {"rule": "majorityVote"}}], "deployed": {"id": "a",
      "members": ["logits", "softmax"], "combination": {"rule": "geometricMean"},
      "expectedService": \(service.readableText())}}
      """
    let path = try directory.write(Array(text.utf8), to: "decision.json")
    let decided = try DecidedCandidate.read(from: path, id: nil)
    #expect(decided.expectedService == service)
    let selection = try Self.selection(decided: decided)
    let (built, notes) = try selection.write(
      to: "\(directory.path)/built", decided: (decided, path))
    let expected = try Self.service(Combination())
    #expect(built.manifest.expectedService == expected && notes.isEmpty)
    let again = try ModelSelection([built.path]).write(to: "\(directory.path)/again")
    #expect(again.ensemble.manifest == built.manifest && again.notes.isEmpty)
    let other = try ModelSelection([built.path]).write(
      to: "\(directory.path)/other", rule: .majorityVote)
    #expect(other.ensemble.manifest.expectedService == nil)
    #expect(other.notes.map(\.source) == ["\(directory.path)/other"])
    #expect(
      other.notes.first?.text.contains("there are no hold-out predictions of logits, softmax;")
        == true)
    // Another candidate's is not known.
    let unknown = try DecidedCandidate.read(from: path, id: "b")
    let third = try Self.selection(decided: unknown).write(
      to: "\(directory.path)/third", decided: (unknown, path))
    #expect(third.ensemble.manifest.expectedService == nil && third.notes.count == 1)
  }

  @Test func oneThatIsNotTheDecisionsIsRefused() throws {
    let directory = try TemporaryDirectory()
    let service = try Self.service(Self.cascade)
    let text = """
      {"version": 1, "candidates": [], "deployed": {"id": "a",
      "members": ["logits", "softmax"], "combination": {"rule": "geometricMean"},
      "expectedService": \(service.readableText())}}
      """
    let path = try directory.write(Array(text.utf8), to: "decision.json")
    let decided = try DecidedCandidate.read(from: path, id: nil)
    let error = #expect(throws: DeploymentError.self) {
      try Self.selection(decided: decided).write(
        to: "\(directory.path)/built", decided: (decided, path))
    }
    guard case .unfitCandidate(_, "a", let reason)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(reason.contains("it has exits and no cascade"), "\(reason)")
  }

  /// Writes a trained member with its hold-out predictions, and returns its directory.
  private static func member(
    _ name: String, erringAt errors: Set<Int>?, fingerprint: String = "held out",
    in directory: TemporaryDirectory
  ) throws -> MemberDirectory {
    let network = try Network(named: "resnet-20", classes: 3)
    let weights = "\(directory.path)/\(name).safetensors"
    try SafeTensors.write(
      to: weights,
      tensors: network.parameters.map {
        TensorContent(
          name: $0.name, shape: $0.shape, floats: [Float](repeating: 0.5, count: $0.count))
      })
    let read = try WeightsImport(
      path: weights, networkName: "resnet-20", inputSize: nil, classes: nil)
    let member = MemberDirectory(path: "\(directory.path)/\(name)")
    try read.write(
      read.description(PreprocessingOverrides(), classNames: ["a", "b", "c"]), to: member)
    if let errors {
      try predictions(
        name, erringAt: errors, macs: network.totals.multiplyAccumulates, classes: 3,
        fingerprint: fingerprint
      ).write(to: member.predictionsPath(split: SplitName.holdOut))
    }
    return member
  }

  @Test func isMeasuredOnTheRunsHoldOut() throws {
    let directory = try TemporaryDirectory()
    let first = try Self.member("first", erringAt: [0, 4], in: directory)
    let second = try Self.member("second", erringAt: [4, 5, 6], in: directory)
    let selection = try ModelSelection([second.path, first.path])
    let (built, notes) = try selection.write(to: "\(directory.path)/built")
    #expect(notes.isEmpty)
    let service = try #require(built.manifest.expectedService)
    let holdOut = try [second, first].map {
      try Predictions(path: $0.predictionsPath(split: "hold-out"))
    }
    #expect(try service == ExpectedService(of: Combination(), holdOut: holdOut))
    #expect(service.reductions.map(\.missing) == [["second"], ["first"]])
    #expect(service.reductions.map(\.accuracy.value) == [0.75, 0.625])
    #expect(built.manifest.version == 4)
  }

  @Test func withoutHoldOutALineSaysSo() throws {
    let directory = try TemporaryDirectory()
    let first = try Self.member("first", erringAt: [0], in: directory)
    let none = try Self.member("none", erringAt: nil, in: directory)
    let other = try Self.member("other", erringAt: [1], fingerprint: "others", in: directory)
    let damaged = try Self.member("damaged", erringAt: [1], in: directory)
    try directory.write([1, 2, 3], to: "damaged/predictions-hold-out.safetensors")
    let foreign = try Self.member("foreign", erringAt: nil, in: directory)
    try Self.predictions("third", erringAt: [], classes: 3)
      .write(to: foreign.predictionsPath(split: "hold-out"))
    for (member, reason) in [
      (none, "there are no hold-out predictions of none"), (other, "predictions on different data"),
      (damaged, "damaged/predictions-hold-out.safetensors"), (foreign, "belongs to another member"),
    ] {
      let built = try ModelSelection([first.path, member.path]).write(
        to: "\(member.path)-built")
      #expect(built.ensemble.manifest.expectedService == nil)
      #expect(built.ensemble.manifest.version == 2)
      #expect(built.notes.count == 1)
      #expect(built.notes.first?.text.contains(reason) == true, "\(built.notes)")
      #expect(built.notes.first?.text.contains("--decision") == true)
    }
  }
}

extension ExpectedService {
  fileprivate func readableText() -> String {
    (try? String(decoding: JSONEncoder().encode(self), as: UTF8.self)) ?? ""
  }
}
