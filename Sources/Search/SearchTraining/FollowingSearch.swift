import ArchitectureSearch
import Networks
import Runs
import SearchRuns
import Torch
import Training

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The part in a search of a process that is not the first one: it trains shared weights, and what was found, with the first
/// one, and keeps no files.
public struct FollowingSearch {
  private let plan: SearchPlan
  private let images: RunImages
  private let setup: SearchSetup
  private let group: TrainingGroup

  /// Takes part in a search whose plan has shared weights.
  public init(
    of plan: SearchPlan, on images: RunImages, in group: TrainingGroup, setup: SearchSetup
  ) {
    (self.plan, self.images, self.setup, self.group) = (plan, images, setup, group)
  }

  /// Works until the first process has no more to do.
  ///
  /// - Throws: `ParallelError`, or what ended a training.
  public func run() throws -> TrainingRun.Outcome {
    group.setWish(setup.shouldStop)
    return try ParallelError.naming {
      guard case .began(let threads) = try group.listen() else { throw ParallelError.confusion }
      try Runtime.setDeterministic(true, allowTF32: false)
      try Runtime.keepMemory()
      try Runtime.setThreads(threads)
      switch try search() {
      case .interrupted: return .interrupted
      case .nothingToTrain: return .complete
      case .found(let experiment):
        return try FollowingRun(
          of: experiment, on: images, in: group, device: setup.devices[0], decoders: setup.decoders
        ).run(shouldStop: setup.shouldStop)
      }
    }
  }

  private enum End {
    /// A process wished to stop.
    case interrupted
    case nothingToTrain
    case found(Experiment)
  }

  /// Trains shared weights, until the search is over.
  private func search() throws -> End {
    let space = plan.space.space
    let parameters = try SharedWeights.largestParameters(of: space)
    let work = try ArchitectureWork(plan.evaluationExperiment(), on: images, setup: setup)
    let worker = try work.workerImages()
    while true {
      switch try group.listen() {
      case .train(let name, let identity):
        let places = 0..<plan.members
        guard let place = places.first(where: { SupernetworkTraining.name(place: $0) == name }),
          try work.identity(ofNetwork: space.namePrefix, place: place) == identity
        else { throw ParallelError.otherWork(rank: group.rank, what: "another '\(name)'") }
        let training = try SupernetworkTraining(
          work.experiment, space: space, parameters: parameters, place: place,
          images: work.memberImages(ofSpace: space, place: place, worker),
          normalization: work.normalization, directory: nil, identity: identity,
          device: worker.device, group: group)
        guard try training.run(shouldStop: setup.shouldStop, observe: { _, _, _ in }) else {
          return .interrupted
        }
      case .finalists(let text):
        return .found(try Experiment(json: Data(text.utf8), file: "finalists"))
      case .stopped: return .interrupted
      case .ended: return .nothingToTrain
      default: throw ParallelError.confusion
      }
    }
  }
}
