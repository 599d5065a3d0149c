/// Two thresholds of a cascade that are best together, all others fixed: found exactly, among all that differ in what they
/// do to some image.
///
/// Complexity: O(N log N) for N images, which come in order.
struct ThresholdPair {
  /// What becomes of an image that reaches the first of the two stages.
  struct Image {
    /// How sure the first stage is; the image stops there where that is at least the first threshold.
    var first: Double
    /// 1 where stopping at the first stage is right.
    var valueAtFirst: Int
    /// How sure the second stage is; none where the image stops between the two.
    var second: Double?
    /// 1 where it is right that stops between the two stages, or at the second.
    var valueAtSecond: Int
    /// What going on from the first stage costs until there.
    var costToSecond: Double
    /// 1 where it is right that passes both.
    var valueBeyond: Int
    /// What going on from the second stage costs.
    var costBeyond: Double
  }

  /// What the thresholds are chosen for, over all images.
  enum Goal {
    /// The most hits at no more than this cost.
    case cost(Double)
    /// The least cost with no fewer than these hits.
    case hits(Int)
  }

  /// An image stops where it is at least as sure as the threshold; never without one.
  let first, second: Double?
  let hits: Int
  let cost: Double

  /// - Parameters:
  ///   - images: Those that reach the first of the two stages, ascending in how sure it is.
  ///   - secondOrder: Places of those that reach the second stage, ascending in how sure that is.
  ///   - hits: Of the other images.
  ///   - cost: Of the other images, and of these up to the first stage.
  ///   - goal: What is wanted.
  ///   - fewest: How many of the images pass either stage at least, unless none does.
  /// - Returns: nil where the goal is out of reach.
  init?(
    _ images: [Image], secondOrder: [Int], hits: Int, cost: Double, goal: Goal, fewest: Int = 1
  ) {
    var sweep = Sweep(images, secondOrder, hits: hits, cost: cost, goal: goal, fewest: fewest)
    guard let found = sweep.best() else { return nil }
    first = found.first
    second = found.second
    self.hits = found.hits
    self.cost = found.cost
  }

  /// Lets images pass the first stage one after another, the least sure first.
  private struct Sweep {
    private let images: [Image]
    private let goal: Goal
    private let fewest: Int
    /// The different values of how sure the second stage is, ascending.
    private let places: [Double]
    /// Of each image that reaches the second stage, the place of its value.
    private let placeOf: [Int]
    private var tree: PrefixTree
    private var hits: Int
    private var cost: Double

    struct Choice {
      let first, second: Double?
      let hits: Int
      let cost: Double
    }

    init(
      _ images: [Image], _ secondOrder: [Int], hits: Int, cost: Double, goal: Goal, fewest: Int
    ) {
      self.images = images
      self.goal = goal
      self.fewest = fewest
      var places: [Double] = []
      var placeOf = [Int](repeating: 0, count: images.count)
      for index in secondOrder {
        guard let value = images[index].second else { continue }
        if places.last != value { places.append(value) }
        placeOf[index] = places.count - 1
      }
      self.places = places
      self.placeOf = placeOf
      tree = PrefixTree(placeCount: max(places.count, 1))
      self.hits = images.reduce(hits) { $0 + $1.valueAtFirst }
      self.cost = cost
    }

    mutating func best() -> Choice? {
      var best: Choice?
      var next = 0
      consider(&best, first: images.first?.first)
      while next < images.count {
        // Images that are equally sure pass together.
        let level = images[next].first
        while next < images.count, images[next].first == level {
          pass(next)
          next += 1
        }
        guard next >= fewest else { continue }
        consider(&best, first: next < images.count ? images[next].first : nil)
      }
      return best
    }

    private mutating func pass(_ index: Int) {
      let image = images[index]
      hits += image.valueAtSecond - image.valueAtFirst
      cost += image.costToSecond
      if image.second != nil {
        tree.add(
          value: image.valueBeyond - image.valueAtSecond, cost: image.costBeyond,
          at: placeOf[index])
      }
    }

    private func consider(_ best: inout Choice?, first: Double?) {
      switch goal {
      case .cost(let budget):
        guard cost <= budget else { return }
        let least = least
        let gain = least.map { tree.bestValue(within: budget - cost, least: $0) } ?? 0
        if let best, hits + gain < best.hits { return }
        take(&best, first, prefix(reaching: gain, least), gain: gain)
      case .hits(let target):
        if let best, cost >= best.cost { return }
        take(&best, first, prefix(reaching: target - hits, least), gain: nil)
      }
    }

    /// The shortest prefix that enough images are in; nil where all images are too few.
    private var least: PrefixTree.Prefix? {
      fewest > 1 ? tree.shortestPrefix(holding: fewest) : PrefixTree.Prefix()
    }

    private func prefix(
      reaching target: Int, _ least: PrefixTree.Prefix?
    ) -> (places: Int, cost: Double)? {
      guard let least else { return target > 0 ? nil : (0, 0) }
      return tree.shortestPrefix(reaching: target, least: least)
    }

    private func take(
      _ best: inout Choice?, _ first: Double?, _ prefix: (places: Int, cost: Double)?, gain: Int?
    ) {
      guard let prefix else { return }
      let choice = Choice(
        first: first, second: prefix.places < places.count ? places[prefix.places] : nil,
        hits: hits + (gain ?? 0), cost: cost + prefix.cost)
      guard let earlier = best else { return best = choice }
      let isBetter =
        gain == nil
        ? choice.cost < earlier.cost
        : (choice.hits, -choice.cost) > (earlier.hits, -earlier.cost)
      if isBetter { best = choice }
    }
  }
}
