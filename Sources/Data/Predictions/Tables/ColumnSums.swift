/// Whether the rows of some columns are distributions over classes, and what adding or leaving out columns would do to it.
struct ColumnSums {
  private let columns: [Int]
  private let count: Int
  /// `[N, columns]`.
  private let values: [Double]

  init(_ table: TableColumns, _ columns: [Int]) throws(EnsembleError) {
    self.columns = columns
    count = table.count
    values = try table.scores(of: columns)
  }

  /// Whether every row is one, in whichever form.
  var areDistributions: Bool { Self.areDistributions(values, width: columns.count, count: count) }

  private static func areDistributions(_ values: [Double], width: Int, count: Int) -> Bool {
    guard width > 0 else { return false }
    var evidence = ScoreEvidence(classes: width)
    for image in 0..<count { evidence.add(values[image * width..<(image + 1) * width]) }
    return evidence.certainKind != nil
  }

  /// Which of further columns, each `[N]`, make every row a distribution.
  func completing(_ further: [[Double]]) -> [Int]? {
    guard !further.isEmpty else { return nil }
    let choices = further.indices.map { [$0] } + (further.count > 1 ? [Array(further.indices)] : [])
    let width = columns.count
    return choices.first { choice in
      let joined = (0..<count).flatMap { row in
        Array(values[row * width..<(row + 1) * width]) + choice.map { further[$0][row] }
      }
      return Self.areDistributions(joined, width: width + choice.count, count: count)
    }
  }

  /// The columns without which every row is a distribution: one, or all those that reach beyond 0...1.
  var spare: [Int]? {
    let width = columns.count
    let outside = (0..<width).filter { column in
      stride(from: column, to: values.count, by: width).contains { !(0...1).contains(values[$0]) }
    }
    if !outside.isEmpty, isDistribution(without: outside) { return outside.map { columns[$0] } }
    // What one column is too much, it is in the first row too.
    let first = Array(values.prefix(width))
    let candidates = (0..<width).filter { column in
      let rest = first.indices.filter { $0 != column }.map { first[$0] }
      return first[column] != 0 && Self.areDistributions(rest, width: width - 1, count: 1)
    }
    let spare = candidates.filter { isDistribution(without: [$0]) }
    return spare.count == 1 ? [columns[spare[0]]] : nil
  }

  private func isDistribution(without left: [Int]) -> Bool {
    let width = columns.count
    let kept = (0..<width).filter { !left.contains($0) }
    guard kept.count > 1 else { return false }
    let rest = (0..<count).flatMap { row in kept.map { values[row * width + $0] } }
    return Self.areDistributions(rest, width: kept.count, count: count)
  }
}
