import Concurrency
import Predictions
import Statistics

extension ErrorCosts {
  /// `[N]`: of each image the class with the least expected cost, of equals the most probable, of these the first.
  ///
  /// - Parameter predictions: Of as many classes. Bayes' decision is right where the probabilities are: calibrate them first.
  ///
  /// Complexity: O(N K) for K costs that differ from the most usual one of their true class, at least C of them.
  public func decisions(of predictions: Predictions) -> [Int] {
    let table = ExpectedCosts(self)
    let (count, size) = (predictions.count, max(1, (1 << 18) / classes))
    let blocks = parallelMap((count + size - 1) / size) { block in
      let images = block * size..<min((block + 1) * size, count)
      return predictions.withLogProbabilities(of: images) { values in
        table.decisions(values, images: images.count)
      }
    }
    return blocks.flatMap(\.self)
  }
}

/// The costs less the most usual one of each true class, which is the same whatever is predicted: mostly few are left.
private struct ExpectedCosts: Sendable {
  private let classes: Int
  /// Where each true class's begin, and the end of all.
  private var starts = [0]
  private var columns: [Int] = []
  private var excesses: [Double] = []

  init(_ costs: ErrorCosts) {
    classes = costs.classes
    for row in costs.rows {
      let counts = Dictionary(row.map { ($0, 1) }, uniquingKeysWith: +)
      let usual = counts.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key ?? 0
      for (column, cost) in row.enumerated() where cost != usual {
        columns.append(column)
        excesses.append(cost - usual)
      }
      starts.append(columns.count)
    }
  }

  func decisions(_ values: UnsafeBufferPointer<Float>, images: Int) -> [Int] {
    var sums = [Double](repeating: 0, count: classes)
    return sums.withUnsafeMutableBufferPointer { sums in
      starts.withUnsafeBufferPointer { starts in
        columns.withUnsafeBufferPointer { columns in
          excesses.withUnsafeBufferPointer { excesses in
            (0..<images).map { image in
              let row = UnsafeBufferPointer(
                rebasing: values[image * classes..<(image + 1) * classes])
              sums.update(repeating: 0)
              for label in 0..<classes where row[label] > -.infinity {
                let probability = exponential(Double(row[label]))
                for place in starts[label]..<starts[label + 1] {
                  sums[columns[place]] += probability * excesses[place]
                }
              }
              return Self.least(sums, row)
            }
          }
        }
      }
    }
  }

  private static func least(
    _ sums: UnsafeMutableBufferPointer<Double>, _ row: UnsafeBufferPointer<Float>
  ) -> Int {
    var best = 0
    for column in 1..<sums.count
    where sums[column] < sums[best] || (sums[column] == sums[best] && row[column] > row[best]) {
      best = column
    }
    return best
  }
}
