/// One architecture that was evaluated: a line of `evaluations.jsonl`.
public struct EvaluationRecord: Codable, Hashable, Sendable {
  /// The search that asked, such as "joint".
  public var stage: String
  /// From 1, within that search.
  public var number: Int
  /// The members, in order.
  public var members: [Architecture]
  /// The names of their networks.
  public var networks: [String]
  /// Of all members together, in the measure of the target.
  public var cost: Double
  /// On the hold-out, with the members found before; nil for a failed architecture.
  public var accuracy: Double?
  /// What the controller received.
  public var reward: Double
  /// How far it was trained, from 1, and how many such steps there are.
  public var rung, rungs: Int
  /// What went wrong.
  public var failure: String?
  /// Images that its training took, as far as this search had not trained its members before.
  public var trainingImages: Int
  /// Its part of the time that the evaluation of its cohort took.
  public var seconds: Double

  /// Creates a record as it is; of `accuracy` and `failure` one is nil.
  public init(
    stage: String, number: Int, members: [Architecture], networks: [String], cost: Double,
    accuracy: Double?, reward: Double, rung: Int, rungs: Int, failure: String?,
    trainingImages: Int, seconds: Double
  ) {
    self.stage = stage
    self.number = number
    self.members = members
    self.networks = networks
    self.cost = cost
    self.accuracy = accuracy
    self.reward = reward
    self.rung = rung
    self.rungs = rungs
    self.failure = failure
    self.trainingImages = trainingImages
    self.seconds = seconds
  }

  /// Whether it was trained as far as any.
  public var isComplete: Bool { failure == nil && rung == rungs }
}

extension [EvaluationRecord] {
  /// The best that was trained as far as any: the highest reward, then the lowest cost, then the earliest.
  public var best: EvaluationRecord? {
    filter(\.isComplete).max {
      ($0.reward, -$0.cost, -$0.number) < ($1.reward, -$1.cost, -$1.number)
    }
  }
}
