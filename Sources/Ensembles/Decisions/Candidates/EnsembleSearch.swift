import Ensembles
import Predictions

/// Every ensemble of the members that a decision may take, with its accuracy on the hold-out.
///
/// They are held in little memory and evaluated in blocks, so that what a search takes is known before: ascending in
/// size, so that one that is cut off has tried all the smaller ones.
struct EnsembleSearch {
  /// Those that were tried: ascending in size, then lexicographically.
  private(set) var subsets = SubsetList()
  /// Of each that was tried, the top-1 accuracy.
  private(set) var accuracies: [Double] = []
  /// `[folds]`: of each that was tried, how many images of the fold it is right about.
  private(set) var foldHits: [[Int32]] = []
  /// Whether the ensembles of some size are a random sample of those there are.
  private(set) var isSampled = false
  /// How many there were to try.
  var planned: Int { subsets.count }
  /// How many were tried.
  var tried: Int { accuracies.count }

  /// The most bytes that the ensembles of one search may take.
  static let mostBytes = 1 << 30
  /// Ensembles of one block: what each thread keeps of them stays small.
  private static let blockCount = 1 << 14
  /// Of the first block, which shows how long the others take.
  private static let firstBlockCount = 1 << 10

  /// Finds out which there are.
  ///
  /// - Throws: `EnsembleError.tooManySubsets` where they do not fit into `mostBytes`.
  init(of members: [Predictions], options: Decision.Options) throws(EnsembleError) {
    let groups = Self.groups(of: members, options)
    let sizes = 1...min(options.maximumMembers, groups.map(\.count).max() ?? 1)
    try Self.checkMemory(groups.map(\.count), sizes, options)
    for size in sizes {
      var found: Set<[Int]> = size == 1 ? Set(members.indices.map { [$0] }) : []
      for group in groups where group.count >= size {
        let chosen = MemberSubsets(
          ofSize: size, of: group.count, limit: options.maximumSubsets, seed: options.seed)
        isSampled = isSampled || chosen.isSampled
        for subset in chosen.subsets { found.insert(subset.map { group[$0] }) }
      }
      for subset in found.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
        subsets.append(subset)
      }
    }
  }

  /// The members of each network, and all members where networks may be mixed.
  private static func groups(
    of members: [Predictions], _ options: Decision.Options
  ) -> [[Int]] {
    let all = Array(members.indices)
    let groups = Dictionary(grouping: all) { members[$0].network }.values.sorted { $0[0] < $1[0] }
    return options.isSameNetworkOnly || groups.count == 1 ? groups : groups + [all]
  }

  private static func checkMemory(
    _ groups: [Int], _ sizes: ClosedRange<Int>, _ options: Decision.Options
  ) throws(EnsembleError) {
    func bytes(_ limit: Int) -> Double {
      var (kept, largest, all) = (0.0, 0.0, 0.0)
      for size in sizes {
        let counts = groups.filter { $0 >= size }.map {
          Double(MemberSubsets.count(ofSize: size, of: $0, atMost: limit))
        }
        let count = counts.reduce(0) { $0 + min($1, Double(limit)) }
        // Four bytes a member and a fold, costs, accuracies and kinds; while they are put in order, each is an array in a set.
        kept += count * Double(4 * (size + HoldOutParts.mostFolds) + 56)
        largest = max(largest, count * Double(8 * size + 96))
        all += count
      }
      // What chooses among them looks at the accuracies of each fold.
      return kept + max(largest, all * Double(8 * HoldOutParts.mostFolds + 64))
    }
    guard bytes(options.maximumSubsets) > Double(mostBytes) else { return }
    var fitting = options.maximumSubsets
    while fitting > 1, bytes(fitting) > Double(mostBytes) { fitting /= 2 }
    throw .tooManySubsets(
      needed: bytes(options.maximumSubsets), limit: mostBytes, fitting: fitting)
  }

  /// Evaluates them, block by block, until time is over; the first block is always evaluated.
  ///
  /// - Parameter folds: All images, each in one.
  mutating func run(
    _ holdOut: [Predictions], rule: CombinationRule, folds: [[Int]], clock: SearchClock
  ) {
    let images = holdOut[0].count
    var foldOf = [UInt8](repeating: 0, count: images)
    for (fold, own) in folds.enumerated() {
      for image in own { foldOf[image] = UInt8(fold) }
    }
    foldHits = Array(repeating: [], count: folds.count)
    let total = Double(subsets.additions(0..<planned))
    var work = 0.0
    while tried < planned, tried == 0 || !clock.isOver {
      // The single members come first: the best of them is needed whatever the time.
      let size = tried == 0 ? max(Self.firstBlockCount, holdOut.count) : Self.blockCount
      let block = tried..<min(planned, tried + size)
      let evaluator = SubsetEvaluator(
        members: holdOut, rule: rule, subsets: block.map { subsets[$0] })
      let hits = evaluator.hits(byGroup: foldOf, of: folds.count)
      for (fold, hits) in hits.enumerated() { foldHits[fold] += hits }
      accuracies += (0..<block.count).map { place in
        Double(hits.reduce(0) { $0 + Int($1[place]) }) / Double(images)
      }
      work += Double(subsets.additions(block))
      // A block shares nothing with the one before: the sum may come out a little above the total.
      clock.report(
        tried, of: planned, secondsLeft: clock.elapsed * max(0, total - work) / work)
    }
  }
}
