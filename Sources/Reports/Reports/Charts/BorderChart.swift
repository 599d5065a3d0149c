import Decisions
import Schemas

/// For which number of training images and of members an ensemble is better than a larger network: a panel for each two
/// networks, a column a number of images, a row a number of members.
struct BorderChart {
  let analysis: StudyAnalysis

  /// Two networks that are compared.
  private struct Pair: Hashable {
    let small, large: String
  }

  private typealias Cell = (trainingImages: Int, comparison: StudyAnalysis.Comparison)

  /// The cells of each two networks, in the order of their compute.
  private var panels: [(pair: Pair, cells: [Cell])] {
    var order: [Pair] = []
    var cells: [Pair: [Cell]] = [:]
    for size in analysis.sizes {
      for comparison in size.comparisons {
        let pair = Pair(small: comparison.smallNetwork, large: comparison.largeNetwork)
        if cells[pair] == nil { order.append(pair) }
        cells[pair, default: []].append((size.trainingImages, comparison))
      }
    }
    return order.map { ($0, cells[$0] ?? []) }
  }

  /// - Returns: nil where there is nothing to compare.
  func specification(title: String?) -> JSONValue? {
    let panels = panels
    guard !panels.isEmpty else { return nil }
    var specification: [String: JSONValue] = [
      "description":
        "For each number of training images and of members, whether the ensemble is better than the larger network.",
      "columns": 3, "spacing": 26, "align": "each",
      "resolve": ["scale": ["x": "independent", "y": "independent"]],
      "concat": .array(panels.map { panel($0.pair, $0.cells) }),
    ]
    if let title {
      specification["title"] = [
        "text": .string(title),
        "subtitle": [
          "Points by which the ensemble is more accurate. Blue: better, orange: worse, by an interval of 95 % over images",
          "and trainings; grey: undecided. Framed: about as much compute as the larger network.",
        ],
      ]
    }
    return .object(specification)
  }

  private func panel(_ pair: Pair, _ cells: [Cell]) -> JSONValue {
    // Most members on top.
    var counts: [Int: String] = [:]
    for cell in cells { counts[cell.comparison.smallCount] = Self.label(cell.comparison) }
    let labels = counts.sorted { $0.key > $1.key }.map(\.value)
    let images = analysis.sizes.map(\.trainingImages)
    return [
      "title": [
        "text": .string("n × \(pair.small) against \(pair.large)"), "fontSize": 13, "offset": 6,
        "anchor": "start",
      ],
      "width": .integer(max(150, 62 * images.count)), "height": .integer(30 * counts.count),
      "data": ["values": .array(cells.map(row))],
      "encoding": [
        "x": [
          "field": "images", "type": "ordinal", "title": "Training images",
          "scale": ["domain": .array(images.map { .integer($0) }), "paddingInner": 0.05],
          "axis": ["labelAngle": 0, "ticks": false, "domain": false, "format": ",d"],
        ],
        "y": [
          "field": "label", "type": "ordinal", "title": "n · share of MACs",
          "sort": .array(labels.map { .string($0) }),
          "scale": ["paddingInner": 0.07],
          "axis": ["ticks": false, "domain": false],
        ],
      ],
      "layer": [
        [
          "mark": ["type": "rect", "cornerRadius": 2],
          "encoding": ["color": Self.color, "tooltip": Self.tooltip],
        ],
        [
          "transform": [["filter": "datum.equal"]],
          "mark": [
            "type": "rect", "style": "ring", "cornerRadius": 2, "filled": false, "strokeWidth": 2,
          ],
        ],
        [
          "mark": ["type": "text", "fontSize": 11, "color": "#14181d"],
          "encoding": ["text": ["field": "shown", "type": "nominal"]],
        ],
      ],
    ]
  }

  /// The same in both themes, with dark words on all of them.
  private static var color: JSONValue {
    [
      "field": "verdict", "type": "nominal", "legend": .null,
      "scale": [
        "domain": ["better", "undecided", "worse"], "range": ["#7cc0ea", "#c9ced3", "#f0a878"],
      ],
    ]
  }

  private func row(_ cell: Cell) -> JSONValue {
    let comparison = cell.comparison
    let interval = comparison.interval
    return [
      "images": .integer(cell.trainingImages), "n": .integer(comparison.smallCount),
      "label": .string(Self.label(comparison)),
      "share": .rounded(100 * comparison.costShare),
      "difference": .rounded(100 * comparison.difference),
      "shown": .string(Self.signed(comparison.difference)),
      "interval": .string(interval?.pointsText ?? "not known: one training"),
      "verdict": .string(comparison.verdict.rawValue), "equal": .bool(comparison.isAtEqualCost),
    ]
  }

  /// The members, and what they cost against the larger network.
  private static func label(_ comparison: StudyAnalysis.Comparison) -> String {
    "\(comparison.smallCount) · \(Int((100 * comparison.costShare).rounded())) %"
  }

  /// Such as "+1.2" points.
  private static func signed(_ difference: Double) -> String {
    let tenths = (1000 * difference).rounded() / 10
    return (tenths > 0 ? "+" : tenths < 0 ? "−" : "") + "\(abs(tenths))"
  }

  private static var tooltip: JSONValue {
    [
      ChartParts.quantity("images", "Training images", format: ",d"),
      ChartParts.quantity("n", "Members", format: "d"),
      ChartParts.quantity("share", "Compute, % of the larger network's", format: ".0f"),
      ChartParts.quantity("difference", "Difference, points", format: "+.2f"),
      ChartParts.word("interval", "95 %, images and trainings"),
      ChartParts.word("verdict", "Verdict"),
    ]
  }
}
