/// What to train next: steps from the members that there are, by what each is expected to add to the best accuracy that an
/// ensemble has at a cost.
///
/// The best accuracy is that of the best ensemble of members of one network, or of two, of at most
/// `maximumMultiplyAccumulates`: the mean over such ensembles, on the hold-out, by the geometric mean. A step's gain is how
/// much more the best ensemble with its members has, on images that chose nothing; where the hold-out does not show it to be
/// better, the present one is kept, and the gain is 0. Nothing here looks at test images.
public struct TrainingAdvice: Codable, Hashable, Sendable {
  /// Where a figure lies with 80 %.
  public struct Interval: Codable, Hashable, Sendable {
    /// A tenth of the probability lies below.
    public let lowerBound: Double
    /// A tenth of the probability lies above.
    public let upperBound: Double
  }

  /// Members of a network in an ensemble.
  public struct Part: Codable, Hashable, Sendable {
    /// The network's name.
    public let network: String
    /// How many of its members.
    public let members: Int
  }

  /// An ensemble of members of one network or of two.
  public struct Ensemble: Codable, Hashable, Sendable {
    /// Ascending in multiply-accumulates.
    public let parts: [Part]
    /// Of all members on one image.
    public let multiplyAccumulates: Double
    /// The mean top-1 accuracy on the hold-out: measured, or expected for one with members that are not trained.
    public let accuracy: Double
  }

  /// What a step trains.
  public enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
    /// Further members of a network that there is.
    case member
    /// A first member of a network of the family that is not there.
    case network
    /// The members of the best ensemble anew, for more epochs.
    case longer
  }

  /// Something that can be trained.
  public struct Step: Codable, Hashable, Sendable {
    /// What is trained.
    public let kind: Kind
    /// Of which network; nil for `longer`, which is about those of `ensemble`.
    public let network: String?
    /// How many trainings it takes.
    public let trainings: Int
    /// How many epochs each then has; nil where they stay as they are.
    public let epochs: Int?
    /// How long all trainings take one after another, as those that there are took.
    public let seconds: Double
    /// Of `seconds`.
    public let secondsInterval: Interval
    /// The best ensemble that it makes possible.
    public let ensemble: Ensemble
    /// The expected gain in accuracy.
    public let gain: Double
    /// Of the gain that as many images show as `TrainingAdvice.judgingImages`.
    public let interval: Interval
    /// That it gains at all.
    public let probabilityOfGain: Double
    /// That it gains more than `TrainingAdvice.leastGain`.
    public let probabilityOfLeastGain: Double

    /// The expected gain for an hour of training.
    public var gainPerHour: Double { 3600 * gain / max(seconds, 1e-9) }
  }

  /// What was not looked at closer.
  public struct Omission: Codable, Hashable, Sendable {
    /// Why.
    public enum Reason: String, Codable, Hashable, Sendable {
      /// One training takes longer than the budget.
      case overBudget
      /// No ensemble with such a member is cheap enough.
      case overMaximum
    }

    /// What would be trained.
    public let kind: Kind
    /// Of which network; nil for `longer`.
    public let network: String?
    /// Why not.
    public let reason: Reason
    /// How long it would take.
    public let seconds: Double
  }

  /// N, the images of the hold-out.
  public let holdOutImages: Int
  /// How many images the gain is to show on.
  public let judgingImages: Int
  /// What may be spent on training.
  public let budgetSeconds: Double
  /// The most that an ensemble may cost for one image.
  public let maximumMultiplyAccumulates: Double
  /// What is worth a step.
  public let leastGain: Double
  /// How many members there are of each network, ascending in multiply-accumulates.
  public let members: [Part]
  /// The best ensemble that there is.
  public let best: Ensemble
  /// What the budget allows, by expected gain.
  public let steps: [Step]
  /// What it does not, or what cannot become part of an ensemble of that cost.
  public let omissions: [Omission]

  /// The step to take; nil where none is more likely than not to gain more than `leastGain`: stop.
  public var advised: Step? { steps.first { $0.probabilityOfLeastGain >= 0.5 } }
}

extension TrainingAdvice {
  /// What is asked for.
  public struct Options: Hashable, Sendable {
    /// What may be spent on training, above 0.
    public var budgetSeconds: Double
    /// The most that an ensemble may cost for one image; nil for twice what all members that there are cost together, which is as far
    /// as the members that there are say much.
    public var maximumMultiplyAccumulates: Double?
    /// The gain in accuracy that is worth a step.
    public var leastGain: Double
    /// On how many images the gain is to show; nil for as many as choose.
    public var judgingImages: Int?
    /// Of all that is drawn.
    public var seed: UInt64

    /// Asks for the best use of some seconds.
    public init(
      budgetSeconds: Double, maximumMultiplyAccumulates: Double? = nil, leastGain: Double = 0.001,
      judgingImages: Int? = nil, seed: UInt64 = 0
    ) {
      self.budgetSeconds = budgetSeconds
      self.maximumMultiplyAccumulates = maximumMultiplyAccumulates
      self.leastGain = leastGain
      self.judgingImages = judgingImages
      self.seed = seed
    }
  }

  /// A network that could be trained.
  public struct Network: Hashable, Sendable {
    /// Its name.
    public let name: String
    /// Of one member on one image, above 0.
    public let multiplyAccumulates: Int

    /// Names a network.
    public init(name: String, multiplyAccumulates: Int) {
      (self.name, self.multiplyAccumulates) = (name, multiplyAccumulates)
    }
  }

  /// Trainings that were not long enough.
  public struct Lengthening: Hashable, Sendable {
    /// Epochs of each training so far, and then.
    public let epochs, longerEpochs: Int
    /// The members whose losses still fell.
    public let members: Set<String>

    /// Says of which members the losses still fell at the end.
    public init(epochs: Int, longerEpochs: Int, members: Set<String>) {
      (self.epochs, self.longerEpochs, self.members) = (epochs, longerEpochs, members)
    }
  }
}
