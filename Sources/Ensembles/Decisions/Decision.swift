import Ensembles
import Predictions

/// What to deploy: candidates of every kind, chosen among on the hold-out and reported on the test images.
public struct Decision: Codable, Sendable {
  /// What is looked for.
  public struct Options: Codable, Hashable, Sendable {
    /// How members are combined.
    public var rule = CombinationRule.geometricMean
    /// The most members of an ensemble.
    public var maximumMembers = 4
    /// Where there are more ensembles of one size, this many are drawn at random.
    public var maximumSubsets = 20_000
    /// Whether only members of one network make an ensemble or a cascade.
    public var isSameNetworkOnly = false
    /// The most members of a cascade; 1 for no cascades.
    public var maximumStages = 3
    /// What may measure how sure a cascade is.
    public var confidences = [CascadeConfidence.maximumProbability]
    /// What a budget counts.
    public var cost = CostMeasure.multiplyAccumulates
    /// The budget, in the unit of `cost`; nil for none.
    public var maximumCost: Double?
    /// The accuracy that is needed on the hold-out, in `0...1`; nil for none.
    public var minimumAccuracy: Double?
    /// Which of a cascade's costs the budget bounds.
    public var costQuantile = CostQuantile.mean
    /// How many points of accuracy may be lost against the best single model, in `0...100`.
    public var tolerance = 0.5
    /// How sure it is to be that no more is lost, in percent, between 50 and 100.
    public var confidence = 95.0
    /// Of all that is random.
    public var seed: UInt64 = 0
    /// What is to be promised of the answers; nil to promise nothing, and in decisions of earlier versions.
    public var limits: AnswerLimits.Options? = AnswerLimits.Options()

    enum CodingKeys: String, CodingKey {
      case rule, maximumMembers, maximumSubsets, isSameNetworkOnly, maximumStages, confidences
      case cost, maximumCost, minimumAccuracy, costQuantile, tolerance, confidence, seed, limits
    }

    /// The defaults of `consort report`: ensembles of up to four members, no budget.
    public init() {}
  }

  /// Some images.
  public struct Images: Codable, Hashable, Sendable {
    /// The split's name.
    public let split: String
    /// Identifies them and their labels.
    public let fingerprint: String
    /// How many.
    public let count: Int

    init(_ predictions: Predictions) {
      split = predictions.split
      fingerprint = predictions.fingerprint
      count = predictions.count
    }
  }

  /// The version of the format.
  public let version: Int
  /// What was looked for.
  public let options: Options
  /// The images that choose: the hold-out without those that are kept apart to calibrate `limits`.
  public let holdOut: Images
  /// The images that judge.
  public let test: Images
  /// Further images.
  public let shifted: Images?
  /// What is known of whether the images that judge are others than those that choose; nil in files that do not say.
  public let separation: ImageSeparation?
  /// The number of classes.
  public let classes: Int
  /// The members that were given, in their order; nil in decisions of earlier versions.
  public let members: [MemberIdentity]?
  /// What was to be tried, and was; nil in decisions of earlier versions.
  public let search: SearchRecord?
  /// How many ensembles were tried on the hold-out.
  public let subsetCount: Int
  /// Whether those of some size are a random sample.
  public let isSampled: Bool
  /// The best single member on the hold-out, of equals the cheapest: its candidate's id.
  public let reference: String
  /// The chosen candidate's id.
  public let chosen: String
  /// What is shown of accuracy, and how; nil in decisions of earlier versions.
  public let promise: Promise?
  /// The three answers, in the order of `Answer.Question`; nil in decisions of earlier versions.
  public let answers: [Answer]?
  /// Cascades that keep a promise, beside those without; nil in decisions of earlier versions.
  public let guarantees: [CascadeGuarantee]?
  /// What ways to choose are worth on images that they did not choose on; nil for a single member or image, and in decisions of
  /// earlier versions.
  public let crossFitting: CrossFitting?
  /// The chosen candidate with the calibration that the hold-out chose.
  public let deployed: Candidate
  /// Of a deployed cascade, what an image costs that comes to all members; nil otherwise, and in decisions of earlier versions.
  public let slowestPath: SlowestPath?
  /// How long it takes as a whole; nil where that was not measured, and its time is expected.
  public var measured: MeasuredTimes?
  /// Where it errs; nil where that was not looked at, and in decisions of earlier versions.
  public internal(set) var errors: ErrorAnalysis?
  /// What the calibration does.
  public let calibration: CalibrationChoice
  /// Every way to combine all members; nil for a single member.
  public let rules: RuleComparison?
  /// The ids of the candidates of which none is shown, with a confidence of 95 %, not to be the most accurate of those that
  /// are compared on images like the test images; nil in decisions of earlier versions.
  public let amongBest: [String]?
  /// All single members and those that are best for their cost, of each kind; of the other ensembles some.
  public let candidates: [Candidate]

