import Decisions
import Ensembles
import Files
import MemberSources
import Predictions
import Reports
import Runs

extension ReportContext {
  /// What a report says of where it comes from.
  ///
  /// - Parameters:
  ///   - paths: The sources, as the user named them.
  ///   - title: The heading; the run's name, or those of few members, or of the first source where nil.
  ///   - command: The command line that makes the report.
  package init(
    of analysis: MemberAnalysis, _ paths: [String], title: String?, command: String?
  ) {
    let sources = analysis.sources
    let run = sources.run ?? RunDirectory(path: paths[0])
    self.init(
      directory: run.path,
      sources: .init(
        experiment: run.experimentPath, data: run.dataPath, environment: run.environmentPath),
      title: title ?? Self.title(naming: sources), command: command, origins: sources.origins,
      buildOptions: sources.buildOptions)
    notes = Note.lines(analysis.notes)
    if let conditions = analysis.latencyConditions {
      environment.append(.init(name: "latency", value: conditions))
    }
  }

  /// The members' names, where there is no run to be called after and they are few.
  private static func title(naming sources: PredictionSources) -> String? {
    let names = sources.test.map(\.name)
    return sources.run == nil && names.count <= 4 ? names.joined(separator: ", ") : nil
  }
}

extension MemberAnalysis {
  /// All that the page says of what to deploy.
  ///
  /// - Throws: `EnsembleError`, or what keeps example images from being read.
  package func content(in context: ReportContext) throws -> ReportContent {
    let reference = decision.flatMap { $0.candidate($0.reference) }
    let single = reference.flatMap { reference in
      sources.test.first { $0.name == reference.members[0] }
    }
    var content = ReportContent(
      decision: decision, frontier: frontier, diversity: diversity,
      contributions: sources.holdOut.isEmpty
        ? nil : try MemberContributions(of: sources.holdOut, rule: frontier.rule),
      forecasts: try forecasts(),
      referenceReliability: try single.map { try ReliabilitySummary(of: $0) },
      examples: try ReportExamples.find(self), context: context)
    content.trainingCosts = trainingCosts()
    return content
  }

  /// What the trainings of runs took; nil where no source is a run that says it.
  private func trainingCosts() -> TrainingCosts? {
    var members: [String: [(name: String, training: TrainingCosts.Training)]] = [:]
    for origin in sources.origins where Directory.isDirectory(origin.path) {
      let run = RunDirectory(path: origin.path)
      guard let records = try? run.trainingRecords() else { continue }
      for name in origin.members {
        // Members of one name in several runs have their run's before it.
        let own = records[name] == nil ? String(name.drop { $0 != "/" }.dropFirst()) : name
        members[name] = records[own]?.map { record in
          (
            "\(origin.path)/\(record.training)",
            TrainingCosts.Training(
              multiplyAccumulates: record.multiplyAccumulates, seconds: record.seconds)
          )
        }
      }
    }
    return members.isEmpty ? nil : TrainingCosts(members)
  }

  /// Of each network with enough members, from the images that choose where there are such.
  private func forecasts() throws -> [NetworkForecast] {
    let known = sources.holdOut.isEmpty ? sources.test : sources.holdOut
    let groups = Dictionary(grouping: known, by: \.network)
    return try groups.keys.sorted().compactMap { network in
      guard let members = groups[network], members.count >= Forecast.fewestMembers else {
        return nil
      }
      // Fewer ensembles of a size where there are many sizes: their means differ little.
      let subsets = min(1000, max(50, 20_000 / members.count))
      let forecast = try Forecast(from: members, rule: frontier.rule, maximumSubsets: subsets)
      let fewer = max(Forecast.fewestMembers, (members.count + 1) / 2)
      return NetworkForecast(
        network: network, split: known[0].split,
        forecast: forecast,
        checks: fewer < members.count
          ? try Forecast.check(
            members, known: fewer, rule: frontier.rule, maximumSubsets: subsets, whole: forecast)
          : [])
    }
  }
}
