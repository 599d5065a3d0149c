import Networks

/// What a controller's proposals stand for in a stage: members, networks and costs.
struct StageArchitectures: Sendable {
  let stage: SearchStage
  let conditions: StageSearch.Conditions
  /// The place of the first member, after those that were found before.
  let firstPlace: Int

  /// The members that an architecture over all decisions stands for. Their order does not matter, so it is always the
  /// same.
  func members(of proposal: Architecture) -> [Architecture] {
    let size = proposal.choices.count / stage.memberCount
    return (0..<stage.memberCount).map { member in
      conditions.space.canonical(
        Architecture(Array(proposal.choices[member * size..<(member + 1) * size])))
    }.sorted { $0.choices.lexicographicallyPrecedes($1.choices) }
  }

  /// The members with their networks and places.
  func searchMembers(_ architectures: [Architecture]) -> [SearchMember] {
    architectures.enumerated().compactMap { place, architecture in
      (try? conditions.space.network(architecture)).map {
        SearchMember(network: $0, place: firstPlace + place)
      }
    }
  }

  /// Whether a proposal is valid and costs what it should.
  func isWanted(_ proposal: Architecture) -> Bool {
    guard let cost = cost(of: members(of: proposal)) else { return false }
    return conditions.target.admits(cost, share: stage.costShare)
  }

  /// nil where a network is not valid, or the cost table lacks a part of it.
  func cost(of members: [Architecture]) -> Double? {
    var sum = 0.0
    for member in members {
      guard let network = try? conditions.space.network(member),
        let cost = conditions.costModel.cost(of: network)
      else { return nil }
      sum += cost
    }
    return sum
  }
}
