/// What it took to train members: those of one training share its cost.
package struct TrainingCosts: Hashable, Sendable {
  /// What one training took.
  package struct Training: Hashable, Sendable {
    /// Multiply-accumulates of one image through the network, times the images of all epochs.
    package let multiplyAccumulates: Int
    /// nil where it is not known.
    package let seconds: Double?

    package init(multiplyAccumulates: Int, seconds: Double?) {
      (self.multiplyAccumulates, self.seconds) = (multiplyAccumulates, seconds)
    }
  }

  /// What several members took together.
  package struct Sum: Hashable, Sendable {
    /// How many trainings they come of.
    package let trainings: Int
    /// As of a training.
    package let multiplyAccumulates: Double
    /// nil where one of them is not known.
    package let seconds: Double?

    package init(trainings: Int, multiplyAccumulates: Double, seconds: Double?) {
      (self.trainings, self.multiplyAccumulates, self.seconds) = (
        trainings, multiplyAccumulates, seconds
      )
    }
  }

  /// By a name that no two trainings share.
  private let trainings: [String: Training]
  /// The trainings that each member comes of.
  private let members: [String: Set<String>]

  /// - Parameter members: The trainings that each comes of, by its name; each training by a name that no two share.
  package init(_ members: [String: [(name: String, training: Training)]]) {
    var trainings: [String: Training] = [:]
    for (name, training) in members.values.joined() { trainings[name] = training }
    self.trainings = trainings
    self.members = members.mapValues { Set($0.map(\.name)) }
  }

  /// What the members took together, each training once; nil where that of one is not known.
  package func sum(of names: [String]) -> Sum? {
    var used: Set<String> = []
    for name in names {
      guard let own = members[name] else { return nil }
      used.formUnion(own)
    }
    // In a fixed order, so that the sums are always the same.
    let found = used.sorted().compactMap { trainings[$0] }
    let seconds = found.compactMap(\.seconds)
    return Sum(
      trainings: found.count,
      multiplyAccumulates: found.reduce(0) { $0 + Double($1.multiplyAccumulates) },
      seconds: seconds.count == found.count ? seconds.reduce(0, +) : nil)
  }
}
