import Files
import Networks

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What the training of a run's member took.
package struct TrainingRecord: Hashable, Sendable {
  /// The name of the training, in its run: members of one training have the same.
  package let training: String
  /// Multiply-accumulates of one image through the network, times the images of all epochs. The way back through the network, and
  /// images that were only looked at, are not counted.
  package let multiplyAccumulates: Int
  /// Of all epochs, evaluation included; nil where their metrics are not there.
  package let seconds: Double?
}

extension RunDirectory {
  /// What the trainings of each complete member took, by its name: one, or for a soup those of the members it was chosen of. A member
  /// of which that is not known is left out.
  ///
  /// - Throws: `ExperimentError` where this is no run.
  package func trainingRecords() throws -> [String: [TrainingRecord]] {
    let (experiment, data) = (try self.experiment(), try dataRecord())
    var trainings: [String: TrainingRecord] = [:]
    for training in experiment.trainings {
      let files = member(training.name)
      guard let network = try? Network(file: files.networkPath),
        let images = Self.product(data.trainingImages, experiment.recipe.epochs),
        let multiplyAccumulates = Self.product(network.totals.multiplyAccumulates, images)
      else { continue }
      let seconds = EpochLine.read(files.metricsPath).map(\.seconds)
      trainings[training.name] = TrainingRecord(
        training: training.name, multiplyAccumulates: multiplyAccumulates,
        seconds: seconds.count == experiment.recipe.epochs ? seconds.reduce(0, +) : nil)
    }
    let members = experiment.allMembers
    let trainingOf = Dictionary(
      members.map { ($0.name, $0.training) }, uniquingKeysWith: { first, _ in first })
    var records: [String: [TrainingRecord]] = [:]
    for member in members {
      let ingredients = Set(member.part.ingredients.compactMap { trainingOf[$0] }).sorted()
      let names = ingredients.isEmpty ? [member.training] : ingredients
      let found = names.compactMap { trainings[$0] }
      if found.count == names.count { records[member.name] = found }
    }
    return records
  }

  private static func product(_ first: Int, _ second: Int) -> Int? {
    let (result, overflow) = first.multipliedReportingOverflow(by: second)
    return overflow ? nil : result
  }
}
