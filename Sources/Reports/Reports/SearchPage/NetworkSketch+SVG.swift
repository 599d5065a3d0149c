extension NetworkSketch {
  private static let barWidth = 8.0
  private static let barGap = 3.0
  private static let groupGap = 12.0
  /// What a character of the size below a group needs.
  private static let characterWidth = 5.6
  private static let tallest = 56.0
  private static let top = 20.0

  /// The most channels of a bar.
  var widest: Int { bars.map(\.channels).max() ?? 1 }

  /// The picture, in the page's colours.
  ///
  /// - Parameters:
  ///   - label: What a screen reader calls it.
  ///   - widest: The channels of the highest bar, the same in pictures that are compared.
  func svg(label: String, widest: Int) -> HTML {
    let lefts = lefts
    let bottom = Self.top + Self.tallest
    let width = (lefts.last ?? 0) + Self.barWidth + Self.labelWidth(bars.last?.side ?? 0)
    let height = bottom + 16
    let shapes = bars.indices.map { shape(of: bars[$0], left: lefts[$0], widest: widest) }
    let arcs = skips.map { arc($0, lefts: lefts, widest: widest) }
    let sizes = groups.map { group -> HTML in
      let side = bars[group.lowerBound].side
      return """
        <text x="\(Self.number(lefts[group.lowerBound]))" y="\(Self.number(bottom + 12))">\
        \(Self.label(side))</text>
        """
    }
    return """
      <svg class="sketch" role="img" aria-label="\(label)" width="\(Self.number(width))" \
      height="\(Self.number(height))" viewBox="0 0 \(Self.number(width)) \(Self.number(height))">\
      \(arcs.joined())\(shapes.joined())\(sizes.joined())</svg>
      """
  }

  private static func label(_ side: Int) -> String { "\(side) × \(side)" }

  private static func labelWidth(_ side: Int) -> Double {
    Double(label(side).count) * characterWidth
  }

  /// Bars of one resolution that follow one another.
  private var groups: [Range<Int>] {
    var groups: [Range<Int>] = []
    for index in bars.indices {
      if let last = groups.last, bars[last.lowerBound].side == bars[index].side {
        groups[groups.count - 1] = last.lowerBound..<index + 1
      } else {
        groups.append(index..<index + 1)
      }
    }
    return groups
  }

  /// The left edge of each bar.
  private var lefts: [Double] {
    var lefts: [Double] = []
    var left = 1.0
    for group in groups {
      for place in 0..<group.count {
        lefts.append(left + Double(place) * (Self.barWidth + Self.barGap))
      }
      let width = Double(group.count) * (Self.barWidth + Self.barGap) - Self.barGap
      left += max(width, Self.labelWidth(bars[group.lowerBound].side)) + Self.groupGap
    }
    return lefts
  }

  /// By the root of the channels, so that narrow ones can be seen beside wide ones.
  private static func height(_ channels: Int, widest: Int) -> Double {
    max(3, tallest * (Double(channels) / Double(max(1, widest))).squareRoot())
  }

  private func shape(of bar: Bar, left: Double, widest: Int) -> HTML {
    let height = Self.height(bar.channels, widest: widest)
    let top = Self.top + Self.tallest - height
    let kind = bar.kernelSize == 1 ? "one" : bar.kernelSize == 3 ? "three" : "five"
    let words =
      "\(bar.kernelSize) × \(bar.kernelSize)\(bar.isDepthwise ? ", each channel by itself" : ""), "
      + "\(bar.channels) channels\(bar.stride > 1 ? ", stride \(bar.stride)" : "")"
      + (bar.isGated ? ", squeeze-and-excitation" : "")
    let dot: HTML =
      bar.isGated
      ? """
      <circle class="gate" cx="\(Self.number(left + Self.barWidth / 2))" \
      cy="\(Self.number(top - 5))" r="2.5"/>
      """ : ""
    return """
      <g><title>\(words)</title><rect class="\(kind)\(bar.isDepthwise ? " hollow" : "")" \
      x="\(Self.number(left + 0.75))" y="\(Self.number(top))" \
      width="\(Self.number(Self.barWidth - 1.5))" height="\(Self.number(height))"/>\(dot)</g>
      """
  }

  /// From the left of the first bar to the right of the last, over all of them.
  private func arc(_ skip: Skip, lefts: [Double], widest: Int) -> HTML {
    let first = lefts[skip.bars.lowerBound]
    let last = lefts[skip.bars.upperBound - 1] + Self.barWidth
    let highest = skip.bars.map { Self.height(bars[$0].channels, widest: widest) }.max() ?? 0
    let foot = Self.top + Self.tallest - highest - 4
    // A quadratic curve reaches half as high as its middle point.
    let middle = foot - 16
    return """
      <path class="skip\(skip.isProjected ? " projected" : "")" \
      d="M\(Self.number(first)) \(Self.number(foot)) Q\(Self.number((first + last) / 2)) \
      \(Self.number(middle)) \(Self.number(last)) \(Self.number(foot))"/>
      """
  }

  private static func number(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return tenths % 10 == 0 ? "\(tenths / 10)" : "\(Double(tenths) / 10)"
  }
}
