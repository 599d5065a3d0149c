import Datasets
import Networks
import Runs
import Torch

/// The part in a run of a process that is not the first one: it trains what the first one tells it, and keeps no files.
public struct FollowingRun {
  private let experiment: Experiment
  private let images: RunImages
  private let group: TrainingGroup
  private let device: Device
  private let decoders: Int
  private let partition: DataPartition
  private let normalization: Normalization
  private let record: DataRecord

  /// - Parameter decoders: Threads that decode images, where they are decoded as they are needed.
  /// - Throws: `ExperimentError.tooFewImages`.
  public init(
    of experiment: Experiment, on images: RunImages, in group: TrainingGroup, device: Device,
    decoders: Int
  ) throws {
    (self.experiment, self.images, self.group) = (experiment, images, group)
    (self.device, self.decoders) = (device, decoders)
    partition = try DataPartition(of: experiment, labels: images.trainingLabels)
    normalization = Normalization(of: images, training: partition.training)
    record = images.record(for: experiment, partition, normalization)
  }

  /// Works until the first process has no more to do.
  ///
  /// - Parameter shouldStop: Asked before every step; all processes then save where they stand and end.
  /// - Throws: `ParallelError`, or what ended a training.
  public func run(
    shouldStop: @escaping @Sendable () -> Bool = { Interruption.isRequested }
  ) throws -> TrainingRun.Outcome {
    group.setWish(shouldStop)
    return try ParallelError.naming {
      guard case .began(let threads) = try group.listen() else { throw ParallelError.confusion }
      try Runtime.setDeterministic(true, allowTF32: false)
      try Runtime.keepMemory()
      try Runtime.setThreads(threads)
      let worker = try WorkerImages(DeviceImages(images, partition, device: device))
      while true {
        switch try group.listen() {
        case .train(let name, let identity):
          guard try train(name, identity, worker) else { return .interrupted }
        case .stopped: return .interrupted
        case .ended(let failed): return failed.isEmpty ? .complete : .membersFailed(failed)
        default: throw ParallelError.confusion
        }
      }
    }
  }

  /// Trains a member with the others; returns whether there is more to do.
  private func train(_ name: String, _ identity: String, _ worker: WorkerImages) throws -> Bool {
    guard let member = experiment.trainings.first(where: { $0.name == name }),
      try experiment.identity(of: member, data: record) == identity
    else { throw ParallelError.otherWork(rank: group.rank, what: "another member '\(name)'") }
    let network = try images.network(member.network, member.architecture, for: experiment)
    let data = worker.memberImages(
      of: member, network, in: experiment, partition,
      resizing: images.resizing(imageSize: experiment.data.imageSize),
      StreamedImages.Decoding(
        corruptImages: experiment.data.corruptImages, workers: decoders, skipped: { _ in }))
    let training = try MemberTraining(
      member, of: experiment, network: network, data: data, normalization: normalization,
      directory: nil, identity: identity, device: device, checkpointInterval: .standard,
      group: group)
    do {
      while true {
        if training.isAtSnapshot { try training.withOthersWaiting {} }
        if training.isComplete { break }
        let learningRate = training.learningRate
        if try training.step() { _ = try training.finishEpoch(learningRate: learningRate) }
        if group.isStopAgreed {
          try group.barrier()
          return false
        }
      }
    } catch TrainingError.lossNotFinite {
      // All processes see the same loss; the first one records it.
    }
    return true
  }
}
