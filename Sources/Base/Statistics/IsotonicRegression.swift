/// The ascending sequence that is nearest to given values by weighted least squares, as blocks of equal values.
///
/// Neighbours that descend are pooled into their weighted mean until none do.
///
/// Source: Ayer and others, doi:10.1214/aoms/1177728423.
package struct IsotonicRegression {
  /// Neighbours with one value.
  package struct Block: Hashable, Sendable {
    /// Which of the given.
    package var range: Range<Int>
    /// The sum of their weights.
    package var weight: Double
    /// Their weighted mean.
    package var value: Double
  }

  /// In the order given, each value above the one before.
  package let blocks: [Block]

  /// Complexity: O(n).
  ///
  /// - Parameters:
  ///   - values: In the order in which they are to ascend.
  ///   - weights: Of each, above 0.
  package init(_ values: [Double], weights: [Double]) {
    var blocks: [Block] = []
    for (place, (value, weight)) in zip(values, weights).enumerated() {
      var last = Block(range: place..<place + 1, weight: weight, value: value)
      while let before = blocks.last, before.value >= last.value {
        blocks.removeLast()
        let weight = before.weight + last.weight
        let value = (before.weight * before.value + last.weight * last.value) / weight
        last = Block(
          range: before.range.lowerBound..<last.range.upperBound, weight: weight, value: value)
      }
      blocks.append(last)
    }
    self.blocks = blocks
  }
}
