import Randomness

extension ProceduralScene {
  /// Draws lots for everything but the figure.
  ///
  /// - Parameter side: The image's side, in pixels.
  init(of figure: ProceduralFigure, side: Int, random: inout RandomStream) {
    let length = side * 256
    let ground = Self.color(&random)
    let radius = random.integer(in: length * 26 / 100...length * 42 / 100)
    self.figure = figure
    self.ground = ground
    ink = ground &+ Self.contrast(from: 36, to: 110, &random)
    slopes = (Self.contrast(from: 0, to: 40, &random), Self.contrast(from: 0, to: 40, &random))
    frame = Self.frame(of: figure, radius: radius, length: length, &random)
    // Two stripes take 3.5 to 5.5 pixels of 16.
    period = random.integer(in: length * 7 / 32...length * 11 / 32) * 1024 / radius
    phase = random.integer(in: 0...4095)
    isRoundPatch = random.chance(percent: 50)
    var clutter: [Clutter] = []
    for _ in 0..<4 { clutter.append(Self.clutter(on: ground, length: length, &random)) }
    clutterBehind = Array(clutter.prefix(random.integer(in: 1...3)))
    clutterBefore = Array(clutter.suffix(random.integer(in: 0...1)))
  }

  private static func color(_ random: inout RandomStream) -> Color {
    var color = Color.zero
    for channel in 0..<3 { color[channel] = Int32(random.integer(in: 40...215)) }
    return color
  }

  /// A difference of colours; one channel differs most, by `from...to`, to the lighter or the darker.
  private static func contrast(from: Int, to: Int, _ random: inout RandomStream) -> Color {
    let size = random.integer(in: from...to)
    var color = Color.zero
    for channel in 0..<3 { color[channel] = Int32(random.integer(in: -size...size)) }
    let isLighter = random.chance(percent: 50)
    color[random.integer(in: 0...2)] = Int32(isLighter ? size : -size)
    return color
  }

  private static func frame(
    of figure: ProceduralFigure, radius: Int, length: Int, _ random: inout RandomStream
  ) -> Frame {
    let reach = length / 2 - radius * 9 / 10
    let turn = figure.largestTurn
    return Frame(
      centerX: length / 2 + random.integer(in: -reach...reach),
      centerY: length / 2 + random.integer(in: -reach...reach), radius: radius,
      halfTangent: random.integer(in: -turn...turn))
  }

  private static func clutter(
    on ground: Color, length: Int, _ random: inout RandomStream
  ) -> Clutter {
    let frame = Frame(
      centerX: random.integer(in: 0...length), centerY: random.integer(in: 0...length),
      radius: random.integer(in: length * 6 / 100...length * 20 / 100),
      halfTangent: random.integer(in: -256...256))
    return Clutter(
      frame: frame, isRound: random.chance(percent: 40),
      thickness: random.integer(in: 200...700),
      color: ground &+ contrast(from: 28, to: 110, &random))
  }
}

extension RandomStream {
  /// A whole number of `range`.
  mutating func integer(in range: ClosedRange<Int>) -> Int {
    range.lowerBound + integer(below: range.count)
  }

  /// True with a chance of `percent` in a hundred.
  mutating func chance(percent: Int) -> Bool { integer(below: 100) < percent }
}
