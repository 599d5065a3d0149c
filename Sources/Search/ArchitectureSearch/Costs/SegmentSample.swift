import Networks
import Randomness

extension SearchSpace {
  /// Networks that have, together, about all segments of the space's networks.
  ///
  /// Drawn evenly until many in a row bring no new segment: what is still missing then is in few networks, which a table
  /// made of these cannot predict.
  public func networksOfAllSegments(seed: UInt64) throws(NetworkError) -> [Network] {
    var networks: [Network] = []
    var known: Set<NetworkSegment> = []
    var sample = RandomNetworks(space: self, seed: seed)
    var idleDraws = 0
    while idleDraws < Self.patience {
      let network = try sample.next()
      let segments = network.segments()
      idleDraws += 1
      if segments.contains(where: { !known.contains($0) }) {
        known.formUnion(segments)
        networks.append(network)
        idleDraws = 0
      }
    }
    return networks
  }

  private static var patience: Int { 2000 }

  /// So many networks, drawn evenly.
  public func randomNetworks(_ count: Int, seed: UInt64) throws(NetworkError) -> [Network] {
    var sample = RandomNetworks(space: self, seed: seed)
    var networks: [Network] = []
    for _ in 0..<count { networks.append(try sample.next()) }
    return networks
  }
}

private struct RandomNetworks {
  let space: any SearchSpace
  let optionCounts: [Int]
  var stream: RandomStream

  init(space: any SearchSpace, seed: UInt64) {
    self.space = space
    optionCounts = space.decisions.map(\.options.count)
    stream = RandomStream(seed: seed, 3)
  }

  mutating func next() throws(NetworkError) -> Network {
    let choices = optionCounts.map { stream.integer(below: $0) }
    return try space.network(space.canonical(Architecture(choices)))
  }
}
