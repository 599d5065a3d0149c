import Deployment
import Ensembles
import Formatting
import Reports

/// What the service of an ensemble is worth, whole and with a member lost, for the operator to know before it happens.
package struct ServiceExplanation {
  private let name: String
  private let manifest: EnsembleManifest

  /// - Parameter name: What the server calls the ensemble.
  package init(_ manifest: EnsembleManifest, name: String) {
    self.name = name
    self.manifest = manifest
  }

  /// A table with a line for each member that can be lost, and when requests are refused.
  ///
  /// - Parameter width: Columns of text; nil for as many as it takes.
  package func text(width: Int? = Terminal.tableWidth) -> String {
    guard let service = manifest.expectedService else { return lines([heading] + unknown) }
    return lines([heading]) + "\n" + table(of: service).text(width: width) + "\n"
      + lines(facts(service) + refusals(service) + limits)
  }

  /// What is promised of the answers to those who ask for it.
  private var limits: [String] {
    guard let limits = manifest.answerLimits else { return [] }
    let answers =
      limits.abstention.map {
        ", and answers above a probability of \(NumberFormat.fixed($0.threshold, 3)), of which at most "
          + "\(NumberFormat.shortPercent($0.error)) are wrong (confidence \(NumberFormat.shortPercent($0.confidence)))"
      } ?? ", and no threshold for answers"
    let worth = limits.isPromised ? "promised" : "expected and not promised: they also chose it"
    return [
      "Prediction sets with the class of \(NumberFormat.shortPercent(1 - limits.sets.missRate)) of the images\(answers): "
        + "calibrated on \(limits.images.counted("image")), \(worth). Where a member is lost, a set is all classes and "
        + "no answer is given."
    ]
  }

  private func lines(_ texts: [String]) -> String {
    texts.flatMap { Terminal.wrapped(Terminal.printable($0), width: Terminal.textWidth) }
      .map { $0 + "\n" }.joined()
  }

  private var heading: String {
    let measured = manifest.expectedService.map {
      "; measured on the \($0.images.counted("image")) of its hold-out"
    }
    return "\(name): \(manifest.summary)\(measured ?? "")"
  }

  // MARK: - What is known

  private func table(of service: ExpectedService) -> TextTable {
    var table = TextTable(columns: [
      .init("lost", isKept: true), .init("accuracy %", .right, isKept: true),
      .init("95 % interval", .right, isKept: true), .init("change", .right),
      .init("MACs", .right), .init("temperature", .right), .init("who answers"),
    ])
    let cost = manifest.expectedMultiplyAccumulates ?? Double(manifest.multiplyAccumulates)
    table.append(
      ["none"] + figures(service.accuracy) + ["", NumberFormat.scaled(cost)]
        + answering(manifest.combination, manifest.members.map(\.name)))
    for reduction in service.reductions {
      let left = manifest.members.map(\.name).filter { !reduction.missing.contains($0) }
      let change = reduction.accuracy.value - service.accuracy.value
      table.append(
        [reduction.missing.joined(separator: ", ")] + figures(reduction.accuracy)
          + [NumberFormat.points(change), NumberFormat.scaled(reduction.multiplyAccumulates)]
          + answering(reduction.combination, left))
    }
    return table
  }

  private func figures(_ share: MeasuredShare) -> [String] {
    [
      NumberFormat.percent(share.value),
      NumberFormat.percent(share.interval.lowerBound, to: share.interval.upperBound),
    ]
  }

  private func answering(_ combination: Combination, _ members: [String]) -> [String] {
    let how =
      members.count == 1
      ? "\(members[0]) alone"
      : "\(members.count.counted("member")), \(combination.summary)"
    return [combination.temperature.map { NumberFormat.fixed($0, 2) } ?? "–", how]
  }

  private func facts(_ service: ExpectedService) -> [String] {
    let images = Double(service.images)
    var facts: [String] = []
    if let exits = service.answers.exits {
      let stops = zip(manifest.members, exits).map { member, count in
        "\(member.name) \(NumberFormat.percent(Double(count) / images)) %"
      }
      facts.append("Images stopped after: \(stops.joined(separator: ", ")).")
    }
    if manifest.members.count > 1 {
      let share = NumberFormat.percent(Double(service.answers.disagreements) / images)
      facts.append("Not all members that ran predicted one class: \(share) % of the images.")
    }
    return facts
  }

  // MARK: - When requests are refused

  private func refusals(_ service: ExpectedService) -> [String] {
    let names = manifest.members.map(\.name)
    guard names.count > 1 else { return [Self.onlyMember] }
    guard names.count <= ExpectedService.mostReducedMembers || !service.reductions.isEmpty else {
      return [
        "With a member lost, requests get status 503: of more than "
          + "\(ExpectedService.mostReducedMembers) members, what is left was not measured."
      ]
    }
    var lines: [String] = []
    if !service.reductions.isEmpty {
      lines.append(
        "Answers with a member lost say so, and are calibrated for those that are left; with --when-lost fail "
          + "requests get status 503.")
    }
    if manifest.temperature == nil, manifest.calibration == nil, manifest.memberTemperatures == nil,
      service.reductions.contains(where: { $0.combination.temperature != nil })
    {
      lines.append(
        "The whole ensemble is not calibrated: where a member is lost, probabilities change for that too. What "
          + "`consort build-ensemble --decision` builds is calibrated.")
    }
    let replaceable = Set(service.reductions.filter { $0.missing.count == 1 }.flatMap(\.missing))
    let needed = names.filter { !replaceable.contains($0) }
    if !needed.isEmpty {
      lines.append(
        "Without \(needed.shortList), requests get status 503: what is left was not measured, or has no weight."
      )
    }
    return lines + ["With more than one member lost, requests get status 503."]
  }

  private static let onlyMember = "It has one member: where that is lost, requests get status 503."

  private var unknown: [String] {
    let lost =
      manifest.members.count > 1
      ? "With a member lost, requests get status 503, because nothing is calibrated for those that are left."
      : Self.onlyMember
    return [
      "What its service is worth is not known: its ensemble.json says nothing of the hold-out. \(lost)",
      "To know it, build the ensemble again with `consort build-ensemble`, with the --decision of `consort report`, "
        + "or of runs that have a \"holdOut\".",
    ]
  }
}
