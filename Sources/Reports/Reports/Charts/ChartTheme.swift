import Schemas

/// Colours and fonts of the charts.
///
/// Networks and kinds can be distinguished with any colour vision, and each has its own shape.
///
/// Source: Okabe and Ito 2008, "Color Universal Design"; lightened where the background is dark.
struct ChartTheme {
  let isDark: Bool

  private var background: JSONValue { isDark ? "#14181d" : "#ffffff" }
  private var text: JSONValue { isDark ? "#e6e9ed" : "#1c2126" }
  private var faint: JSONValue { isDark ? "#2c333b" : "#e3e6ea" }
  private var line: JSONValue { isDark ? "#8a949f" : "#78828c" }

  private var palette: JSONValue {
    isDark
      ? ["#5db7f0", "#f09a5a", "#3fc79c", "#e39ac4", "#e8c33c", "#b8a8f5", "#d8d8d8"]
      : ["#0072b2", "#d55e00", "#009e73", "#b8568f", "#b98900", "#5b4bb5", "#5a5a5a"]
  }

  /// From little to much.
  private var ramp: JSONValue {
    isDark
      ? ["#1b2530", "#24506f", "#3585b8", "#7cc6f5"] : ["#f3f7fb", "#b9d7ec", "#5da3d0", "#00578a"]
  }

  /// Vega-Lite's `config`.
  var configuration: JSONValue {
    [
      "background": background, "font": "system-ui, 'Liberation Sans', Arial, sans-serif",
      "view": ["stroke": .null],
      "range": [
        "category": palette, "heatmap": ramp,
        "symbol": ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"],
      ],
      "axis": [
        "labelColor": text, "titleColor": text, "gridColor": faint, "domainColor": line,
        "tickColor": line, "labelFontSize": 12, "titleFontSize": 13, "titleFontWeight": "normal",
        "titlePadding": 10,
      ],
      "legend": [
        "labelColor": text, "titleColor": text, "labelFontSize": 13, "columnPadding": 18,
      ],
      "title": [
        "color": text, "subtitleColor": text, "fontSize": 16, "subtitleFontSize": 12,
        "subtitlePadding": 6, "subtitleLineHeight": 16, "anchor": "start", "offset": 12,
      ],
      "style": styles,
    ]
  }

  private var styles: JSONValue {
    [
      "frontier": ["color": line, "strokeDash": [5, 4], "strokeWidth": 1.25],
      "chosen": ["color": text, "strokeWidth": 1.5, "opacity": 0.75],
      "plain": ["color": line, "strokeDash": [5, 4], "strokeWidth": 1.5],
      "ring": ["color": text, "opacity": 1],
      "interval": ["color": text, "strokeWidth": 1.5],
      "leader": ["color": line, "strokeWidth": 1],
      "budget": ["color": text, "strokeWidth": 1, "strokeDash": [2, 3]],
      "halo": ["stroke": background, "strokeWidth": 4, "fontWeight": "bold"],
      "count": ["color": text, "fontWeight": "bold"],
      "words": ["color": text, "fontWeight": "bold"],
      "ideal": ["color": line, "strokeWidth": 1.25, "strokeDash": [5, 4]],
      "amount": ["color": line, "opacity": 0.7],
    ]
  }

  /// What a chart's own parameters take: colours of text on pale and on full cells, and how full turns it.
  var parameters: JSONValue {
    isDark
      ? ["onPale": "#e6e9ed", "onFull": "#0b1117", "turn": 0.55]
      : ["onPale": "#1c2126", "onFull": "#ffffff", "turn": 0.78]
  }

  /// A whole specification in these colours, with a margin, that any tool can draw.
  func complete(_ specification: JSONValue) -> JSONValue {
    guard case .object(var members) = specification else { return specification }
    members["$schema"] = "https://vega.github.io/schema/vega-lite/v5.json"
    // A picture has one text for those who cannot see it; one a mark would make it many times as large.
    if case .object(var configuration) = configuration {
      configuration["aria"] = false
      // The renderer's font first: with another one, texts would take other room than it left them.
      configuration["font"] = "'Liberation Sans', Arial, Helvetica, sans-serif"
      members["config"] = .object(configuration)
    }
    members["padding"] = 16
    if case .array(let given) = members["params"], case .object(let values) = parameters {
      members["params"] = .array(
        given.map { parameter in
          guard case .object(var parts) = parameter, case .string(let name) = parts["name"],
            let value = values[name]
          else { return parameter }
          parts["value"] = value
          return .object(parts)
        })
    }
    return .object(members)
  }
}