  /// What can be promised of the answers; nil where that was not asked for, and in decisions of earlier versions.
  public let limits: DecisionLimits?
  /// Which candidate would have been best on the shifted images; nil without them, and in decisions of earlier versions.
  public let shiftedChoice: ShiftedChoice?
  /// How images that are unlike the training's are told from the test images; nil where there are none.
  public package(set) var novelty: NoveltyFigures?

  /// The candidate of an id.
  public func candidate(_ id: String) -> Candidate? { candidates.first { $0.id == id } }

  /// The version that is written here.
  public static let currentVersion = 2

  /// Decides what to deploy: chosen on the hold-out, judged on the test images.
  ///
  /// - Parameters:
  ///   - given: Predictions of both by the same members.
  ///   - options: What may be deployed, and for what budget.
  ///   - pace: How long the search may take. What a limit cuts off is on record in `search`; without one, the same
  ///     arguments give the same decision.
  /// - Throws: `EnsembleError.unreachableGoal` where nothing fits the budget or is accurate enough on the hold-out, with what
  ///   there is; `.invalidArgument` for options out of range, or a member whose latency is not known where it counts.
  ///
  /// Complexity: that of `SubsetScores` for all ensembles on the hold-out, and of `Metrics` for those that are kept.
  public init(
    _ given: PredictionSets, options: Options = Options(), pace: SearchPace = SearchPace()
  ) throws(EnsembleError) {
    try options.check()
    let kept = try KeptImages(of: given.holdOut, options.limits, seed: options.seed)
    let sets = try KeptImages.choosing(given, without: kept).ordered(by: options.cost)
    let costs = try sets.costs(options.cost)
    let builder = CandidateBuilder(sets: sets, options: options)
    var pool = try CandidatePool(
      sets, options: options, costs: costs, builder: builder, pace: pace)
    rules =
      sets.test.count > 1
      ? try RuleComparison(
        holdOut: sets.holdOut, test: sets.test, best: pool.candidates[pool.reference].members[0],
        seed: options.seed) : nil
    if let rules, options.fitsWeights { try pool.addFitted(rules, builder) }
    try pool.addCascades(builder)
    let choice = try pool.decide(builder)
    let chosen = choice.chosen
    pool.rank()
    amongBest = try pool.compare(choice, builder)
    version = Self.currentVersion
    self.options = options
    holdOut = Images(sets.holdOut[0])
    test = Images(sets.test[0])
    shifted = sets.shifted.map { Images($0[0]) }
    separation = sets.separation
    classes = sets.test[0].classes
    members = MemberIdentity.of(given)
    search = pool.record(seconds: pace.seconds)
    subsetCount = pool.search.tried
    isSampled = pool.search.isSampled
    reference = pool.candidates[pool.reference].id
    self.chosen = pool.candidates[chosen].id
    promise = choice.promise
    answers = choice.answers
    guarantees = choice.guarantees
    crossFitting = choice.crossFitting
    candidates = pool.candidates
    var deployed: Candidate
    (deployed, calibration) = try builder.calibrate(
      pool.candidates[chosen], keepsAnswers: choice.promise.shown == self.chosen,
      different: pool.parts.isFirst.count)
    // What chose calibrates estimates, and no promises.
    limits = try options.limits.map { (limits) throws(EnsembleError) in
      try DecisionLimits(
        deployed: &deployed, single: pool.candidates[pool.reference],
        calibration: KeptImages.calibrating(given, kept),
        isPromised: kept != nil, sets: sets, options: limits)
    }
    shiftedChoice = try ShiftedChoice(
      deployed: deployed, candidates: pool.candidates,
      cost: { $0.holdOut.cost[options.cost] ?? .infinity }, builder)
    self.deployed = deployed
    slowestPath = SlowestPath(of: deployed, among: pool.candidates)
  }
}

/// What a search was to try, and tried.
public struct SearchRecord: Codable, Hashable, Sendable {
  /// How many of what there was.
  public struct Share: Codable, Hashable, Sendable {
    /// How many there were to try.
    public let planned: Int
    /// How many were tried.
    public let tried: Int

    /// Whether time was over before all were tried.
    public var isCut: Bool { tried < planned }
  }

  /// The seconds that the search was given; nil for no limit.
  public let seconds: Double?
  /// Ensembles, single members among them.
  public let ensembles: Share
  /// The most members of an ensemble that was tried.
  public let largestEnsemble: Int
  /// Budgets and accuracies for each of which the best cascade was searched.
  public let cascadeGoals: Share
  /// How many of the hold-out's images, drawn at random, thresholds were searched on; nil for all.
  public let cascadeImages: Int?

  /// Whether time was over before all was tried.
  public var isCut: Bool { ensembles.isCut || cascadeGoals.isCut }
}
