import Predictions

/// Classes put together for prediction sets where single ones have too few images for a promise of their own.
///
/// A promise of each cluster holds only where the clusters are found on other images than those that calibrate the sets. Classes
/// of like scores stand together, so that the promise of a cluster is nearly one of each of its classes.
///
/// Source: after arXiv:2306.09335, with clusters of neighbours in the mean score.
public enum ClassClusters {
  /// Finds clusters.
  ///
  /// - Parameters:
  ///   - design: Predictions of images that do not calibrate the sets, about as many as do.
  ///   - score: The sets' score.
  ///   - images: The fewest images that a cluster has of these, if there are so many: some times `ConformalQuantile.countNeeded`,
  ///     because the calibration images may have fewer of it.
  /// - Returns: `[C]`: the cluster of each class, from 0 on. A class of which there is no image is in that of the middle.
  ///
  /// Complexity: O(N C log C).
  public static func clusters(
    on design: Predictions, score: ConformalScore, images: Int
  ) -> [Int] {
    let own = design.mapRows { row, label, ranking in
      ranking.score(of: label, in: row, by: score)
    }
    var sums = [Double](repeating: 0, count: design.classes)
    var counts = [Int](repeating: 0, count: design.classes)
    for (value, label) in zip(own, design.labels) {
      sums[Int(label)] += value
      counts[Int(label)] += 1
    }
    let seen = counts.indices.filter { counts[$0] > 0 }
      .sorted { (sums[$0] / Double(counts[$0]), $0) < (sums[$1] / Double(counts[$1]), $1) }
    var clusters = [Int](repeating: 0, count: design.classes)
    var (cluster, filled, left) = (0, 0, design.count)
    for label in seen {
      // What is left must fill a cluster too.
      if filled >= images, left >= images { (cluster, filled) = (cluster + 1, 0) }
      clusters[label] = cluster
      filled += counts[label]
      left -= counts[label]
    }
    let middle = seen.isEmpty ? 0 : clusters[seen[seen.count / 2]]
    for label in counts.indices where counts[label] == 0 { clusters[label] = middle }
    return clusters
  }
}
