/// What a procedural image shows; its place in the list is its label.
enum ProceduralFigure: String, CaseIterable, Sendable {
  case disc, ring, square, triangle, cross
  case horizontalStripes = "horizontal stripes"
  case verticalStripes = "vertical stripes"
  case diagonalStripes = "diagonal stripes"
  case checker, dots

  /// Whether the figure is a texture within a patch, not a shape.
  var isTexture: Bool {
    switch self {
    case .disc, .ring, .square, .triangle, .cross: false
    default: true
    }
  }

  /// The largest turn either way as 256 times the tangent of half its angle: 256 tan(7.5 degrees) = 34.
  var largestTurn: Int {
    switch self {
    case .disc, .ring: 0
    case .triangle: 40
    default: 34
    }
  }

  /// Whether the figure covers a point.
  ///
  /// - Parameters:
  ///   - x, y: The point in the figure's turned frame, y downwards, 1024 to the figure's radius.
  ///   - period: The width of two stripes or of two fields, in the same unit.
  ///   - phase: Where the texture begins, in the same unit.
  func covers(x: Int, y: Int, period: Int, phase: Int) -> Bool {
    switch self {
    case .disc: x * x + y * y <= 900 * 900
    case .ring:
      x * x + y * y <= 1000 * 1000 && x * x + y * y >= 560 * 560
    case .square: abs(x) <= 800 && abs(y) <= 800
    case .triangle: y <= 720 && 13 * abs(x) <= 7 * (y + 1060)
    case .cross: max(abs(x), abs(y)) <= 950 && min(abs(x), abs(y)) <= 300
    case .horizontalStripes: Self.isOdd(y, period: period, phase: phase)
    case .verticalStripes: Self.isOdd(x, period: period, phase: phase)
    // 1449/1024 = the square root of 2: a diagonal's period is measured across its stripes.
    case .diagonalStripes: Self.isOdd((x + y) * 1024 / 1449, period: period, phase: phase)
    case .checker:
      Self.isOdd(x, period: period, phase: phase) != Self.isOdd(y, period: period, phase: phase)
    case .dots: Self.isDot(x: x + phase, y: y + phase, period: period)
    }
  }

  private static func isOdd(_ value: Int, period: Int, phase: Int) -> Bool {
    2 * remainder(value + phase, period) >= period
  }

  private static func isDot(x: Int, y: Int, period: Int) -> Bool {
    let dx = remainder(x, period) - period / 2
    let dy = remainder(y, period) - period / 2
    return 9 * (dx * dx + dy * dy) <= period * period
  }

  /// The remainder in `0..<divisor`, also of negative values.
  private static func remainder(_ value: Int, _ divisor: Int) -> Int {
    let rest = value % divisor
    return rest < 0 ? rest + divisor : rest
  }
}
