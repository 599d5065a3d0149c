import Datasets
import Ensembles
import Inference
import Predictions

/// What `ensemble.json` says: the members of a deployed ensemble, and how they are combined.
package struct EnsembleManifest: Codable, Hashable, Sendable {
  /// The version of the format, in `knownVersions`; others are not read.
  package var version: Int
  /// How the members' distributions become one.
  package var rule: CombinationRule
  /// Of each member; nil where all count alike. This and what follows, as far as `cascade`, is as `Combination` has it.
  package var weights: [Double]?
  /// By which each member's log-probabilities are divided before they are combined.
  package var memberTemperatures: [Double]?
  /// By which the combined log-probabilities are divided.
  package var temperature: Double?
  /// What calibrates the combined predictions in place of a temperature.
  package var calibration: CalibrationMap?
  /// When members stop that run one after another; nil where all run on every image.
  package var cascade: CascadeStops?
  /// The number of classes.
  package var classes: Int
  /// The classes' names, in the order of the outputs, where they are known.
  package var labels: [String]?
  /// Learnt numbers of all members together.
  package var parameters: Int
  /// Multiply-accumulates (MACs) of one image through all members.
  package var multiplyAccumulates: Int
  /// What a cascade costs on average, in multiply-accumulates an image, on the images that it was chosen on.
  package var expectedMultiplyAccumulates: Double?
  /// Of those images, the share that stopped after each member.
  package var exitFractions: [Double]?
  /// What it was worth on the hold-out, by which its service is judged; nil where that was not at hand.
  package var expectedService: ExpectedService?
  /// What errors cost, where the label of an image is the class with the least expected cost; nil where it is the most
  /// probable one.
  package var errorCosts: ErrorCosts?
  /// What is promised of its answers; nil where nothing is.
  package var answerLimits: AnswerLimits?
  /// The members.
  package var members: [Member]

  /// The version that is written of an ensemble that needs no later one.
  package static let currentVersion = 2
  /// The version of an ensemble of which a member's output was chosen, or said what it is.
  static let versionWithOutputs = 3
  /// The version of an ensemble that says what it was worth on the hold-out.
  static let versionWithService = 4
  /// The version of an ensemble that is calibrated by more than temperatures, or says how its answers are decided, or what
  /// is promised of them.
  static let versionWithAnswers = 5
  /// The versions that are read: 1 has a rule alone, and no other part of a combination.
  package static let knownVersions = 1...versionWithAnswers

  /// The earliest version that has all that is in an ensemble.
  static func version(
    of members: [Member], expectedService: ExpectedService?, hasAnswers: Bool
  ) -> Int {
    if hasAnswers { return versionWithAnswers }
    if expectedService != nil { return versionWithService }
    return members.contains(where: \.choosesOutput) ? versionWithOutputs : currentVersion
  }

  /// How the members become one.
  package var combination: Combination {
    Combination(
      rule: rule, weights: weights, memberTemperatures: memberTemperatures, cascade: cascade,
      temperature: temperature, calibration: calibration)
  }

  /// One member.
  package struct Member: Codable, Hashable, Sendable {
    /// Its ONNX file, in the same directory.
    package var file: String
    /// The file's SHA-256, in lower-case hexadecimal.
    package var sha256: String
    /// What it is called, unique in the ensemble.
    package var name: String
    /// The name of its network.
    package var network: String
    /// Learnt numbers.
    package var parameters: Int
    /// Multiply-accumulates (MACs) of one image.
    package var multiplyAccumulates: Int
    /// What turns decoded images into its input.
    package var preprocessing: Preprocessing
    /// The output that holds the classes, where it was chosen when the ensemble was built.
    package var output: String?
    /// What that output is, where it was said when the ensemble was built.
    package var outputKind: ImageModel.OutputKind?
  }
}

extension EnsembleManifest {
  static let mostMembers = 1024
  private static let mostClasses = 1 << 24
  private static let costs = 1...Predictions.largestCost

  /// What is wrong with it, if something is.
  var fault: String? {
    guard (1...Self.mostMembers).contains(members.count) else {
      return "it has \(members.count) members, not 1 to \(Self.mostMembers)"
    }
    guard (1...Self.mostClasses).contains(classes) else { return "it has \(classes) classes" }
    if let labels, labels.count != classes {
      return "it names \(labels.count) classes of \(classes)"
    }
    for member in members {
      if let fault = member.fault { return "member '\(member.name)': \(fault)" }
    }
    guard Set(members.map(\.name)).count == members.count,
      Set(members.map(\.file)).count == members.count
    else { return "two members have one name or one file" }
    if version == 1, let key = firstLaterKey {
      return "the key '\(key.stringValue)' belongs to version \(Self.currentVersion)"
    }
    guard version >= Self.versionWithOutputs || !members.contains(where: \.choosesOutput) else {
      return "its members' outputs are chosen, which belongs to version \(Self.versionWithOutputs)"
    }
    guard version >= Self.versionWithService || expectedService == nil else {
      return "the key 'expectedService' belongs to version \(Self.versionWithService)"
    }
    if version < Self.versionWithAnswers, let key = laterKey {
      return "the key '\(key.stringValue)' belongs to version \(Self.versionWithAnswers)"
    }
    if let errorCosts, !errorCosts.areOf(classes: classes, names: labels) {
      return "its \"errorCosts\" are not of its classes in their order"
    }
    if let fault = answerLimits?.fault(classes: classes) {
      return "in its \"answerLimits\", \(fault)"
    }
    if let fault = calibration?.fault(classes: classes) { return fault }
    for combination in [combination] + (expectedService?.reductions.map(\.combination) ?? [])
    where combination.cascade?.hasNegativeThreshold == true {
      return "a threshold of its cascade is below 0"
    }
    return costFault ?? combination.fault(memberCount: members.count) ?? expectationFault
      ?? serviceFault
  }

