import Statistics

/// The accuracies of many ensembles, each drawn towards that of those it is like, as far as their differences may be chance.
///
/// The most accurate of many is mostly the one that was lucky. Ensembles of the same networks are drawn towards their
/// mean, and these means towards the mean of all of as many members: the more, the smaller their spread is beside what
/// images would make of equal ones, which the folds show. The largest of what comes out is not flattered where nothing
/// distinguishes them, and where they differ by much it is what was seen.
///
/// Source: Efron and Morris, doi:10.1080/01621459.1973.10481350.
struct ShrunkenAccuracies {
  /// Of each ensemble.
  let values: [Double]

  /// - Parameters:
  ///   - hits: `[S]`: of each ensemble, how many images of each fold it is right about.
  ///   - counts: Of each fold, how many images it has; some above 0.
  ///   - kinds: `[S]`: which networks it is of; equal for those that are alike.
  ///   - sizes: `[S]`: how many members it has.
  init(hits: FoldHits, folds: [Int], kinds: [Int], sizes: [Int]) {
    self.init(
      kinds.indices.map { hits.accuracies(of: $0, in: folds) }, counts: hits.counts(of: folds),
      kinds: kinds, sizes: sizes)
  }

  /// - Parameters:
  ///   - own: `[S]`: of each ensemble, its accuracy on each fold, or another mean over its images.
  ///   - counts: Of each fold, how many images it has; some above 0.
  init(_ own: [[Double]], counts: [Int], kinds: [Int], sizes: [Int]) {
    let all = Array(kinds.indices)
    let kindGroups = Dictionary(grouping: all) { kinds[$0] }.sorted { $0.key < $1.key }.map(\.value)
    let ownMeans = kindGroups.map { Self.mean($0.map { own[$0] }) }
    // Kinds first, towards all kinds of as many members.
    var kindValues = [Double](repeating: 0, count: kindGroups.count)
    let kindSizes = Dictionary(grouping: kindGroups.indices) { sizes[kindGroups[$0][0]] }
    for group in kindSizes.values {
      let drawn = Self.drawn(group.map { ownMeans[$0] }, counts, towards: nil)
      for (place, kind) in group.enumerated() { kindValues[kind] = drawn[place] }
    }
    var values = [Double](repeating: 0, count: all.count)
    for (kind, group) in kindGroups.enumerated() {
      let drawn = Self.drawn(group.map { own[$0] }, counts, towards: kindValues[kind])
      for (place, index) in group.enumerated() { values[index] = drawn[place] }
    }
    self.values = values
  }

  /// Fold by fold.
  private static func mean(_ rows: [[Double]]) -> [Double] {
    (0..<(rows.first?.count ?? 0)).map { fold in
      rows.reduce(0) { $0 + $1[fold] } / Double(rows.count)
    }
  }

  /// - Parameters:
  ///   - rows: Accuracies by fold, of each of a group.
  ///   - counts: Images by fold.
  ///   - centre: Towards what they are drawn; nil for their mean.
  private static func drawn(
    _ rows: [[Double]], _ counts: [Int], towards centre: Double?
  ) -> [Double] {
    let images = Double(max(1, counts.reduce(0, +)))
    func total(_ row: [Double]) -> Double {
      zip(row, counts).reduce(0) { $0 + $1.0 * Double($1.1) } / images
    }
    let totals = rows.map(total)
    let mean = totals.reduce(0, +) / Double(totals.count)
    guard rows.count > 1 else { return [totals[0]] }
    let spread = totals.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(totals.count - 1)
    let kept = spread > 0 ? max(0, 1 - chance(rows, totals, counts) / spread) : 0
    return totals.map { (centre ?? mean) + kept * ($0 - mean) }
  }

  /// What variance equal ones would have from the images alone: from how far their distance from the mean differs from fold
  /// to fold.
  private static func chance(_ rows: [[Double]], _ totals: [Double], _ counts: [Int]) -> Double {
    let used = counts.indices.filter { counts[$0] > 0 }
    guard used.count > 1 else { return .infinity }
    let images = Double(counts.reduce(0, +))
    let means = mean(rows)
    let mean = totals.reduce(0, +) / Double(totals.count)
    var sum = 0.0
    for (row, total) in zip(rows, totals) {
      for fold in used {
        let deviation = row[fold] - means[fold] - (total - mean)
        let share = Double(counts[fold]) / images
        sum += deviation * deviation * share * share
      }
    }
    let folds = Double(used.count)
    // As if they differed in one image more: few images without a difference show little.
    return sum / Double(rows.count - 1) * folds / (folds - 1) + 0.25 / (images * images)
  }
}

/// How many images of each fold each of many ensembles is right about.
struct FoldHits: Sendable {
  /// `[folds][S]`.
  private(set) var hits: [[Int32]]
  /// Of each fold.
  let images: [Int]

  init(hits: [[Int32]], images: [Int]) {
    self.hits = hits
    self.images = images
  }

  /// Those of some of the folds alone.
  func selecting(_ folds: [Int]) -> FoldHits {
    FoldHits(hits: folds.map { hits[$0] }, images: counts(of: folds))
  }

  func counts(of folds: [Int]) -> [Int] { folds.map { images[$0] } }

  func accuracies(of index: Int, in folds: [Int]) -> [Double] {
    folds.map { images[$0] > 0 ? Double(hits[$0][index]) / Double(images[$0]) : 0 }
  }

  func accuracy(of index: Int, in folds: [Int]) -> Double {
    let count = folds.reduce(0) { $0 + images[$1] }
    guard count > 0 else { return 0 }
    return Double(folds.reduce(0) { $0 + Int(hits[$1][index]) }) / Double(count)
  }
}
