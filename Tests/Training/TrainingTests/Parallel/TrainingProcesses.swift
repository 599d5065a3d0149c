import Concurrency
import Datasets
import Networks
import Runs
import Synchronization
import Testing
import Torch

@testable import Training

/// Processes that train together, each a thread of this one, over the loopback.
enum TrainingProcesses {
  /// Runs `body` as each of `count` processes; without a group where there is one. Returns how each ended.
  ///
  /// - Parameter seconds: How long a call waits for another process.
  static func run<Value: Sendable>(
    _ count: Int, seconds: Double = 120,
    _ body: @escaping @Sendable (TrainingGroup?) throws -> Value
  ) throws -> [Result<Value, any Error>] {
    let host = try ProcessStore(host: "127.0.0.1", port: 0, isHost: true, seconds: 120)
    let port = try host.port()
    let results = Mutex<[Int: Result<Value, any Error>]>([:])
    WorkerThread.run(count) { rank in
      let result = Result {
        try Runtime.setThreads(1)
        guard count > 1 else { return try body(nil) }
        let store = try ProcessStore(host: "127.0.0.1", port: port, isHost: false, seconds: 120)
        let groups = try ["control", "gradients"].map { name in
          try ProcessGroup(
            store.prefixed(name), rank: rank, size: count, address: "127.0.0.1", seconds: seconds)
        }
        return try body(TrainingGroup(control: groups[0], gradients: groups[1]))
      }
      results.withLock { $0[rank] = result }
    }
    return try withExtendedLifetime(host) {
      try results.withLock { results in try (0..<count).map { try #require(results[$0]) } }
    }
  }

  /// The first member's state after so many steps, as each process has it.
  static func states(
    _ count: Int, of experiment: Experiment, network: Network, steps: Int
  ) throws -> [[Float]] {
    try run(count) { group in
      let dataset = try #require(experiment.data.procedural).dataset()
      let partition = try DataPartition(of: experiment, labels: dataset.train.labels)
      let images = RunImages.resident(dataset)
      let normalization = Normalization(of: images, training: partition.training)
      try Runtime.setDeterministic(true, allowTF32: false)
      let member = experiment.allMembers[0]
      let data = try WorkerImages(DeviceImages(images, partition, device: .cpu)).memberImages(
        of: member, network, in: experiment, partition, resizing: .none,
        StreamedImages.Decoding(corruptImages: .fail, workers: 1, skipped: { _ in }))
      let training = try MemberTraining(
        member, of: experiment, network: network, data: data, normalization: normalization,
        directory: nil, identity: "", device: .cpu, checkpointInterval: .standard, group: group)
      for _ in 0..<steps {
        let rate = training.learningRate
        if try training.step() { _ = try training.finishEpoch(learningRate: rate) }
      }
      return try training.result.state.flatMap { try $0.tensor.detached().elements(as: Float.self) }
    }.map { try $0.get() }
  }
}

/// The distance of two states over the length of the second.
func relativeDistance(_ a: [Float], _ b: [Float]) -> Double {
  let distance = zip(a, b).reduce(0.0) { sum, pair in
    sum + Double(pair.0 - pair.1) * Double(pair.0 - pair.1)
  }
  return (distance / b.reduce(0.0) { $0 + Double($1) * Double($1) }).squareRoot()
}
