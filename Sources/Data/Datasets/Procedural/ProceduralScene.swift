/// What one procedural image shows, as a colour at every point. Lengths are whole numbers, 256 to a pixel.
struct ProceduralScene {
  /// Red, green and blue, 0...255 or, as a contrast, signed.
  typealias Color = SIMD4<Int32>

  /// A form's own turned axes, 1024 to its radius.
  struct Frame {
    private let centerX, centerY: Int
    /// The axes, times 2^14.
    private let axisX, axisY: Int

    /// - Parameter halfTangent: 256 times the tangent of half the angle that the form is turned by.
    init(centerX: Int, centerY: Int, radius: Int, halfTangent: Int) {
      self.centerX = centerX
      self.centerY = centerY
      let square = halfTangent * halfTangent
      let divisor = (65536 + square) * radius
      axisX = (65536 - square) * (1024 << 14) / divisor
      axisY = 512 * halfTangent * (1024 << 14) / divisor
    }

    /// Returns the point in this frame.
    func local(_ x: Int, _ y: Int) -> (x: Int, y: Int) {
      let dx = x - centerX
      let dy = y - centerY
      return ((axisX * dx + axisY * dy) >> 14, (axisX * dy - axisY * dx) >> 14)
    }
  }

  /// A small disc or bar without meaning.
  struct Clutter {
    let frame: Frame
    let isRound: Bool
    /// The half width across a bar, 1024 to the radius.
    let thickness: Int
    let color: Color

    func covers(_ x: Int, _ y: Int) -> Bool {
      let point = frame.local(x, y)
      return isRound
        ? point.x * point.x + point.y * point.y <= 1024 * 1024
        : abs(point.x) <= 1024 && abs(point.y) <= thickness
    }
  }

  let figure: ProceduralFigure
  let frame: Frame
  /// Of a texture: see `ProceduralFigure.covers`.
  let period, phase: Int
  /// Whether a texture fills a disc, or else a square.
  let isRoundPatch: Bool
  let ink, ground: Color
  /// How much the light changes from edge to edge, across and down.
  let slopes: (across: Color, down: Color)
  let clutterBehind, clutterBefore: [Clutter]

  /// The colour at a point, before the change of light.
  func color(_ x: Int, _ y: Int) -> Color {
    for form in clutterBefore where form.covers(x, y) { return form.color }
    if figureCovers(x, y) { return ink }
    for form in clutterBehind where form.covers(x, y) { return form.color }
    return ground
  }

  private func figureCovers(_ x: Int, _ y: Int) -> Bool {
    let point = frame.local(x, y)
    if figure.isTexture {
      let isInPatch =
        isRoundPatch
        ? point.x * point.x + point.y * point.y <= 1024 * 1024
        : max(abs(point.x), abs(point.y)) <= 900
      guard isInPatch else { return false }
    }
    return figure.covers(x: point.x, y: point.y, period: period, phase: phase)
  }
}
