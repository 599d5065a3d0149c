import Files

/// Predictions by the same members of the images that choose and of those that judge.
public struct PredictionSets: Sendable {
  /// Of the images that everything is chosen on, in the order of `test`.
  public let holdOut: [Predictions]
  /// Of the images that everything is reported on.
  public let test: [Predictions]
  /// Of further images, such as ones taken under other conditions; nil where there are none.
  public let shifted: [Predictions]?
  /// Of each member, milliseconds of one image; of some members only, or none, where they were not measured.
  public let latencies: [String: Double]
  /// What is known of whether the images of `test` are others than those of `holdOut`.
  public let separation: ImageSeparation
  /// What was found out about the images that the user should know.
  public let notes: [Note]

  /// Puts them together.
  ///
  /// - Parameters:
  ///   - holdOut: By all members, in any order.
  ///   - test: By the same members, of other images.
  ///   - shifted: By the same members, of a third set of images.
  ///   - latencies: By the members' names, in milliseconds.
  /// - Throws: `EnsembleError.testDataUsedToChoose` where the hold-out is the test set or the shifted one, `.sharedImages` where
  ///   it has images of it, by their ids or by what members say about them; others where a member
  ///   is missing in a set, given twice, predicts other data than its fellows, or differs in its cost between sets.
  public init(
    holdOut: [Predictions], test: [Predictions], shifted: [Predictions]? = nil,
    latencies: [String: Double] = [:]
  ) throws(EnsembleError) {
    try Predictions.checkSameData(test)
    let names = test.map(\.name)
    try Predictions.checkNamesDiffer(test)
    self.holdOut = try Self.matching(names, holdOut, test)
    self.test = test
    try Predictions.checkUnseen(test, by: self.holdOut[0].identity)
    let shared = try SharedImages(self.holdOut, test)
    separation = shared.separation
    notes = shared.notes
    if let shifted {
      let found = try Self.matching(names, shifted, test)
      try Predictions.checkUnseen(found, by: self.holdOut[0].identity)
      _ = try SharedImages(self.holdOut, found)
      self.shifted = found
    } else {
      self.shifted = nil
    }
    for (name, latency) in latencies where !(latency > 0 && latency.isFinite) {
      throw .invalidArgument(
        name: "the latency of '\(name)'", value: "\(latency)", expected: "a number above 0")
    }
    self.latencies = latencies
  }

  private init(
    holdOut: [Predictions], test: [Predictions], shifted: [Predictions]?, of sets: PredictionSets
  ) {
    self.holdOut = holdOut
    self.test = test
    self.shifted = shifted
    latencies = sets.latencies
    separation = sets.separation
    notes = sets.notes
  }

  /// The same members, of which some of the hold-out's images choose.
  ///
  /// - Parameters:
  ///   - images: Places of the hold-out's images that choose, not none.
  ///   - judges: Places of others of them that judge in place of the test images, not none; nil to leave those.
  package func choosing(
    on images: [Int], judgedBy judges: [Int]? = nil
  ) throws(EnsembleError) -> PredictionSets {
    let chosen = try Self.selecting(images, of: holdOut)
    guard let judges else {
      return PredictionSets(holdOut: chosen, test: test, shifted: shifted, of: self)
    }
    return PredictionSets(
      holdOut: chosen, test: try Self.selecting(judges, of: holdOut), shifted: nil, of: self)
  }

  /// The same with the members ascending in cost, of equals by their names, shorter ones first ("m2" before "m10"): so the
  /// order in which they were given has no say in what is chosen.
  ///
  /// - Throws: `EnsembleError.invalidArgument` naming a member that was not measured.
  package func ordered(by measure: CostMeasure) throws(EnsembleError) -> PredictionSets {
    let costs = try self.costs(measure)
    func key(_ place: Int) -> (Double, Int, String) {
      (costs[place], test[place].name.count, test[place].name)
    }
    let order = test.indices.sorted { key($0) < key($1) }
    func ordered(_ members: [Predictions]) -> [Predictions] { order.map { members[$0] } }
    return PredictionSets(
      holdOut: ordered(holdOut), test: ordered(test), shifted: shifted.map(ordered), of: self)
  }

  private static func selecting(
    _ images: [Int], of members: [Predictions]
  ) throws(EnsembleError) -> [Predictions] {
    var found: [Predictions] = []
    for member in members { found.append(try member.selecting(images)) }
    return found
  }

  /// The named members among those given, each the same network at the same cost as in `test`.
  private static func matching(
    _ names: [String], _ given: [Predictions], _ test: [Predictions]
  ) throws(EnsembleError) -> [Predictions] {
    guard !given.isEmpty else { throw .noMembers }
    let found = try Predictions.of(names, in: given)
    for (first, second) in zip(found, test) {
      if first.classes != second.classes {
        throw .differentData(
          first: first.source, second: second.source,
          difference: "\(first.classes) and \(second.classes) classes")
      }
      if first.multiplyAccumulates != second.multiplyAccumulates
        || first.parameters != second.parameters || first.network != second.network
      {
        throw .differentCost(
          network: first.network, first: first.source, second: second.source,
          difference: "network or its cost")
      }
    }
    return found
  }

  /// The members' latencies in their order; nil where one is not known.
  package func latencies(of members: [Int]) -> [Double]? {
    let known = members.compactMap { latencies[test[$0].name] }
    return known.count == members.count ? known : nil
  }

  /// Milliseconds, multiply-accumulates or parameters of each member.
  ///
  /// - Throws: `EnsembleError.invalidArgument` naming a member that was not measured.
  package func costs(_ measure: CostMeasure) throws(EnsembleError) -> [Double] {
    var costs: [Double] = []
    for member in test {
      let latency = latencies[member.name].map { [$0] }
      guard let cost = Cost(of: [member], latencies: latency)[measure] else {
        throw .invalidArgument(
          name: "the latency of '\(member.name)'", value: "not known",
          expected:
            "a measured number of milliseconds (\"latencyMilliseconds\" of this member in the list that names '\(member.source)')"
        )
      }
      costs.append(cost)
    }
    return costs
  }
}
