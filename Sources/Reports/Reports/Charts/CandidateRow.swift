import Decisions
import Ensembles
import Formatting
import Predictions
import Schemas

/// What the chart and the page's panel show of a candidate.
struct CandidateRow {
  let candidate: Candidate
  let decision: Decision

  private var isDeployed: Bool { candidate.id == decision.chosen }
  private var isReference: Bool { candidate.id == decision.reference }

  /// Whether it is one of the many that only show where the others lie.
  private var isFaint: Bool {
    [.ensemble, .mixed].contains(candidate.kind) && !candidate.isOnFrontier
      && !candidate.isOnSameNetworkFrontier && !isDeployed && !isReference
  }

  /// Flat for what a chart's encodings name, nested for the rest.
  var json: JSONValue {
    let interval = candidate.testInterval
    var members: [String: JSONValue] = [
      "id": .string(candidate.id), "kind": .string(candidate.kind.title),
      "network": .string(candidate.networkNames),
      "members": .array(candidate.members.map { .string($0) }),
      "accuracy": JSONValue.rounded(100 * candidate.test.metrics.top1Accuracy),
      "low": JSONValue.rounded(100 * interval.lowerBound),
      "high": JSONValue.rounded(100 * interval.upperBound),
      "choosing": JSONValue.rounded(100 * candidate.holdOut.metrics.top1Accuracy),
      "faint": .bool(isFaint), "frontier": .bool(candidate.isOnFrontier),
      "same": .bool(candidate.isOnSameNetworkFrontier),
      "deployed": .bool(isDeployed), "reference": .bool(isReference),
      "how": .string(candidate.combination.rule.name),
      "costs": Self.costs(candidate.test.cost),
      "metrics": .object([
        "holdOut": Self.metrics(candidate.holdOut.metrics),
        "test": Self.metrics(candidate.test.metrics),
        "shifted": candidate.shifted.map { Self.metrics($0.metrics) } ?? .null,
      ]),
    ]
    if candidate.combination.cascade != nil {
      members["spent"] = Self.costs(candidate.holdOut.cost)
    }
    for (name, value) in texts { members[name] = .string(value) }
    if let label { members["label"] = label }
    members["parts"] = parts
    members["comparison"] = comparison
    return .object(members)
  }

  /// Above the plot, of the deployed candidate and the best single model.
  private var label: JSONValue? {
    let other = isDeployed ? decision.reference : decision.chosen
    return CandidateLabel(candidate, decision)?.json(
      candidate, other: other == candidate.id ? nil : decision.candidate(other), decision)
  }

  /// What the tooltip says.
  private var texts: [String: String] {
    let cost = candidate.test.cost
    var texts = [
      "what": candidate.members.joined(separator: ", ").truncated(to: 160),
      "macs": CostMeasure.multiplyAccumulates.amount(cost.multiplyAccumulates),
      "size": CostMeasure.parameters.amount(Double(cost.parameters)),
      "right":
        "\(NumberFormat.percent(candidate.test.metrics.top1Accuracy)) % (\(candidate.testInterval.percentText))",
      "title": "\(candidate.kind.title) · \(candidate.id)",
    ]
    let times = [cost.latencyMilliseconds, cost.parallelLatencyMilliseconds].compactMap { $0 }
    texts["time"] =
      times.isEmpty
      ? "not measured"
      : (candidate.kind == .single ? "" : candidate.kind == .cascade ? "expected " : "≈ ")
        + times.map { NumberFormat.milliseconds($0) + " ms" }.joined(separator: ", ")
    texts["against"] = against
    return texts
  }

  private var against: String {
    if isReference { return "it is the best single model" }
    if let comparison = candidate.comparison {
      return
        "\(NumberFormat.points(comparison.difference)) points (\(comparison.interval.pointsText))"
    }
    let best = decision.candidate(decision.reference)?.test.metrics.top1Accuracy ?? 0
    return "\(NumberFormat.points(candidate.test.metrics.top1Accuracy - best)) points"
  }

  /// Each member's weight, threshold and share of the images that stop.
  private var parts: JSONValue {
    let combination = candidate.combination
    var parts: [String: JSONValue] = [:]
    if let weights = combination.weights {
      parts["weights"] = .array(weights.map { JSONValue.rounded($0) })
    }
    if let cascade = combination.cascade {
      parts["confidence"] = .string(cascade.confidence.name)
      parts["thresholds"] = .array(
        cascade.confidenceThresholds.map { $0.map { JSONValue.rounded($0) } ?? .null })
    }
    for (name, fractions) in [
      ("exits", candidate.holdOut.exitFractions), ("testExits", candidate.test.exitFractions),
    ] {
      if let fractions { parts[name] = .array(fractions.map { JSONValue.rounded($0) }) }
    }
    if isDeployed { addCalibration(to: &parts) }
    return .object(parts)
  }

  private func addCalibration(to parts: inout [String: JSONValue]) {
    if let temperatures = decision.deployed.combination.memberTemperatures {
      parts["memberTemperatures"] = .array(temperatures.map { JSONValue.rounded($0) })
    }
    if let temperature = decision.deployed.combination.temperature {
      parts["temperature"] = JSONValue.rounded(temperature)
    }
    if let calibration = decision.deployed.combination.calibration {
      parts["calibration"] = .string(calibration.method.name)
    }
  }

  private var comparison: JSONValue {
    guard let comparison = candidate.comparison else { return .null }
    let (kind, word) = comparison.verdict.badge
    return [
      "text": .string(
        "\(NumberFormat.points(comparison.difference)) points (95 % interval "
          + "\(comparison.interval.pointsText); McNemar "
          + "\(NumberFormat.probability(comparison.mcNemarPValue)))"),
      "kind": .string(kind), "word": .string(word),
    ]
  }

  private static func metrics(_ metrics: Metrics) -> JSONValue {
    .array(
      [
        100 * metrics.top1Accuracy, 100 * metrics.topKAccuracy, metrics.negativeLogLikelihood,
        metrics.brierScore, metrics.expectedCalibrationError,
      ].map { JSONValue.rounded($0) })
  }

  static func costs(_ cost: Cost) -> JSONValue {
    .object(
      Dictionary(
        uniqueKeysWithValues: CostMeasure.allCases.map {
          ($0.rawValue, cost[$0].map { .number($0) } ?? .null)
        }))
  }
}
