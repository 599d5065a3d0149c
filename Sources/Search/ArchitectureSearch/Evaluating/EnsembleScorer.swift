import Ensembles
import Predictions

/// Scores ensembles under search by their members' predictions, and stops the worse half early.
///
/// Successive halving: all are trained to the first rung, the best share of them to the next, and so on. Source:
/// arXiv:1502.07943.
public struct EnsembleScorer {
  private let evaluator: any MemberEvaluator
  /// The share that goes on after each rung but the last.
  private let kept: Double

  /// Scores by successive halving: all architectures on the first rung, the best of them on each further one.
  ///
  /// - Parameters:
  ///   - evaluator: What trains members.
  ///   - kept: The share of architectures that goes on to the next rung, rounded up; above 0.
  public init(_ evaluator: any MemberEvaluator, kept: Double) {
    self.evaluator = evaluator
    self.kept = kept
  }

  /// One ensemble's accuracy on the hold-out.
  public struct Score: Hashable, Sendable {
    /// nil where it failed.
    public var accuracy: Double?
    /// What went wrong.
    public var failure: String?
    /// The rung that was reached, from 0.
    public var rung: Int
  }

  /// How many rungs there are.
  public var rungs: Int { evaluator.trainingImages.count }

  /// Images that training takes from `rung` (nil for the start) to `next`.
  func trainingImages(after rung: Int?, upTo next: Int) -> Int {
    let images = evaluator.trainingImages
    return max(0, images[next] - (rung.map { images[$0] } ?? 0))
  }

  /// Scores a cohort.
  ///
  /// - Parameters:
  ///   - architectures: The members of each.
  ///   - fixed: Members that all of them have besides.
  ///   - rewards: What an architecture is worth by its accuracy, to decide which go on.
  /// - Returns: One score an architecture; nil where the evaluator stopped.
  /// - Throws: What the evaluator throws, or `EnsembleError` where members cannot be combined.
  public func score(
    _ architectures: [[SearchMember]], beside fixed: [SearchMember],
    deadline: ContinuousClock.Instant?, rewards: (_ architecture: Int, _ accuracy: Double) -> Double
  ) throws -> [Score]? {
    var scores = architectures.map { _ in Score(accuracy: nil, failure: nil, rung: 0) }
    var alive = Array(architectures.indices)
    for rung in 0..<rungs {
      let members = unique(alive.flatMap { architectures[$0] } + fixed)
      guard let outcomes = try evaluator.evaluate(members, rung: rung, deadline: deadline) else {
        return nil
      }
      let known = Dictionary(uniqueKeysWithValues: zip(members, outcomes))
      for architecture in alive {
        scores[architecture] = try score(
          (fixed + architectures[architecture]).compactMap { known[$0] }, rung: rung)
      }
      alive = best(of: alive, scores, rewards)
    }
    return scores
  }

  private func score(_ outcomes: [MemberOutcome], rung: Int) throws -> Score {
    var members: [Predictions] = []
    for outcome in outcomes {
      switch outcome {
      case .predicted(let predictions): members.append(predictions)
      case .failed(let reason): return Score(accuracy: nil, failure: reason, rung: rung)
      }
    }
    let ensemble =
      members.count == 1 ? members[0] : try Predictions(combining: members, name: "ensemble")
    let right = zip(ensemble.predictedClasses(), ensemble.labels).count { $0 == Int($1) }
    return Score(accuracy: Double(right) / Double(ensemble.count), failure: nil, rung: rung)
  }

  /// The share that goes on, in their order.
  private func best(
    of alive: [Int], _ scores: [Score], _ rewards: (Int, Double) -> Double
  ) -> [Int] {
    let ranked = alive.compactMap { architecture in
      scores[architecture].accuracy.map { (architecture, reward: rewards(architecture, $0)) }
    }.sorted { ($1.reward, $0.0) < ($0.reward, $1.0) }
    let count = Int((kept * Double(ranked.count)).rounded(.up))
    return ranked.prefix(count).map(\.0).sorted()
  }

  private func unique(_ members: [SearchMember]) -> [SearchMember] {
    var seen: Set<SearchMember> = []
    return members.filter { seen.insert($0).inserted }
  }
}
