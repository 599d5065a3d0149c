import Ensembles
import Predictions

/// Where the deployed candidate errs, and about which classes and groups it errs more often than the best single model.
public struct ErrorAnalysis: Codable, Hashable, Sendable {
  /// Of one of the two, on some images.
  public struct Profile: Codable, Hashable, Sendable {
    /// The share of the images that is predicted right.
    public let accuracy: Double
    /// The mean of the accuracies on the classes that have images.
    public let balancedAccuracy: Double
    /// Which classes were taken for which; of the test images only.
    public let confusion: ConfusionMatrix?
    /// Of each class that is predicted at all, how often that is right; of the test images only.
    public let precisions: [GroupAccuracy]?
  }

  /// Both on some images.
  public struct Comparison: Codable, Hashable, Sendable {
    /// The images' split.
    public let split: String
    /// How many images there are.
    public let images: Int
    /// The deployed candidate.
    public let deployed: Profile
    /// The best single model.
    public let reference: Profile
    /// By the images' classes.
    public let byClass: GroupComparison
    /// By the groups that the user named; nil where he named none.
    public let byGroup: GroupComparison?
  }

  /// `[C]`; nil where they are not known, and classes are called by their numbers, such as "class 3".
  public let classNames: [String]?
  /// On the images that chose: the deployed candidate looks better on them than it is.
  public let holdOut: Comparison
  /// On the images that judge.
  public let test: Comparison
  /// On further images, where there are some.
  public let shifted: Comparison?
  /// What errors cost; nil where all count alike.
  public let costs: ErrorCostComparison?

  /// Which class each image is predicted as: the most probable, or the one with the least expected cost.
  public var decisionRule: Objective.DecisionRule { costs?.rule ?? .mostProbable }

  /// - Parameters:
  ///   - decision: What was chosen.
  ///   - sets: The predictions that it was chosen from.
  ///   - groups: Of their images, beside the classes.
  ///   - costs: Of errors, in the order of the predictions' classes; nil where all count alike.
  ///   - classNames: `[C]`; such as "class 3" where nil.
  /// - Throws: `EnsembleError` where `sets` are not those of the decision.
  public init(
    of decision: Decision, _ sets: PredictionSets, groups: GroupFile.Sets? = nil,
    costs: ErrorCosts? = nil, classNames: [String]? = nil
  ) throws(EnsembleError) {
    if let classNames, classNames.count != decision.classes {
      throw .invalidArgument(
        name: "the number of classes' names", value: "\(classNames.count)",
        expected: "that of the predictions' classes, \(decision.classes)")
    }
    let builder = CandidateBuilder(sets: sets, options: decision.options)
    let pair = try DecidedPair(decision, sets, isCalibrated: costs != nil)
    let comparison = try costs.map { table throws(EnsembleError) in
      try ErrorCostComparison(of: decision, pair, table, builder)
    }
    self.costs = comparison
    self.classNames = classNames
    let objective = comparison.map { Objective.errorCosts($0.table, $0.rule) } ?? .accuracy
    holdOut = Comparison(pair.holdOut, objective, groups?.holdOut, classNames, isWhole: false)
    test = Comparison(pair.test, objective, groups?.test, classNames, isWhole: true)
    shifted = try pair.shifted(sets).map {
      Comparison($0, objective, groups?.shifted, classNames, isWhole: false)
    }
  }
}

extension Decision {
  /// Adds where the deployed candidate errs; the arguments are those of `ErrorAnalysis`.
  ///
  /// - Throws: `EnsembleError` where `sets` are not those of the decision, or `costs` are of other classes.
  public mutating func analyzeErrors(
    in sets: PredictionSets, groups: GroupFile.Sets? = nil, costs: ErrorCosts? = nil,
    classNames: [String]? = nil
  ) throws(EnsembleError) {
    errors = try ErrorAnalysis(
      of: self, sets, groups: groups, costs: costs, classNames: classNames)
  }
}

extension ErrorAnalysis.Comparison {
  /// - Parameter isWhole: Whether the confusion matrices are kept.
  fileprivate init(
    _ pair: DecidedPair.Images, _ objective: Objective, _ groups: ImageGroups?,
    _ names: [String]?, isWhole: Bool
  ) {
    let labels = pair.deployed.labels
    split = pair.deployed.split
    images = labels.count
    let classes = ImageGroups(classesOf: pair.deployed, names: names)
    let predicted = [pair.deployed, pair.reference].map(objective.decisions)
    let profiles = predicted.map { predicted in
      ErrorAnalysis.Profile(
        ConfusionMatrix(labels: labels, predicted: predicted, classes: pair.deployed.classes),
        images: labels.count, names: isWhole ? classes.names : nil)
    }
    (deployed, reference) = (profiles[0], profiles[1])
    let isRight = predicted.map { zip($0, labels).map { $0 == Int($1) } }
    byClass = GroupComparison(deployed: isRight[0], reference: isRight[1], in: classes)
    byGroup = groups.map {
      GroupComparison(deployed: isRight[0], reference: isRight[1], in: $0)
    }
  }
}

extension ErrorAnalysis.Profile {
  /// - Parameter names: The classes', where the matrix is kept.
  fileprivate init(_ matrix: ConfusionMatrix, images: Int, names: [String]?) {
    accuracy = Double(matrix.hitCounts.reduce(0, +)) / Double(images)
    balancedAccuracy = matrix.balancedAccuracy
    confusion = names == nil ? nil : matrix
    precisions = names.map(matrix.precisions)
  }
}

/// What the deployed candidate and the best single model say.
struct DecidedPair {
  /// On some images.
  struct Images {
    let deployed, reference: Predictions
  }

  let holdOut, test: Images
  private let decision: Decision
  private let temperature: Double

  /// - Parameter isCalibrated: Whether the single model's probabilities matter, and not its most probable classes alone.
  init(
    _ decision: Decision, _ sets: PredictionSets, isCalibrated: Bool
  ) throws(EnsembleError) {
    self.decision = decision
    let single = try Self.reference(of: decision, in: sets.holdOut)
    temperature = isCalibrated ? try Temperature(fittedTo: single).value : 1
    holdOut = try Self.images(sets.holdOut, decision, temperature)
    test = try Self.images(sets.test, decision, temperature)
  }

  func shifted(_ sets: PredictionSets) throws(EnsembleError) -> Images? {
    try sets.shifted.map { set throws(EnsembleError) in
      try Self.images(set, decision, temperature)
    }
  }

  private static func reference(
    of decision: Decision, in set: [Predictions]
  ) throws(EnsembleError) -> Predictions {
    let names = decision.candidate(decision.reference)?.members ?? []
    guard let name = names.first else { throw .noMembers }
    return try Predictions.of([name], in: set)[0]
  }

  private static func images(
    _ set: [Predictions], _ decision: Decision, _ temperature: Double
  ) throws(EnsembleError) -> Images {
    let members = try Predictions.of(decision.deployed.members, in: set)
    return Images(
      deployed: try decision.deployed.combination.combine(members, name: "deployed"),
      reference: try Temperature.scaled(reference(of: decision, in: set), by: temperature))
  }
}
