import CommandLine
import Decisions
import Deployment
import Ensembles
import Files
import Formatting
import MemberSources
import Predictions

/// What the commands that decide take.
struct AnalysisOptions {
  /// What is looked for, and how long.
  var analysis = MemberAnalysis.Options()
  /// What is said about the sources.
  let sources: SourceOptions
  /// Predictions of further images.
  let shifted: String?
  /// The heading of the page and of its charts; nil for the source's name.
  let title: String?

  static let options =
    [
      CombinationRule.option,
      CommandOption("--max-members", "N", help: "The most members of an ensemble (default: 4)."),
      CommandOption("--same-network", help: "Combine members of one network only."),
      CommandOption(
        "--cost", "MEASURE",
        help: "What a budget counts: macs, parameters, latency (members one after another) or "
          + "parallel-latency (side by side: the slowest), both measured here (default: macs)."
      ),
      CommandOption(
        "--max-cost", "COST",
        help: "Choose the most accurate on the hold-out for this budget, such as 60M or 2.5ms."),
      CommandOption(
        "--at", "mean|pNN|worst",
        help:
          "Which of a cascade's costs --max-cost bounds: the mean over images, what NN percent of "
          + "them do not exceed, such as p99, or the worst (default: mean)."),
      CommandOption(
        "--min-accuracy", "PERCENT",
        help:
          "Choose the cheapest with this accuracy on the hold-out, such as 93.5 (default: what is shown "
          + "to be as good as the best single member)."),
      CommandOption(
        "--tolerance", "POINTS",
        help:
          "How many points of accuracy may be lost against the best single member (default: 0.5)."),
      CommandOption(
        "--confidence", "PERCENT",
        help: "How sure it is to be that no more is lost (default: 95)."),
      CommandOption(
        "--margin", "N",
        help: "No longer: --tolerance says what may be lost, and --confidence how surely."),
      CommandOption(
        "--max-stages", "N", help: "The most members of a cascade; 1 for no cascades (default: 3)."),
      CommandOption(
        "--cascade-confidence", "NAME,...",
        help:
          "What says when a cascade stops: maximum-probability, margin, entropy or agreement; of several the "
          + "best on the hold-out (default: maximum-probability)."),
      CommandOption(
        "--max-subsets", "N",
        help: "Sample N ensembles of a size where there are more (default: 20000 to choose among, "
          + "1000 for a network's curve)."),
      CommandOption(
        "--seconds", "S",
        help:
          "Search for ensembles and cascades for at most S seconds, curves included, and take the "
          + "best that is found until then; what was not tried is said (default: no limit)."),
      CommandOption(
        "--shifted", "SOURCE",
        help: "Predictions by the same members of further images, whose figures stand beside."),
      CommandOption(
        "--title", "TEXT",
        help: "The heading of the page and of its charts (default: the run's name, or those of "
          + "few members, or of the first source)."),
    ] + SourceOptions.options

  init(_ arguments: ParsedArguments) throws {
    var options = Decision.Options()
    options.rule = try CombinationRule(arguments) ?? .geometricMean
    options.isSameNetworkOnly = arguments.isSet("--same-network")
    options.maximumMembers = try Self.count(arguments, "--max-members") ?? options.maximumMembers
    options.maximumStages = try Self.count(arguments, "--max-stages") ?? options.maximumStages
    let subsets = try Self.count(arguments, "--max-subsets")
    options.maximumSubsets = subsets ?? options.maximumSubsets
    analysis.curveSubsets = subsets ?? analysis.curveSubsets
    options.cost = try CostMeasure(arguments)
    options.maximumCost = try arguments.string("--max-cost").map {
      try Self.cost($0, measure: options.cost)
    }
    if let percent = try arguments.number("--min-accuracy") {
      guard percent > 1, percent <= 100 else {
        throw UsageError("--min-accuracy is in percent, above 1 and up to 100, such as 93.5")
      }
      options.minimumAccuracy = percent / 100
    }
    try Self.checkReplaced(arguments)
    options.tolerance = try arguments.number("--tolerance") ?? options.tolerance
    guard (0..<100).contains(options.tolerance) else {
      throw UsageError("--tolerance is in points of accuracy, from 0 to below 100, such as 0.5")
    }
    options.confidence = try arguments.number("--confidence") ?? options.confidence
    guard options.confidence > 50, options.confidence < 100 else {
      throw UsageError("--confidence is in percent, above 50 and below 100, such as 95")
    }
    options.costQuantile = try Self.quantile(arguments)
    analysis.seconds = try arguments.number("--seconds")
    if let seconds = analysis.seconds, !(seconds > 0 && seconds <= 1e9) {
      throw UsageError("--seconds is a number above 0")
    }
    options.confidences = try Self.confidences(arguments) ?? options.confidences
    analysis.decision = options
    sources = try SourceOptions(arguments)
    shifted = arguments.string("--shifted")
    title = arguments.string("--title")
    analysis.choosingOption = [
      "--max-cost", "--at", "--min-accuracy", "--tolerance", "--confidence", "--cost",
      "--same-network", "--max-members", "--max-stages", "--cascade-confidence", "--seconds",
      "--shifted",
    ].first { arguments.string($0) != nil || arguments.isSet($0) }
  }

