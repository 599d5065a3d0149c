import CLI
import Ensembles
import Files
import Inference

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What `consort predict` found.
struct PredictionAnswer {
  private let found: EnsemblePredictions
  private let images: LabelledImages
  private let rule: CombinationRule
  /// The members' predictions. Where there are no labels, theirs are 0, which no combination reads.
  private let members: [Predictions]
  private let ensemble: Predictions

  init(_ found: EnsemblePredictions, _ images: LabelledImages, rule: CombinationRule) throws {
    self.found = found
    self.images = images
    self.rule = rule
    let labels = found.indices.map { images.hasLabels ? images.labels[$0] : 0 }
    members = try zip(found.members, found.logProbabilities).map { member, values in
      try Predictions(
        name: member.name, network: member.network,
        multiplyAccumulates: member.multiplyAccumulates, parameters: member.parameters,
        split: "test", fingerprint: found.fingerprint, logProbabilities: values, labels: labels,
        classes: member.model.classes)
    }
    ensemble = try Predictions(combining: members, rule: rule, name: "ensemble")
  }

  private struct Row: Encodable {
    let name, network: String
    let parameters, multiplyAccumulates: Int
    /// nil without labels.
    let metrics: Metrics?
  }

  private struct Answer: Encodable {
    let images: Int
    let skipped: [String]
    let fingerprint, rule: String
    let members: [Row]
    let ensemble: Row
  }

  private func rows() throws -> (members: [Row], ensemble: Row) {
    func row(_ predictions: Predictions, of subjects: [Predictions]) throws -> Row {
      Row(
        name: predictions.name, network: predictions.network, parameters: predictions.parameters,
        multiplyAccumulates: predictions.multiplyAccumulates,
        metrics: images.hasLabels ? try Metrics(of: subjects, rule: rule) : nil)
    }
    return (try members.map { try row($0, of: [$0]) }, try row(ensemble, of: members))
  }

  /// The figures as JSON.
  func json() throws -> String {
    let rows = try rows()
    return try Answer(
      images: found.indices.count, skipped: found.skipped.map(\.name),
      fingerprint: found.fingerprint, rule: rule.name, members: rows.members,
      ensemble: rows.ensemble
    ).readableJSON()
  }

  /// The figures as a table.
  func text() throws -> String {
    let rows = try rows()
    var table = TextTable(columns: [
      .init("member"), .init("network"), .init("MACs", .right), .init("top-1 %", .right),
      .init("top-5 %", .right), .init("NLL", .right), .init("ECE", .right),
    ])
    for row in rows.members + (members.count > 1 ? [rows.ensemble] : []) {
      let figures = row.metrics.map { metrics in
        [
          Figures.percent(metrics.top1Accuracy), Figures.percent(metrics.topKAccuracy),
          Figures.fixed(metrics.negativeLogLikelihood, 4),
          Figures.fixed(metrics.expectedCalibrationError, 4),
        ]
      }
      table.append(
        [row.name, row.network, Figures.scaled(row.multiplyAccumulates)] + (figures ?? []))
    }
    let skipped = found.skipped.isEmpty ? "" : ", \(found.skipped.count.grouped) skipped"
    let combined = members.count > 1 ? ", combined by \(rule.name)" : ""
    return table.text() + "\(found.indices.count.grouped) images\(skipped)\(combined)\n"
  }

  /// Writes each member's and the ensemble's predictions into a new directory.
  func write(to directory: String) throws {
    try Directory.createWhole(directory) { place in
      for (index, member) in members.enumerated() {
        try member.write(to: "\(place)/member-\(index).safetensors")
      }
      if members.count > 1 { try ensemble.write(to: "\(place)/ensemble.safetensors") }
    }
  }

  /// Writes the ensemble's most probable classes of each image as the file at `path`.
  func writeCSV(to path: String) throws {
    let shown = min(5, ensemble.classes)
    try DurableFile.write(to: path) { writer in
      let heads = (1...shown).flatMap { ["class\($0)", "probability\($0)"] }
      let labelled = images.hasLabels ? ["image", "label"] : ["image"]
      try writer.write((labelled + heads).joined(separator: ",") + "\n")
      for (row, index) in found.indices.enumerated() {
        var cells = [images.images.name(of: index)]
        if images.hasLabels { cells.append(className(Int(images.labels[index]))) }
        for (label, probability) in best(shown, ofRow: row) {
          cells += [className(label), String(probability)]
        }
        try writer.write(cells.map(Self.quoted).joined(separator: ",") + "\n")
      }
    }
  }

  private func className(_ label: Int) -> String {
    guard let names = images.classNames, names.indices.contains(label) else { return String(label) }
    return names[label]
  }

  /// The most probable classes of an image, of equals the first, and their probabilities.
  private func best(_ count: Int, ofRow row: Int) -> [(label: Int, probability: Float)] {
    ensemble.withLogProbabilities { values in
      let values = values[row * ensemble.classes..<(row + 1) * ensemble.classes]
      let order = values.indices.sorted { (values[$1], $0) < (values[$0], $1) }.prefix(count)
      return order.map { (label: $0 - values.startIndex, probability: probability(values[$0])) }
    }
  }

  /// A cell as RFC 4180 has it.
  private static func quoted(_ text: String) -> String {
    guard text.contains(where: { ",\"\n\r".contains($0) }) else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }
}

/// e to the power of a log-probability.
private func probability(_ logarithm: Float) -> Float { exp(logarithm) }
