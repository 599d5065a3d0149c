import Decisions
import Files
import Latency
import MemberSources
import Networks
import Predictions
import Reports
import Runs

/// What of a study is trained or on record.
package struct StudyResults {
  private let directory: StudyDirectory
  private let plan: StudyPlan
  /// Of each run that has any, its members.
  private let results: [(run: StudyPlan.Run, members: [StudyMember])]
  private let analysis: StudyAnalysis
  private let latencies: FinalistLatencies?

  /// Reads the directory of a study, or of its record.
  ///
  /// - Parameters:
  ///   - timing: When the networks are timed.
  ///   - progress: Called with what is being timed.
  /// - Throws: `ExperimentError.emptyStudy` where no member has predicted the test images, and what reading throws.
  package init(
    _ directory: StudyDirectory, timing: FinalistLatencies.Timing = .onRecord,
    progress: (String) -> Void = { _ in }
  ) throws {
    self.directory = directory
    plan = try directory.plan()
    results = try plan.runs.compactMap { run in
      let members = try StudyMember.all(
        of: directory.run(run), directory.record(run), split: SplitName.test)
      return members.isEmpty ? nil : (run, members)
    }
    guard !results.isEmpty else { throw ExperimentError.emptyStudy(directory: directory.path) }
    analysis = try StudyAnalysis.analyze(Self.sizes(results))
    latencies = try FinalistLatencies(
      recordedAt: RunFile.latencies.path(in: directory.path),
      networks: timing == .onRecord
        ? [] : Self.networks(results.flatMap(\.members).map(\.predictions)),
      timing: timing, progress: progress)
  }

  /// The runs of each number of training images together.
  private static func sizes(
    _ results: [(run: StudyPlan.Run, members: [StudyMember])]
  ) -> [StudySize] {
    Dictionary(grouping: results) { $0.run.trainingImages }.sorted { $0.key < $1.key }
      .map { images, runs in
        let epochs = Set(runs.flatMap { $0.members.map(\.member.epochs) })
        return StudySize(
          trainingImages: images, epochs: epochs.count == 1 ? epochs.first : nil,
          seeds: runs.map { $0.members.map(\.predictions) })
      }
  }

  /// The networks of the members, as far as their names and classes say what they are.
  private static func networks(_ members: [Predictions]) throws -> [Network] {
    let different = Dictionary(members.map { ($0.network, $0) }) { first, _ in first }
    return try different.sorted { $0.key < $1.key }.map { name, member in
      guard let network = Network.named(as: member) else {
        throw LatencyError.unknownNetwork(name: name)
      }
      return network
    }
  }

  /// All that the page shows.
  package func content(command: String?) -> StudyContent {
    let first = results[0].run
    return StudyContent(
      analysis: analysis, trainings: trainings,
      plannedMembers: plan.runs.reduce(0) { $0 + $1.experiment.allMembers.count },
      milliseconds: latencies?.milliseconds ?? [:], latencyConditions: latencies?.conditions,
      context: ReportContext(
        directory: directory.path,
        sources: .init(
          experiment: directory.planPath, data: directory.run(first).dataPath,
          environment: directory.run(first).environmentPath),
        command: command))
  }

  private var trainings: [StudyContent.Trainings] {
    analysis.sizes.flatMap { size in
      size.curves.map { curve in
        let members = results.filter { $0.run.trainingImages == size.trainingImages }
          .flatMap(\.members).map(\.member).filter { $0.network == curve.network }
        return StudyContent.Trainings(
          trainingImages: size.trainingImages, network: curve.network, members: members.count,
          seconds: Self.mean(members.map(\.seconds)),
          trainingAccuracy: Self.mean(members.map(\.trainingAccuracy)))
      }
    }
  }

  /// nil where one of them is not known.
  private static func mean(_ values: [Double?]) -> Double? {
    let known = values.compactMap { $0 }
    guard known.count == values.count, !known.isEmpty else { return nil }
    return known.reduce(0, +) / Double(known.count)
  }
}
