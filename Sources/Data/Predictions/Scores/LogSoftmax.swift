import CKernels
import Statistics

/// Sets `result` to the logarithm of the softmax of the scores: less their greatest, and less the logarithm of what the powers of e
/// sum to. Not generic: other modules would call that without its being compiled for their type, in ten times the time and more.
///
/// - Parameters:
///   - scores: Of one image, in nats; one or more, minus infinity for a class that is ruled out.
///   - result: As many log-probabilities.
package func logSoftmax(
  _ scores: ArraySlice<Double>, into result: UnsafeMutableBufferPointer<Float>
) {
  let greatest = scores.max() ?? 0
  let total = naturalLogarithm(exponentials(scores.map { $0 - greatest }).reduce(0, +))
  for (place, score) in scores.enumerated() {
    result[place] = Float(score - greatest - total)
  }
}

/// e to the power of each value, at most 700, within two units in the last place; 0 below -708.
package func exponentials(_ values: [Double]) -> [Double] {
  [Double](unsafeUninitializedCapacity: values.count) { results, count in
    count = values.count
    guard let target = results.baseAddress else { return }
    values.withUnsafeBufferPointer { values in
      if let source = values.baseAddress { consort_exponentials(source, target, Int64(count)) }
    }
  }
}
