#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// e to the power of a number.
func exponential(_ number: Float) -> Float { exp(number) }

extension ImageModel.OutputKind {
  /// Turns one image's output into log-probabilities; returns why it is no distribution, nil where it is one.
  package func normalize(_ row: UnsafeMutableBufferPointer<Float>) -> String? {
    if row.contains(where: \.isNaN) { return "there is NaN among them" }
    // Rounding may leave a probability a little below 0.
    if self == .probabilities || self == .percentages {
      let whole: Float = self == .percentages ? 100 : 1
      guard row.allSatisfy({ $0 >= -Self.rounding * whole }) else {
        return "they are taken for \(rawValue), and some are negative"
      }
      for index in row.indices { row[index] = log(max(row[index], 0) / whole) }
    }
    let greatest = row.max() ?? .nan
    guard greatest.isFinite else { return "the greatest is not finite" }
    var sum = 0.0
    for value in row { sum += exp(Double(value - greatest)) }
    let logarithm = log(sum)
    // A distribution sums to 1 but for rounding: anything else is not what the model says it is.
    guard self == .logits || abs(Double(greatest) + logarithm) <= Self.largestDeviation else {
      return "they are taken for \(rawValue), and do not make up a whole"
    }
    for index in row.indices {
      row[index] = Float(Double(row[index] - greatest) - logarithm)
    }
    return nil
  }

  private static let rounding: Float = 1e-6
  /// Of the logarithm of the probabilities' sum.
  private static let largestDeviation = 1e-2
}
