extension Predictions {
  /// `[N]`: the most probable class of each image, of equals the first.
  public func predictedClasses() -> [Int] {
    withLogProbabilities { values in
      (0..<count).map { argmax(values, $0 * classes..<($0 + 1) * classes) }
    }
  }
}

/// The position of the greatest value, of equals the first, counted from the range's beginning.
@inlinable package func argmax(_ values: UnsafeBufferPointer<Float>, _ range: Range<Int>) -> Int {
  var best = range.lowerBound
  for index in range where values[index] > values[best] { best = index }
  return best - range.lowerBound
}
