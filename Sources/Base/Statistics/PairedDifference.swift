/// The difference of two accuracies on the same images, from the images on which only one of the two is right.
package struct PairedDifference {
  private let onlyFirst, discordant, images: Int

  /// - Parameters:
  ///   - onlyFirst: Images on which only the first is right.
  ///   - onlySecond: Images on which only the second is right.
  ///   - images: All images, at least as many as both.
  package init(onlyFirst: Int, onlySecond: Int, images: Int) {
    self.onlyFirst = onlyFirst
    discordant = onlyFirst + onlySecond
    self.images = images
  }

  /// The first's accuracy less the second's; 0 without images.
  package var value: Double {
    images > 0 ? Double(2 * onlyFirst - discordant) / Double(images) : 0
  }

  /// Of the chance that an interval does not hold, the part that is for how many images only one of the two gets right; the
  /// rest is for which of the two it is, which decides on which side of 0 the interval lies.
  private static let shareOfDiscordant = 0.1

  /// Where the true difference lies, with a chance that is no approximation.
  ///
  /// The difference is the share of the images that only one gets right, times how far the first gets more of these than the
  /// second. Both factors have exact bounds, which hold together. Where the interval leaves out 0, McNemar's exact test shows
  /// a difference.
  ///
  /// - Parameter comparisons: How many such intervals are to hold together with 95 %, by Bonferroni's correction.
  package func interval(comparisons: Int = 1) -> ClosedRange<Double> {
    let miss = 0.05 / Double(max(comparisons, 1))
    let discord = Self.bounds(discordant, images, miss: Self.shareOfDiscordant * miss)
    let first = Self.bounds(onlyFirst, discordant, miss: (1 - Self.shareOfDiscordant) * miss)
    let (least, most) = (2 * first.lowerBound - 1, 2 * first.upperBound - 1)
    let lower = least * (least < 0 ? discord.upperBound : discord.lowerBound)
    let upper = most * (most > 0 ? discord.upperBound : discord.lowerBound)
    return min(lower, value)...max(upper, value)
  }

  private static func bounds(_ hits: Int, _ count: Int, miss: Double) -> ClosedRange<Double> {
    let lower = BinomialBounds.lower(hits: hits, count: count, confidence: 1 - miss / 2)
    return
      lower...max(lower, BinomialBounds.upper(hits: hits, count: count, confidence: 1 - miss / 2))
  }
}
