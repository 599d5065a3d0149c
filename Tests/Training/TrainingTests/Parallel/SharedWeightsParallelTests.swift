import ArchitectureSearch
import Datasets
import Networks
import Runs
import SearchRuns
import Synchronization
import Testing
import Torch

@testable import SearchTraining
@testable import Training

/// Weights that the networks of a search space share, trained by several processes.
@Suite(.serialized) struct SharedWeightsParallelTests {
  /// A layer of each kind whose shared weights have parts that lie apart in memory.
  private static let space: any SearchSpace = MobileSpace(
    inputSize: 8, classes: 10, stem: 8, stemStride: 1, head: 32,
    stages: [
      .init(
        stride: 2, kernelSizes: [3, 5], expansions: [1, 2], squeezeRatios: [0, 0.25],
        blocks: [1, 2], channels: [8, 16], skips: [true, false])
    ], dropout: 0.2, dropPathRate: 0.1, conventions: .symmetric)

  private static func experiment(reproducible: Bool?) -> Experiment {
    var recipe = Recipe(.fast)
    (recipe.epochs, recipe.batchSize, recipe.reproducible) = (3, 24, reproducible)
    return Experiment(
      name: "shared",
      data: DataSelection(
        procedural: ProceduralImages(imageSize: 8, trainCount: 90, testCount: 30, seed: 3),
        holdOut: 20),
      members: [], recipe: recipe, seed: 5)
  }

  /// The weights after `steps` steps, as each of so many processes has them.
  private static func weights(
    _ processes: Int, reproducible: Bool?, steps: Int
  ) throws -> [[Float]] {
    try TrainingProcesses.run(processes) { group in
      let experiment = experiment(reproducible: reproducible)
      let images = RunImages.resident(try #require(experiment.data.procedural).dataset())
      try Runtime.setDeterministic(true, allowTF32: false)
      let directory = SearchDirectory(path: "none")
      let work = try ArchitectureWork(
        experiment, on: images, setup: SearchSetup(directory: directory))
      let training = try SupernetworkTraining(
        experiment, space: space, parameters: SharedWeights.largestParameters(of: space), place: 0,
        images: work.memberImages(ofSpace: space, place: 0, work.workerImages()),
        normalization: work.normalization, directory: nil, identity: "", device: .cpu, group: group)
      // Asked once a step: before it in a group, whose processes all agree, and after it without one.
      let asked = Atomic(0)
      let shouldStop: @Sendable () -> Bool = { asked.add(1, ordering: .relaxed).newValue == steps }
      group?.setWish(shouldStop)
      #expect(try training.run(shouldStop: shouldStop, observe: { _, _, _ in }) == false)
      #expect(training.stepsTaken == steps)
      return try training.weights.state.flatMap {
        try $0.tensor.detached().elements(as: Float.self)
      }
    }.map { try $0.get() }
  }

  @Test func afterThreeStepsTheyAreThoseOfOneProcess() throws {
    let alone = try Self.weights(1, reproducible: nil, steps: 3)[0]
    for processes in [2, 3] {
      let together = try Self.weights(processes, reproducible: nil, steps: 3)
      #expect(together.allSatisfy { $0 == together[0] })
      #expect(relativeDistance(together[0], alone) < 1e-5)
    }
    // Of one step they differ far more.
    #expect(relativeDistance(try Self.weights(1, reproducible: nil, steps: 2)[0], alone) > 1e-3)
  }

  @Test func reproducibleOnesHaveTheSameBitsForAnyNumber() throws {
    let alone = try Self.weights(1, reproducible: true, steps: 8)[0]
    for processes in [2, 3, 4] {
      #expect(
        try Self.weights(processes, reproducible: true, steps: 8).allSatisfy { $0 == alone },
        "\(processes) processes")
    }
  }
}
