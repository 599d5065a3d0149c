import Ensembles
import Formatting
import Schemas

/// The members' measures of diversity as matrices of colours.
struct DiversityChart {
  let diversity: Diversity

  /// One of the measures.
  struct Matrix {
    let key, title, meaning: String
    let values: [[Double?]]
    /// Shares are shown in percent.
    let isShare: Bool
    /// Whether few readers ask for it.
    var isRare: Bool { !isShare }
  }

  /// Those that were computed.
  var matrices: [Matrix] {
    [
      Matrix(
        key: "disagreement", title: "Disagreement, %",
        meaning:
          "the share of images on which the two name different classes; more is more diverse",
        values: diversity.disagreement, isShare: true),
      Matrix(
        key: "doubleFault", title: "Double fault, %",
        meaning: "the share of images on which both are wrong; less is better",
        values: diversity.doubleFault, isShare: true),
      Matrix(
        key: "qStatistic", title: "Yule's Q",
        meaning: "1 where the two err on the same images, 0 where they err independently",
        values: diversity.qStatistic, isShare: false),
      Matrix(
        key: "errorCorrelation", title: "Correlation of errors",
        meaning: "1 where the two err on the same images, 0 where they err independently",
        values: diversity.errorCorrelation, isShare: false),
    ].filter { !$0.values.isEmpty }
  }

  /// Whether the cells are large enough for their numbers.
  private var hasNumbers: Bool { diversity.members.count <= 12 }

  /// The matrices of shares beside each other, for a picture.
  func picture(title: String?) -> JSONValue {
    let size = max(160, min(460, 34 * diversity.members.count))
    var specification: [String: JSONValue] = [
      "description": "How differently each two members err.", "columns": 2,
      "params": parameters, "resolve": ["scale": ["color": "independent"]],
      "concat": .array(
        matrices.filter { !$0.isRare }.map { matrix in
          var panel = body(matrix, width: .pixels(size), height: size)
          panel["title"] = ["text": .string(matrix.title), "fontSize": 13, "offset": 6]
          return .object(panel)
        }),
    ]
    if let title { specification["title"] = .string(title) }
    return .object(specification)
  }

  /// One matrix, as wide as the page, by its key.
  var single: JSONValue {
    let height = max(180, min(680, 40 * diversity.members.count))
    let charts = matrices.map { matrix -> (String, JSONValue) in
      var chart = body(matrix, width: .container, height: height)
      chart["params"] = parameters
      return (matrix.key, .object(chart))
    }
    return .object(Dictionary(uniqueKeysWithValues: charts))
  }

  private var parameters: JSONValue {
    [
      ["name": "onPale", "value": "#000000"], ["name": "onFull", "value": "#ffffff"],
      ["name": "turn", "value": 0.78],
    ]
  }

  private func body(
    _ matrix: Matrix, width: ChartWidth, height: Int
  ) -> [String: JSONValue] {
    let rows = rows(matrix)
    let members: [String: JSONValue] = [
      "height": .integer(height),
      "data": ["values": .array(rows)],
      "transform": names,
      "encoding": [
        "x": axis("column", labels: diversity.members.count <= 30),
        "y": axis("row", labels: true),
      ],
      "layer": .array([cells(matrix)] + (hasNumbers ? [numbers(matrix)] : [])),
    ]
    return members.merging(width.members) { $1 }
  }

  private func rows(_ matrix: Matrix) -> [JSONValue] {
    let scale = matrix.isShare ? 100.0 : 1
    let others = matrix.values.enumerated().flatMap { row, values in
      values.enumerated().filter { $0.offset != row }.compactMap(\.element)
    }
    let (low, high) = (others.min() ?? 0, others.max() ?? 1)
    return matrix.values.enumerated().flatMap { row, values in
      values.enumerated().filter { $0.offset != row }.map { column, value -> JSONValue in
        [
          "row": .integer(row + 1), "column": .integer(column + 1),
          "value": value.map { JSONValue.rounded(scale * $0) } ?? .null,
          "shade": value.map { JSONValue.rounded(high > low ? ($0 - low) / (high - low) : 0) }
            ?? .null,
        ]
      }
    }
  }

  /// The names of each cell's members, each written once.
  private var names: JSONValue {
    let names = JSONValue.array(
      diversity.members.map { .string(Terminal.printable($0).truncated(to: 80)) })
    guard let list = try? names.compactText() else { return [] }
    return [
      ["calculate": .string("\(list)[datum.row - 1]"), "as": "first"],
      ["calculate": .string("\(list)[datum.column - 1]"), "as": "second"],
    ]
  }

  /// Numbered: names would take more room than the matrix. Rows have them where they are few.
  private func axis(_ field: String, labels: Bool) -> JSONValue {
    let names = diversity.members.map { Terminal.printable($0).truncated(to: 28) }
    let numbered = names.enumerated().map { "\($0 + 1)  \($1)" }
    var axis: [String: JSONValue] = [
      "title": .null, "ticks": false, "domain": false, "labelAngle": 0, "labelLimit": 220,
      "labelPadding": 6,
      "labelOverlap": "greedy", "labels": .bool(labels),
    ]
    if field == "column" { axis["orient"] = "top" }
    if field == "row", let words = try? JSONValue.array(numbered.map { .string($0) }).compactText()
    {
      axis["labelExpr"] = .string("\(words)[datum.value - 1]")
    }
    return [
      "field": .string(field), "type": "ordinal", "axis": .object(axis),
      "scale": ["paddingInner": 0.04, "domain": .array(names.indices.map { .integer($0 + 1) })],
    ]
  }

  private func cells(_ matrix: Matrix) -> JSONValue {
    [
      // Round corners make many cells large files.
      "mark": ["type": "rect", "cornerRadius": hasNumbers ? 2 : 0],
      "encoding": [
        "color": [
          "field": "value", "type": "quantitative", "scale": ["zero": false],
          "legend": ["title": .null, "gradientLength": 130, "gradientThickness": 10],
        ],
        "tooltip": [
          ChartParts.word("first", "Member"), ChartParts.word("second", "and"),
          ChartParts.quantity(
            "value", matrix.title, format: matrix.isShare ? ".2f" : ".3f"),
        ],
      ],
    ]
  }

  private func numbers(_ matrix: Matrix) -> JSONValue {
    [
      "mark": ["type": "text", "fontSize": 11],
      "encoding": [
        "text": [
          "field": "value", "type": "quantitative", "format": matrix.isShare ? ".1f" : ".2f",
        ],
        "color": [
          "condition": ["test": "datum.shade > turn", "value": ["expr": "onFull"]],
          "value": ["expr": "onPale"],
        ],
      ],
    ]
  }
}