  /// A key that versions before the last do not have.
  private var laterKey: CodingKeys? {
    if calibration != nil { return .calibration }
    if errorCosts != nil { return .errorCosts }
    return answerLimits != nil ? .answerLimits : nil
  }

  /// The first part of a combination that version 1 does not have.
  private var firstLaterKey: CodingKeys? {
    if weights != nil { return .weights }
    if memberTemperatures != nil { return .memberTemperatures }
    if temperature != nil { return .temperature }
    if cascade != nil { return .cascade }
    if expectedMultiplyAccumulates != nil { return .expectedMultiplyAccumulates }
    return exitFractions != nil ? .exitFractions : nil
  }

  private var costFault: String? {
    func total(_ cost: (Member) -> Int) -> Int {
      members.reduce(0) { min($0 + cost($1), Predictions.largestCost + 1) }
    }
    let sums = (total(\.parameters), total(\.multiplyAccumulates))
    guard sums == (parameters, multiplyAccumulates), Self.costs.contains(parameters),
      Self.costs.contains(multiplyAccumulates)
    else { return "its cost is not the sum of its members'" }
    return nil
  }

  private var expectationFault: String? {
    if let expectedMultiplyAccumulates {
      // A mean of sums may come out a hair above the sum.
      let greatest = Double(multiplyAccumulates) * (1 + 1e-9)
      guard expectedMultiplyAccumulates > 0, expectedMultiplyAccumulates <= greatest else {
        return "its expected cost is not above 0 and at most the sum of its members'"
      }
    }
    guard let exitFractions else { return nil }
    guard exitFractions.count == members.count else {
      return "it has \(exitFractions.count) exit fractions for \(members.count) members"
    }
    guard exitFractions.allSatisfy((0...1).contains), abs(exitFractions.reduce(0, +) - 1) <= 1e-6
    else { return "its exit fractions are not of 0 to 1, and 1 in all" }
    guard cascade != nil else { return "it has exit fractions and no cascade" }
    guard let expectedMultiplyAccumulates else { return nil }
    // Those that stop after a member have cost it and those before it.
    var (cost, expected) = (0.0, 0.0)
    for (member, share) in zip(members, exitFractions) {
      cost += Double(member.multiplyAccumulates)
      expected += share * cost
    }
    return abs(expected - expectedMultiplyAccumulates) <= 1e-6 * expected
      ? nil : "its expected cost is not that of its exit fractions, \(expected)"
  }
}

extension EnsembleManifest {
  private var serviceFault: String? {
    guard let expectedService else { return nil }
    let members = members.map { (name: $0.name, multiplyAccumulates: $0.multiplyAccumulates) }
    if let fault = expectedService.fault(members: members, combination: combination) {
      return "in its \"expectedService\", \(fault)"
    }
    guard let exits = expectedService.answers.exits, let exitFractions else { return nil }
    let images = Double(expectedService.images)
    return zip(exits, exitFractions).allSatisfy { abs(Double($0) / images - $1) <= 1e-6 }
      ? nil : "its exit fractions are not those of its \"expectedService\""
  }
}

extension CascadeStops {
  /// Entropies, negated, are at most 0; the other confidences are at least 0.
  fileprivate var hasNegativeThreshold: Bool {
    confidence != .entropy && confidenceThresholds.contains { ($0 ?? 0) < 0 }
  }
}

extension EnsembleManifest.Member {
  var choosesOutput: Bool { output != nil || outputKind != nil }

  fileprivate var fault: String? {
    guard !name.isEmpty, !network.isEmpty else { return "it has no name or no network" }
    guard Predictions.isName(name), Predictions.isName(network) else {
      return "its name or its network's is longer than 200 characters, or holds control characters"
    }
    guard !network.split(separator: "/", omittingEmptySubsequences: false).contains(".."),
      !network.hasPrefix("/")
    else { return "its network is called '\(network.prefix(80))', which is a path and no name" }
    guard Self.isFileName(file) else { return "'\(file)' is no name of an ONNX file" }
    guard sha256.utf8.count == 64 else { return "its \"sha256\" is no SHA-256" }
    guard (1...Predictions.largestCost).contains(parameters),
      (1...Predictions.largestCost).contains(multiplyAccumulates)
    else { return "its cost is none" }
    do throws(DatasetError) {
      try preprocessing.validate()
      return nil
    } catch {
      return "\(error)"
    }
  }

  /// Whether it names a file in the directory itself.
  static func isFileName(_ name: String) -> Bool {
    let isPlain = name.unicodeScalars.allSatisfy { $0 != "/" && $0.value >= 32 && $0.value != 127 }
    return isPlain && !name.hasPrefix(".") && name.hasSuffix(".onnx") && name.utf8.count <= 255
  }
}
