/// Draws every option with the same probability, and learns nothing: what other controllers have to beat.
///
/// Source: arXiv:1902.07638.
public struct RandomSearch: Controller {
  private var draws: Draws

  /// Proposes what `draws` draws: the same seed gives the same architectures.
  public init(_ draws: Draws) {
    self.draws = draws
  }

  /// Proposes architectures drawn evenly.
  public mutating func propose(
    _ count: Int, where isWanted: (Architecture) -> Bool
  ) throws(SearchError) -> [Architecture] {
    var proposals: [Architecture] = []
    for _ in 0..<count { proposals.append(try draws.uniform(where: isWanted)) }
    return proposals
  }

  /// Learns nothing.
  public mutating func learn(_ results: [(architecture: Architecture, reward: Double)]) {}
}
