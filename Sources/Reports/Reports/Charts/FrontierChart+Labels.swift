#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension FrontierChart {
  /// A place in the plot, in pixels about as they are drawn.
  struct PlotPoint {
    let x, y: Double

    func distance(to other: PlotPoint) -> Double { hypot(x - other.x, y - other.y) }
  }

  /// How far a label's middle lies from its point both sideways, off the error bar, and up or down, and how much
  /// room it needs, in pixels.
  static let labelOffset = 13.0
  private static let labelRoom = 15.0

  /// For each curve and point whether its label stands above, to the left, where a rising
  /// line leaves room; below, to the right, where a neighbour is in the way there only.
  func labelsAbove() -> [[Bool]] {
    let places = places()
    return places.enumerated().map { curve, points in
      let obstacles = places.enumerated().flatMap { $0 == curve ? [] : Self.line(through: $1) }
      return points.map { point in
        func room(_ offset: Double) -> Double {
          let label = PlotPoint(x: point.x + offset, y: point.y + offset)
          return obstacles.map { $0.distance(to: label) }.min() ?? .infinity
        }
        let above = room(-Self.labelOffset)
        return above >= Self.labelRoom || above >= room(Self.labelOffset)
      }
    }
  }

  private func places() -> [[PlotPoint]] {
    let points = frontier.curves.flatMap(\.points)
    let costs = points.map { log(Double(max(1, $0.multiplyAccumulates))) }
    let accuracies = points.map(\.accuracy)
    guard let least = costs.min(), let most = costs.max(), let low = accuracies.min(),
      let high = accuracies.max()
    else { return [] }
    let width = max(most - least, 1e-9)
    let height = max(high - low, 1e-9)
    return frontier.curves.map { curve in
      curve.points.map { point in
        PlotPoint(
          x: 600 * (log(Double(max(1, point.multiplyAccumulates))) - least) / width,
          y: 330 * (high - point.accuracy) / height)
      }
    }
  }

  /// The points and what lies between them, a place every few pixels.
  private static func line(through points: [PlotPoint]) -> [PlotPoint] {
    var places = points
    for (start, end) in zip(points, points.dropFirst()) {
      let steps = max(1, min(500, Int(start.distance(to: end) / 6)))
      for step in 1...steps {
        let share = Double(step) / Double(steps)
        places.append(
          PlotPoint(x: start.x + share * (end.x - start.x), y: start.y + share * (end.y - start.y)))
      }
    }
    return places
  }
}
