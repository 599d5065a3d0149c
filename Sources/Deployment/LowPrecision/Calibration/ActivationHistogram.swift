#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How a range for 8-bit numbers is taken from what was seen.
package enum CalibrationMethod: String, Codable, CaseIterable, Sendable {
  /// What lies between two percentiles.
  case percentile
  /// The range whose 8-bit distribution loses the least information (Kullback-Leibler).
  case entropy
  /// All that was seen.
  case minmax
}

/// How often a value of a network lay where, on all calibration images: bins of one width, symmetric around 0.
///
/// Source: `HistogramCollector` of onnxruntime.quantization 1.32.0, whose thresholds are the same for the same histogram
/// but for the rounding of sums.
package struct ActivationHistogram: Sendable {
  /// The least and the greatest number.
  package let range: ClosedRange<Float>
  /// Numbers in each bin.
  package private(set) var counts: [Int]
  /// Half the width of the whole.
  private let threshold: Float

  /// The number of bins: what ONNX Runtime's percentiles have.
  package static let binCount = 2048
  /// Levels that a distribution is reduced to when ranges are compared.
  package static let levels = 128

  /// A histogram of nothing yet, for numbers in `range`.
  package init(range: ClosedRange<Float>) {
    self.init(range: range, counts: [Int](repeating: 0, count: Self.binCount))
  }

  /// A histogram that was counted.
  package init(range: ClosedRange<Float>, counts: [Int]) {
    self.range = range
    self.counts = counts
    threshold = max(abs(range.lowerBound), abs(range.upperBound))
  }

  /// Counts numbers, all of which lie in the range.
  package mutating func add(_ values: UnsafeBufferPointer<Float>) {
    guard threshold > 0 else {
      counts[counts.count / 2] += values.count
      return
    }
    // In double precision the widest and the narrowest range have a scale.
    let (last, reach) = (counts.count - 1, Double(threshold))
    let scale = Double(counts.count) / (2 * reach)
    counts.withUnsafeMutableBufferPointer { counts in
      for value in values {
        counts[min(max(Int((Double(value) + reach) * scale), 0), last)] += 1
      }
    }
  }

  /// Where a bin begins.
  private func edge(_ index: Int) -> Float {
    let share = 2 * Double(index) / Double(counts.count) - 1
    return Float(share * Double(threshold))
  }

  /// The range that the method takes, within what was seen.
  ///
  /// - Parameter percentile: For that method: the share of the numbers in percent that lies inside, half of the rest on
  ///   each side.
  package func range(
    _ method: CalibrationMethod, percentile: Double
  ) -> ClosedRange<Float> {
    switch method {
    case .minmax: return range
    case .percentile: return percentileRange(percentile)
    case .entropy: return entropyRange()
    }
  }

  private func limited(_ lower: Float, _ upper: Float) -> ClosedRange<Float> {
    let (lower, upper) = (max(lower, range.lowerBound), min(upper, range.upperBound))
    return lower <= upper ? lower...upper : range
  }

  private func percentileRange(_ percentile: Double) -> ClosedRange<Float> {
    let total = Double(counts.reduce(0, +))
    guard total > 0 else { return range }
    let cut = (100 - percentile) / 200
    var (sum, left, right) = (0.0, -1, counts.count - 1)
    for (index, count) in counts.enumerated() {
      sum += Double(count) / total
      if left < 0, sum >= cut { left = index }
      if sum >= 1 - cut {
        right = index
        break
      }
    }
    return limited(edge(max(left, 0)), edge(right))
  }
}

// MARK: - Entropy

extension ActivationHistogram {
  /// Tries every range of whole bins around 0 that has at least one bin a level.
  private func entropyRange() -> ClosedRange<Float> {
    let (zero, half) = (counts.count / 2, Self.levels / 2)
    guard zero >= half, counts.contains(where: { $0 > 0 }) else { return range }
    var sums = [0]
    for count in counts { sums.append(sums[sums.count - 1] + count) }
    var best = (divergence: Double.infinity, lower: edge(zero - half), upper: edge(zero + half))
    for reach in half...zero {
      let bins = zero - reach..<min(zero + reach + 1, counts.count)
      guard let divergence = divergence(of: bins, sums), divergence < best.divergence else {
        continue
      }
      best = (divergence, edge(bins.lowerBound), edge(bins.upperBound))
    }
    return limited(best.lower, best.upper)
  }

  /// What is lost of the distribution where it is limited to `bins` and reduced to `levels`; nil where there is none.
  private func divergence(of bins: Range<Int>, _ sums: [Int]) -> Double? {
    let size = bins.count
    var limited = counts[bins].map { Double($0) }
    limited[0] += Double(sums[bins.lowerBound])
    limited[size - 1] += Double(sums[counts.count] - sums[bins.upperBound])
    let merged = size / Self.levels
    var reduced = [Double](repeating: 0, count: size)
    for level in 0..<Self.levels {
      let part = level * merged..<(level + 1) * merged
      let end = level == Self.levels - 1 ? size : part.upperBound
      let total = sums[bins.lowerBound + end] - sums[bins.lowerBound + part.lowerBound]
      let nonzero = part.count { limited[$0] != 0 }
      guard nonzero > 0 else { continue }
      // Whole numbers, as the source has them.
      for index in part { reduced[index] = Double(total / nonzero) }
    }
    guard let first = Self.smoothed(limited), let second = Self.smoothed(reduced) else {
      return nil
    }
    let (firstSum, secondSum) = (first.reduce(0, +), second.reduce(0, +))
    return zip(first, second).reduce(0) { sum, pair in
      let (p, q) = (pair.0 / firstSum, pair.1 / secondSum)
      return p > 0 ? sum + p * log(p / q) : sum
    }
  }

  /// Takes a little off what is not 0, and gives it to what is; nil where all is 0.
  private static func smoothed(_ values: [Double]) -> [Double]? {
    let epsilon = 0.0001
    let zeros = Double(values.count { $0 == 0 })
    let others = Double(values.count) - zeros
    guard others > 0 else { return nil }
    let taken = epsilon * zeros / others
    return values.map { $0 == 0 ? epsilon : $0 - taken }
  }
}
