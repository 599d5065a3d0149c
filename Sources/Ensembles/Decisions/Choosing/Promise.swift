import Statistics

/// What a decision promises of accuracy, and how it was shown.
///
/// One part of the hold-out designs: ensembles are searched, weights and thresholds fitted, and a short list of them made,
/// the surest first and each next one cheaper. The other part, which had no say in any of it, proves: down the list, each
/// is tested against every single model, as long as all pass. Of those that pass the cheapest is taken. So with the
/// confidence asked for, over the draw of the hold-out, what passes is at most the tolerance less accurate than the best
/// single model there is, whichever that is. It holds for images that come as the hold-out's do, and one by one.
///
/// Sources: Learn then Test, arXiv:2110.01052; the list from one part of the data: Pareto Testing, arXiv:2210.07913; a
/// claim against all models at once: Berger 1982, doi:10.1080/00401706.1982.10487790.
public struct Promise: Codable, Hashable, Sendable {
  /// One candidate of the short list against the single model that it is least sure against.
  public struct Test: Codable, Hashable, Sendable {
    /// The candidate's id.
    public let candidate: String
    /// The single model's id; nil where there is no other.
    public let against: String?
    /// The candidate's accuracy on the images that prove, on which it was not designed.
    public let accuracy: Double
    /// Of the accuracies on the images that prove.
    public let difference: Double
    /// On how many of them just one of the two is right.
    public let differing: Int
    /// Of `NonInferiorityTest`, the greatest over the single models; 0 where there is none to compare with.
    public let pValue: Double
    /// Whether it is shown to be as good: it passes, and so do all before it.
    public let isShown: Bool
  }

  /// How many images design, and prove.
  public let designImages, proofImages: Int
  /// How many images were given more than once; each proves once.
  public let repeatedImages: Int
  /// In the order of the tests.
  public let tests: [Test]
  /// The cheapest candidate that is shown to be as good; nil where none is.
  public let shown: String?
  /// Where none is shown, how many hold-out images would show it of some candidate in four of five draws, if accuracies are as
  /// they were seen; nil where one is shown, or where what was seen speaks for none.
  public let neededImages: Int?
}

/// A cascade whose thresholds keep a promise, beside the plan without one.
public struct CascadeGuarantee: Codable, Hashable, Sendable {
  /// What its accuracy is at most the tolerance below.
  public enum Target: String, Codable, CaseIterable, Sendable {
    /// The best single model.
    case bestSingle
    /// All its members combined, on every image.
    case fullEnsemble
  }

  /// What is promised.
  public let target: Target
  /// The cheapest cascade that is shown to keep it; nil where none is.
  public let candidate: String?
  /// What an image through it costs on average on the hold-out, in the decision's measure.
  public let cost: Double?
  /// Its p-value; nil where none is shown.
  public let pValue: Double?
  /// The cheapest cascade that keeps it on the hold-out itself, without a promise; nil where none does.
  public let plan: String?
  /// What an image through the plan costs on average.
  public let planCost: Double?
  /// How many cascades were tested, in order.
  public let tested: Int
}

/// An answer to one of three questions.
public struct Answer: Codable, Hashable, Sendable {
  /// What is asked.
  public enum Question: String, Codable, CaseIterable, Sendable {
    /// What is the cheapest that is as good as the best single model?
    case cheapestAsGood
    /// What is the most accurate for the best single model's cost?
    case bestForSameCost
    /// What is the most accurate of all?
    case bestOfAll
  }

  /// What is asked.
  public let question: Question
  /// The candidate's id.
  public let candidate: String
  /// Whether it is shown that it is as good as the best single model; always false where the question asks for no promise.
  public let isShown: Bool
  /// How it was chosen; nil where it is shown, or loses least where nothing is shown.
  public let procedure: CrossFitting.Procedure?
  /// What it costs, in the decision's measure, on average on the hold-out.
  public let cost: Double
  /// What choosing in this way is worth on images that did not choose; nil where that is not known.
  public let crossFitted: CrossFitting.Estimate?
}
