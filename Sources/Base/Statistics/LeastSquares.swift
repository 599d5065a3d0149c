/// Linear least squares of few unknowns.
package enum LeastSquares {
  /// The numbers x that make the sum of squares of `rows` x - `values` least.
  ///
  /// The normal equations, by Cholesky's factor: for problems of full rank whose columns are of about one size.
  ///
  /// - Parameters:
  ///   - rows: `[M][P]`, with M at least P.
  ///   - values: `[M]`.
  /// - Returns: `[P]`; an unknown that depends on those before it is 0.
  ///
  /// Complexity: O(M P² + P³).
  package static func solve(_ rows: [[Double]], _ values: [Double]) -> [Double] {
    let count = rows.first?.count ?? 0
    var matrix = [[Double]](repeating: Array(repeating: 0, count: count), count: count)
    var right = [Double](repeating: 0, count: count)
    for (row, value) in zip(rows, values) {
      let used = row.indices.filter { row[$0] != 0 }
      for first in used {
        right[first] += row[first] * value
        for second in used where second <= first {
          matrix[first][second] += row[first] * row[second]
        }
      }
    }
    return substitute(factor(matrix), right)
  }

  /// The lower factor; a diagonal of 0 where nothing is left.
  private static func factor(_ matrix: [[Double]]) -> [[Double]] {
    var factor = matrix
    for row in factor.indices {
      for column in 0...row {
        var rest = matrix[row][column]
        for place in 0..<column { rest -= factor[row][place] * factor[column][place] }
        if column == row {
          factor[row][row] = rest > 1e-12 * matrix[row][row] ? rest.squareRoot() : 0
        } else {
          factor[row][column] = factor[column][column] > 0 ? rest / factor[column][column] : 0
        }
      }
    }
    return factor
  }

  private static func substitute(_ factor: [[Double]], _ right: [Double]) -> [Double] {
    var result = right
    for row in factor.indices {
      for place in 0..<row { result[row] -= factor[row][place] * result[place] }
      result[row] = factor[row][row] > 0 ? result[row] / factor[row][row] : 0
    }
    for row in factor.indices.reversed() {
      for place in factor.indices where place > row {
        result[row] -= factor[place][row] * result[place]
      }
      result[row] = factor[row][row] > 0 ? result[row] / factor[row][row] : 0
    }
    return result
  }
}
