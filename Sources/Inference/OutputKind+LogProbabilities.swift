#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension ImageModel.OutputKind {
  /// Turns one image's output into log-probabilities; false where it is no distribution.
  func normalize(_ row: UnsafeMutableBufferPointer<Float>) -> Bool {
    // Rounding may leave a probability a little below 0; NaN fails the test of the sum.
    if self == .probabilities {
      guard row.allSatisfy({ $0 >= -Self.rounding }) else { return false }
      for index in row.indices { row[index] = log(max(row[index], 0)) }
    }
    let greatest = row.max() ?? .nan
    guard greatest.isFinite, !row.contains(where: \.isNaN) else { return false }
    var sum = 0.0
    for value in row { sum += exp(Double(value - greatest)) }
    let logarithm = log(sum)
    // A distribution sums to 1 but for rounding: anything else is not what the model says it is.
    guard self == .logits || abs(Double(greatest) + logarithm) <= Self.largestDeviation else {
      return false
    }
    for index in row.indices {
      row[index] = Float(Double(row[index] - greatest) - logarithm)
    }
    return true
  }

  private static let rounding: Float = 1e-6
  /// Of the logarithm of the probabilities' sum.
  private static let largestDeviation = 1e-2
}