  private static func count(_ arguments: ParsedArguments, _ name: String) throws -> Int? {
    guard let count = try arguments.integer(name) else { return nil }
    guard count >= 1 else { throw UsageError("\(name) is at least 1") }
    return count
  }

  /// Options that say something else than they did.
  private static func checkReplaced(_ arguments: ParsedArguments) throws(UsageError) {
    if arguments.string("--margin") != nil {
      throw UsageError(
        "--margin is no more: --tolerance POINTS says how much accuracy may be lost against the best "
          + "single member, and --confidence PERCENT how surely no more is; leave it out")
    }
    if let text = arguments.string("--confidence"), Double(text) == nil {
      throw UsageError(
        "--confidence is in percent, such as 95; what says when a cascade stops is "
          + "--cascade-confidence \(text)")
    }
  }

  private static func quantile(_ arguments: ParsedArguments) throws(UsageError) -> CostQuantile {
    guard let name = arguments.string("--at") else { return .mean }
    guard let quantile = CostQuantile(name: name) else {
      throw UsageError("--at is mean, p50 to p99, or worst, not '\(name)'")
    }
    guard arguments.string("--max-cost") != nil else {
      throw UsageError("--at says which cost --max-cost bounds: give --max-cost too")
    }
    return quantile
  }

  /// A number with k, M, G or T, or milliseconds.
  static func cost(_ text: String, measure: CostMeasure) throws(UsageError) -> Double {
    let units: [(String, Double)] =
      measure.isTime ? [("ms", 1)] : [("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12)]
    let unit = units.first { text.hasSuffix($0.0) }
    let digits = text.dropLast(unit?.0.count ?? 0)
    guard let number = Double(digits), number > 0, number.isFinite else {
      throw UsageError(
        "--max-cost is a number above 0 "
          + (measure.isTime
            ? "of milliseconds, such as 2.5ms" : "with k, M, G or T or without, such as 60M")
          + ", not '\(text)'")
    }
    return number * (unit?.1 ?? 1)
  }

  private static func confidences(
    _ arguments: ParsedArguments
  ) throws(UsageError) -> [CascadeConfidence]? {
    guard let text = arguments.string("--cascade-confidence") else { return nil }
    var found: [CascadeConfidence] = []
    for word in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let known = CascadeConfidence.names.first(where: { $0.name == word }) else {
        let names = CascadeConfidence.names.map(\.name)
        throw UsageError("--cascade-confidence is " + Spelling.oneOf(names, not: String(word)))
      }
      found.append(known.confidence)
    }
    return found
  }
}

extension MemberAnalysis {
  /// Reads and analyses what is at `paths`, and shows on standard error how far that is.
  init(
    of paths: [String], _ options: AnalysisOptions, split: SplitName.Role = .test
  ) throws {
    let progress = SourceProgress.standardError()
    let sources: PredictionSources
    do {
      sources = try PredictionSources(
        paths, shifted: options.shifted, options: options.sources, progress: progress)
    } catch let error as SourceError where error.isMisuse {
      throw UsageError("\(error)")
    } catch let error as DeploymentError where error.isMisuse {
      throw UsageError("\(error)")
    }
    do { try sources.check() } catch {
      // How a split was understood says why something is missing.
      Terminal.writeNotes(Note.lines(sources.notes))
      throw error
    }
    let display = SearchDisplay(
      images: sources.holdOut.first?.count ?? 0, isLimited: options.analysis.seconds != nil)
    try self.init(
      of: sources, options.analysis, split: split, progress: progress,
      searchProgress: { if let progress = $0 { display.show(progress) } else { display.end() } })
  }
}

extension CascadeConfidence {
  /// The names that users give them.
  static let names: [(name: String, confidence: CascadeConfidence)] = [
    ("maximum-probability", .maximumProbability), ("margin", .margin), ("entropy", .entropy),
    ("agreement", .agreement),
  ]
}

extension CostMeasure {
  private static let names: [(name: String, measure: CostMeasure)] = [
    ("macs", .multiplyAccumulates), ("parameters", .parameters), ("latency", .latency),
    ("parallel-latency", .parallelLatency),
  ]

  /// What `--cost` names; multiply-accumulates where it is not given.
  init(_ arguments: ParsedArguments) throws(UsageError) {
    let name = arguments.string("--cost") ?? Self.names[0].name
    guard let known = Self.names.first(where: { $0.name == name }) else {
      throw UsageError("--cost is " + Spelling.oneOf(Self.names.map(\.name), not: name))
    }
    self = known.measure
  }
}
