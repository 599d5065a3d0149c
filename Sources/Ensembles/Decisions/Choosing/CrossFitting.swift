import Statistics

/// What ways to choose are worth on images that they did not choose on.
///
/// The hold-out is divided into folds, more than once; each way chooses on all folds but one, and is judged on that one.
/// An image's score is the mean over the repeats, and an estimate the mean over images: that of choosing on a little less
/// than the whole hold-out. Intervals are of the images' scores; that choices share most of their images is not in them.
///
/// Source: Stone 1974, doi:10.1111/j.2517-6161.1974.tb00994.x.
public struct CrossFitting: Codable, Hashable, Sendable {
  /// A way to choose.
  public enum Procedure: String, Codable, CaseIterable, Sendable {
    /// The single model of the highest accuracy.
    case bestSingle
    /// The ensemble of the highest accuracy, members alike; accuracies are drawn towards those of ensembles of the same
    /// networks.
    case bestEnsemble
    /// Fitted weights.
    case weights
    /// Greedy selection.
    case greedy
    /// The most accurate cascade, or single model where none is better.
    case cascade
    /// The first of the answers: the cheapest that is shown to be as good, or what is likely to lose least where nothing is.
    case cheapestAsGood
  }

  /// What a way to choose is worth.
  public struct Estimate: Codable, Hashable, Sendable {
    /// On images that it did not choose on.
    public let accuracy: Double
    /// Of the accuracy, 95 %, by Wilson's method from the images' scores.
    public let interval: ConfidenceInterval
    /// The accuracy on the hold-out of what it chooses there, less `accuracy`: by how much that is flattered.
    public let flattery: Double
    /// Less the accuracy of choosing the best single model.
    public let difference: Double
    /// The standard error of `difference`, from the images' paired scores, as if one image more differed.
    public let differenceError: Double
    /// What an image costs on average, in the decision's measure.
    public let cost: Double
  }

  /// One way to choose within one budget.
  public struct Row: Codable, Hashable, Sendable {
    /// How it chooses.
    public let procedure: Procedure
    /// In the decision's measure; nil for none.
    public let budget: Double?
    /// What it chooses on the whole hold-out: a candidate's id.
    public let candidate: String
    /// What that way is worth.
    public let estimate: Estimate
  }

  /// Folds of each repeat, and repeats, for single models and ensembles.
  public let folds, repeats: Int
  /// The same for weights, greedy selection and cascades, which take longer; the first answer is judged in one repeat.
  public let fittedFolds, fittedRepeats: Int
  /// Ways to choose; that of the first answer last, where it is known.
  public let rows: [Row]

  /// What the way to the first answer is worth; nil where that is not known, and in decisions of earlier versions.
  public var firstAnswer: Row? { rows.first { $0.procedure == .cheapestAsGood } }
}
