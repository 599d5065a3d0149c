/// Which layers stay in float32: those whose return brings the network's distributions nearest to float32's.
///
/// Greedy, with gains that are computed again only where a layer could be the next (a lazy greedy search): the result is
/// greedy's wherever a layer's gain does not grow while others return.
struct LayerSearch {
  /// How many layers there are.
  let count: Int
  /// The most layers that may return.
  let most: Int
  /// The divergence from float32 where these layers are in float32.
  let divergence: (Set<Int>) throws -> Double
  /// Whether what is lost is little enough where these layers are in float32.
  let isEnough: (Set<Int>) throws -> Bool

  struct Result {
    /// Layers in float32, in the order in which they returned.
    var floatLayers: [Int] = []
    /// The layer whose return alone gains most; nil where all layers were good enough together.
    var costliest: Int?
    /// Whether what is lost then is little enough.
    var isEnough = false
  }

  func run() throws -> Result {
    var result = Result()
    result.isEnough = try isEnough([])
    if result.isEnough || count == 0 { return result }
    var current = try divergence([])
    var gains = try gainsAlone(current)
    result.costliest = gains.first?.layer
    // Layers whose gain is that of the layers chosen so far.
    var (chosen, fresh) = (Set<Int>(), Set(0..<count))
    while !result.isEnough, chosen.count < most, var best = gains.first {
      gains.removeFirst()
      guard fresh.contains(best.layer) else {
        best.gain = current - (try divergence(chosen.union([best.layer])))
        fresh.insert(best.layer)
        gains.insert(best, at: gains.firstIndex { $0.gain <= best.gain } ?? gains.count)
        continue
      }
      guard best.gain > 0 else { break }
      chosen.insert(best.layer)
      result.floatLayers.append(best.layer)
      current -= best.gain
      fresh = []
      result.isEnough = try isEnough(chosen)
    }
    return result
  }

  /// The layer whose return alone gains most.
  func costliest() throws -> Int? { try gainsAlone(divergence([])).first?.layer }

  /// The greatest first.
  private func gainsAlone(_ current: Double) throws -> [(layer: Int, gain: Double)] {
    var gains: [(layer: Int, gain: Double)] = []
    for layer in 0..<count { gains.append((layer, current - (try divergence([layer])))) }
    return gains.sorted { ($1.gain, $0.layer) < ($0.gain, $1.layer) }
  }
}
