/// The minimum of a smooth, strictly convex function of many numbers, by BFGS with limited memory.
///
/// Each step is scaled by the function's curvature along every single number, which is given: numbers of very different effect
/// take no more steps than others. What is found is the same in every run.
///
/// Source: Liu and Nocedal, doi:10.1007/BF01589116.
package struct ConvexMinimum {
  /// Where it is.
  package let point: [Double]
  /// Whether the steps came to an end before `mostSteps`.
  package let isFound: Bool

  /// The most steps; where they end, the point is the best of those tried.
  package static let mostSteps = 500
  /// Pairs of steps and changes of the gradient that are kept.
  private static let memory = 10

  /// - Parameters:
  ///   - start: Where the steps begin.
  ///   - curvature: `[start.count]`, above 0: about the second derivative by each number.
  ///   - tolerance: The gradient's length, measured by the curvature, at which it is found: in a likelihood, about the
  ///     distance left in standard errors.
  ///   - function: The value at a point, and its gradient.
  package init(
    from start: [Double], curvature: [Double], tolerance: Double,
    _ function: ([Double]) -> (value: Double, gradient: [Double])
  ) {
    var point = start
    var current = function(point)
    var history = StepHistory(curvature: curvature, limit: Self.memory)
    var isFound = false
    for _ in 0..<Self.mostSteps {
      let length = zip(current.gradient, curvature).reduce(0) { $0 + $1.0 * $1.0 / $1.1 }
      isFound = length <= tolerance * tolerance
      guard !isFound else { break }
      let direction = history.direction(current.gradient)
      guard let next = Self.step(function, point, direction, from: current) else {
        // Rounding leaves nothing to gain.
        isFound = true
        break
      }
      history.append(
        step: zip(next.point, point).map { $0 - $1 },
        change: zip(next.found.gradient, current.gradient).map { $0 - $1 })
      (point, current) = next
    }
    self.point = point
    self.isFound = isFound
  }

  /// Goes along a direction until the value falls by a part of what the slope promises; nil where no length does.
  private static func step(
    _ function: ([Double]) -> (value: Double, gradient: [Double]), _ point: [Double],
    _ direction: [Double], from current: (value: Double, gradient: [Double])
  ) -> (point: [Double], found: (value: Double, gradient: [Double]))? {
    let slope = zip(direction, current.gradient).reduce(0) { $0 + $1.0 * $1.1 }
    guard slope < 0 else { return nil }
    var length = 1.0
    for _ in 0..<30 {
      let moved = zip(point, direction).map { $0 + length * $1 }
      let found = function(moved)
      if found.value <= current.value + 1e-4 * length * slope { return (moved, found) }
      length /= 2
    }
    return nil
  }
}

/// The last steps and how the gradient changed by each, which stand for the function's second derivatives.
private struct StepHistory {
  private let curvature: [Double]
  private let limit: Int
  private var pairs: [(step: [Double], change: [Double], product: Double)] = []

  init(curvature: [Double], limit: Int) {
    self.curvature = curvature
    self.limit = limit
  }

  mutating func append(step: [Double], change: [Double]) {
    let product = Self.product(step, change)
    // A convex function's is above 0 but for rounding.
    guard product > 0 else { return }
    if pairs.count == limit { pairs.removeFirst() }
    pairs.append((step, change, product))
  }

  /// Minus the inverse of the second derivatives times the gradient.
  func direction(_ gradient: [Double]) -> [Double] {
    var direction = gradient.map { -$0 }
    var factors: [Double] = []
    for pair in pairs.reversed() {
      let factor = Self.product(pair.step, direction) / pair.product
      factors.append(factor)
      for index in direction.indices { direction[index] -= factor * pair.change[index] }
    }
    for index in direction.indices { direction[index] /= curvature[index] }
    for (pair, factor) in zip(pairs, factors.reversed()) {
      let other = Self.product(pair.change, direction) / pair.product
      for index in direction.indices { direction[index] += (factor - other) * pair.step[index] }
    }
    return direction
  }

  private static func product(_ first: [Double], _ second: [Double]) -> Double {
    var sum = 0.0
    for (first, second) in zip(first, second) { sum += first * second }
    return sum
  }
}
