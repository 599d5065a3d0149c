import Deployment
import Ensembles
import Files
import Formatting
import Predictions
import Schemas

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What members and their ensemble said of images: figures, tables and files.
package struct PredictionReport {
  private let found: EnsemblePredictions
  private let images: LabelledImages
  /// `[n]`, of the images that were predicted. Where there are none, they are 0, which no combination reads.
  private let labels: [Int64]
  /// The members' predictions; nil for a member of a cascade that did not see every image.
  private let members: [Predictions?]
  private let ensemble: Predictions
  /// `[n]`: the class of each image's least expected cost; nil where the most probable one is predicted.
  private let decided: [Int]?
  /// What errors cost on average, where that decides and labels are known.
  private let meanCost: Double?
  /// Sets and abstentions; nil where they were not asked for.
  private let limits: PredictedLimits?

  /// Combines what was found.
  ///
  /// - Parameters:
  ///   - split: What the images are called.
  ///   - errorCosts: What errors cost, where that decides which class is predicted.
  ///   - limits: What is promised of the answers, to be said of each; nil for nothing.
  /// - Throws: `EnsembleError`.
  package init(
    _ found: EnsemblePredictions, _ images: LabelledImages, split: String,
    errorCosts: ErrorCosts? = nil, limits: AnswerLimits? = nil
  ) throws {
    self.found = found
    self.images = images
    labels = found.indices.map { images.hasLabels ? images.labels[$0] : 0 }
    members = try found.memberPredictions(split: split, labels: labels)
    ensemble = try found.combined(split: split, labels: labels, name: "ensemble")
    let (ensemble, hasLabels) = (ensemble, images.hasLabels)
    decided = errorCosts.map { $0.decisions(of: ensemble) }
    meanCost =
      hasLabels ? errorCosts.map { Objective.errorCosts($0).meanCost(of: ensemble) } : nil
    self.limits = try limits.map {
      try PredictedLimits(
        $0, of: ensemble, hasLabels: hasLabels, isDecidedByCosts: errorCosts != nil)
    }
  }

  private var isCascade: Bool { found.combination.cascade != nil }

  /// Whether the ensemble is more than its one member.
  private var hasEnsemble: Bool {
    let combination = found.combination
    return members.count > 1 || combination.temperature != nil
      || combination.calibration != nil || combination.memberTemperatures != nil
  }

  private struct Row: Encodable {
    let name, network: String
    let parameters, multiplyAccumulates: Int
    /// The share of the images that it predicted.
    let imageFraction: Double
    /// nil without labels, and for a member that did not predict every image.
    let metrics: Metrics?
  }

  private struct Answer: Encodable {
    let images: Int
    let skipped: [String]
    let fingerprint, split, rule: String
    let combination: Combination
    let seconds: Double
    let members: [Row]
    let ensemble: Row
    /// Of a cascade only, as is what follows.
    let exitFractions: [Double]?
    let expectedMultiplyAccumulates: Double?
    /// What errors cost on average; only where that decides, and with labels.
    let meanErrorCost: Double?
    /// nil where it was not asked for.
    let limits: PredictedLimits.Summary?
    let predictions: [ImageAnswer]
  }

  /// The most probable classes of one image.
  private struct ImageAnswer: Encodable {
    let image: String
    /// nil without labels.
    let label: String?
    /// The class of the least expected cost; nil where the most probable one is predicted.
    let decided: String?
    let classes: [ClassAnswer]
    /// The classes in its set; nil where that was not asked for.
    let set: [String]?
    /// Whether an answer is given; nil where that was not asked for, or is not promised.
    let isAnswered: Bool?
  }

  private struct ClassAnswer: Encodable {
    let name: String
    let probability: Float
  }

  private func memberRows() throws -> [Row] {
    try members.indices.map { index in
      let member = found.members[index]
      let predictions = images.hasLabels ? members[index] : nil
      return Row(
        name: member.name, network: member.network, parameters: member.parameters,
        multiplyAccumulates: member.multiplyAccumulates,
        imageFraction: Double(found.places[index].count) / Double(found.indices.count),
        metrics: try predictions.map { try Metrics(of: [$0]) })
    }
  }

  private func ensembleRow() throws -> Row {
    Row(
      name: ensemble.name, network: ensemble.network, parameters: ensemble.parameters,
      multiplyAccumulates: ensemble.multiplyAccumulates, imageFraction: 1,
      metrics: images.hasLabels ? try found.metrics(labels: labels) : nil)
  }

  /// The figures as JSON.
  ///
  /// - Throws: `EncodingError` where a figure is not finite, or `EnsembleError` where the predictions cannot be
  ///   compared with the labels.
  package func json() throws -> String {
    try Answer(
      images: found.indices.count, skipped: found.skipped.map(\.name),
      fingerprint: found.fingerprint, split: ensemble.split, rule: found.combination.rule.name,
      combination: found.combination, seconds: found.seconds, members: memberRows(),
      ensemble: ensembleRow(), exitFractions: isCascade ? found.exitFractions : nil,
      expectedMultiplyAccumulates: isCascade ? found.expectedMultiplyAccumulates : nil,
      meanErrorCost: meanCost, limits: limits?.summary,
      predictions: found.indices.indices.map(imageAnswer)
    ).readableJSON()
  }

  private static let shownClasses = 5

  private func imageAnswer(ofRow row: Int) -> ImageAnswer {
    let index = found.indices[row]
    return ImageAnswer(
      image: images.images.name(of: index),
      label: images.hasLabels ? className(Int(images.labels[index])) : nil,
      decided: decided.map { className($0[row]) },
      classes: best(min(Self.shownClasses, ensemble.classes), ofRow: row).map {
        ClassAnswer(name: className($0.label), probability: $0.probability)
      }, set: limits.map { $0.sets[row].map(className) },
      isAnswered: limits?.isAnswered.map { $0[row] })
  }

  /// The figures as a table; of images without labels, which have none, their most probable classes.
  ///
  /// - Throws: `EnsembleError` where the predictions cannot be compared with the labels.
  package func text() throws -> String {
    guard images.hasLabels else { return predictionsTable + summary }
    var table = TextTable(columns: [
      .init("member", isKept: true), .init("network"), .init("MACs", .right),
      .init("top-1 %", .right, isKept: true),
      .init("top-5 %", .right), .init("NLL", .right), .init("ECE", .right),
    ])
    let isVote = found.combination.rule == .majorityVote && !isCascade
    for (place, row) in try (memberRows() + (hasEnsemble ? [ensembleRow()] : [])).enumerated() {
      // A vote gives no probabilities that a likelihood could be of.
      table.append(
        [row.name, row.network, NumberFormat.scaled(row.multiplyAccumulates)]
          + figures(of: row, isVote: isVote && place == members.count))
    }
    return table.text() + summary
  }

  private static let tableClasses = 3
  private static let tableRows = 50

  /// The most probable classes of the first images.
  private var predictionsTable: String {
    let shown = min(Self.tableClasses, ensemble.classes)
    var columns = [TextTable.Column("image", isKept: true)]
    if decided != nil { columns.append(.init("decided", isKept: true)) }
    for place in 1...shown {
      let isFirst = place == 1
      columns.append(.init(isFirst ? "class" : "class \(place)", isKept: isFirst))
      columns.append(.init("%", .right, isKept: isFirst))
    }
    var table = TextTable(columns: columns)
    for row in found.indices.indices.prefix(Self.tableRows) {
      let answer = imageAnswer(ofRow: row)
      let cells = answer.classes.prefix(shown).flatMap {
        [$0.name, NumberFormat.percent(Double($0.probability))]
      }
      table.append([answer.image] + (answer.decided.map { [$0] } ?? []) + cells)
    }
    let rest = found.indices.count - Self.tableRows
    return table.text() + (rest > 0 ? "… and \(rest.grouped) more: --csv FILE has all\n" : "")
  }

  private func figures(of row: Row, isVote: Bool) -> [String] {
    if let metrics = row.metrics {
      return [
        NumberFormat.percent(metrics.top1Accuracy), NumberFormat.percent(metrics.topKAccuracy),
        isVote ? "–" : NumberFormat.fixed(metrics.negativeLogLikelihood, 4),
        NumberFormat.fixed(metrics.expectedCalibrationError, 4),
      ]
    }
    return row.imageFraction < 1 ? ["– (saw \(NumberFormat.percent(row.imageFraction)) %)"] : []
  }

  /// The lines below the table.
  private var summary: String {
    let skipped = found.skipped.isEmpty ? "" : ", \(found.skipped.count.grouped) skipped"
    let combined = hasEnsemble ? ", combined by \(found.combination.summary)" : ""
    let milliseconds = NumberFormat.fixed(1000 * found.seconds / Double(found.indices.count), 2)
    var lines = ["\(found.indices.count.counted("image"))\(skipped)\(combined)"]
    if isCascade {
      let stops = zip(found.members, found.exitFractions).map { member, fraction in
        "\(Terminal.printable(member.name)) \(NumberFormat.percent(fraction)) %"
      }
      lines.append("stopped after: " + stops.joined(separator: ", "))
    }
    if let decided {
      let others = zip(decided, ensemble.predictedClasses()).count { $0 != $1 }
      let cost = meanCost.map { ", at a mean cost of \(NumberFormat.short($0))" } ?? ""
      lines.append(
        "decided by what errors cost\(cost): \(others.grouped) not as the most probable class")
    }
    lines += limits?.lines ?? []
    lines.append("\(NumberFormat.fixed(found.seconds, 1)) s, \(milliseconds) ms an image")
    return lines.flatMap { Terminal.wrapped($0, width: Terminal.textWidth) }
      .map { $0 + "\n" }.joined()
  }

  /// Writes the predictions of the ensemble and of each member that saw all images into a new directory.
  ///
  /// - Throws: `FileError` where the directory exists or cannot be written, or `WeightsError`.
  package func write(to directory: String) throws {
    try Directory.createWhole(directory, writeFiles)
  }

  /// The same where other processes, which put the same shards together, may write the same.
  ///
  /// - Throws: `FileError` where something else is there, or as `write` does.
  package func writeOnce(to directory: String) throws {
    try Directory.createWholeOnce(directory, writeFiles)
  }

  private func writeFiles(in place: String) throws {
    for (index, member) in members.enumerated() {
      try member?.write(to: "\(place)/member-\(index).safetensors")
    }
    if hasEnsemble { try ensemble.write(to: "\(place)/ensemble.safetensors") }
  }

  /// Writes the ensemble's most probable classes of each image as the file at `path`.
  ///
  /// - Throws: `FileError` where the file cannot be written.
  package func writeCSV(to path: String) throws {
    try DurableFile.write(to: path) { writer in try lines { try writer.write($0) } }
  }

  /// Between the classes of a set, in one cell.
  private static let setSeparator = "|"

  private func lines(_ write: (String) throws -> Void) rethrows {
    let heads = (1...min(Self.shownClasses, ensemble.classes)).flatMap {
      ["class\($0)", "probability\($0)"]
    }
    let limitHeads =
      (limits.map { _ in ["set"] } ?? []) + (limits?.isAnswered.map { _ in ["answered"] } ?? [])
    let first =
      ["image"] + (images.hasLabels ? ["label"] : []) + (decided == nil ? [] : ["decided"])
    try write(CSV.line(first + heads + limitHeads))
    for row in found.indices.indices {
      let answer = imageAnswer(ofRow: row)
      let classes = answer.classes.flatMap { [$0.name, String($0.probability)] }
      let known = [answer.label, answer.decided].compactMap { $0 }
      let open =
        (answer.set.map { [$0.joined(separator: Self.setSeparator)] } ?? [])
        + (answer.isAnswered.map { [$0 ? "yes" : "no"] } ?? [])
      try write(CSV.line([answer.image] + known + classes + open))
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
}

/// e to the power of a log-probability.
private func probability(_ logarithm: Float) -> Float { exp(logarithm) }
