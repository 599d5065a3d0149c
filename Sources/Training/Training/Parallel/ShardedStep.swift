import Runs
import Torch

/// One step of a member whose batches are cut into shards: in this process alone, or with others.
package final class ShardedStep: MemberStep {
  private let model: Model
  private let shardedModel: ShardedModel
  private let optimizer: any Optimizer
  private let exchange: GradientExchange
  private let labelSmoothing: Double
  private let sharding: Sharding
  private let cut: BatchCut
  private let group: TrainingGroup?
  private let constants: Normalization.Constants
  private let generator: Generator
  private var sums = (loss: 0.0, correct: 0)

  /// - Parameter group: The processes that train the member; nil for this one alone.
  package init(
    _ model: Model, _ optimizer: any Optimizer, _ normalization: Normalization, _ recipe: Recipe,
    _ group: TrainingGroup?
  ) throws {
    (self.model, self.optimizer, self.group) = (model, optimizer, group)
    let shards = recipe.reproducible == true ? BatchCut.reproducibleShards : group?.size ?? 1
    func cut(_ processes: ProcessGroup?) throws -> Sharding {
      try Sharding(processes, shards: shards, normalizesLocally: recipe.batchNorm == .local)
    }
    sharding = try cut(group?.control)
    self.cut = BatchCut(sharding, pieceSize: recipe.pieceSize)
    labelSmoothing = recipe.labelSmoothing
    shardedModel = try ShardedModel(model, sharding)
    exchange = try shardedModel.exchange(cut(group?.gradients))
    constants = try Normalization.Constants(normalization, device: model.device)
    generator = try Generator(seed: 0, device: model.device)
  }

  /// What a shard of a step is about, over all pieces.
  private struct Tally {
    var loss = 0.0
    var correct = 0.0
    var images = 0.0
  }

  package func run(_ place: StepPlace, from source: any BatchSource) throws -> Int {
    let batch = try source.shards(epoch: place.epoch, step: place.step, cut)
    var tallies = [Tally](repeating: Tally(), count: sharding.own.count)
    for (_, images) in batch.pieces {
      for (number, images) in images.enumerated() { tallies[number].images += Double(images.count) }
    }
    let start = try gathered(
      tallies.map { [$0.images] }, stopIsWished: group?.stopIsWished() ?? false, place)
    group?.isStopAgreed = start.stopIsWished
    let counts = start.rows.map { $0[0] }
    let total = counts.reduce(0, +)
    guard total > 0 else { return 0 }
    try generator.reseed(place.dropoutSeed)
    for (index, piece) in batch.pieces.enumerated() {
      let isLast = index == batch.pieces.count - 1
      try backward(piece, total: total, counts: isLast ? counts : nil, &tallies)
    }
    let waited = try exchange.finish()
    group?.count(secondsWaited: try waited + sharding.takeSecondsWaited())
    try optimizer.step(learningRate: place.learningRate)
    let end = try gathered(
      tallies.map { [$0.loss, $0.correct] }, stopIsWished: false, place)
    for row in end.rows {
      sums.loss += row[0]
      sums.correct += Int(row[1])
    }
    return Int(total)
  }

  /// The gradients of one piece.
  ///
  /// - Parameter counts: Images of each shard of all processes, where it is the last piece.
  private func backward(
    _ piece: (piece: BatchCut.Piece, images: [BatchImages]), total: Double, counts: [Double]?,
    _ tallies: inout [Tally]
  ) throws {
    let offset = piece.piece.places.lowerBound
    var shards: [ShardedModel.Shard] = []
    var labels: [Tensor] = []
    for (part, images) in zip(piece.piece.parts, piece.images) where images.count > 0 {
      let tensors = try images.tensors(on: model.device)
      shards.append(
        ShardedModel.Shard(
          number: part.shard, images: try constants.normalized(tensors.images()),
          places: part.places.lowerBound - offset..<part.places.upperBound - offset,
          isPlaceholder: false))
      labels.append(try tensors.labels())
    }
    if shards.isEmpty {
      let input = model.network.input
      shards = [
        ShardedModel.Shard(
          number: sharding.own.lowerBound,
          images: try .zeros([1, input.channels, input.height, input.width], device: model.device),
          places: 0..<0, isPlaceholder: true)
      ]
      labels = [try .full([1], 0, type: .int64, device: model.device)]
    }
    if let counts {
      let running = Set(shards.map(\.number))
      try exchange.begin(
        runs: sharding.own.map(running.contains), counts: counts.map { $0 > 0 })
    }
    let logits = try shardedModel.logits(
      shards, pieceCount: piece.piece.places.count, generator: generator)
    var objective: Tensor?
    for (number, shard) in shards.enumerated() {
      let loss = try logits[number].memberLoss {
        try $0.crossEntropy(labels[number], labelSmoothing: labelSmoothing)
      }
      let count = shard.isPlaceholder ? 0 : Double(try labels[number].shape()[0])
      let share = try loss.multiplied(by: .full([], count / total, device: model.device))
      objective = try objective.map { try $0.adding(share) } ?? share
      guard !shard.isPlaceholder else { continue }
      let tally = shard.number - sharding.own.lowerBound
      tallies[tally].loss += try loss.detached().scalar() * count
      tallies[tally].correct += try logits[number].detached().memberMean().argMax(1)
        .isEqual(to: labels[number]).sum().scalar()
    }
    try objective?.backward()
  }

  /// Rows of this process's shards, as those of all, and whether any process wishes to stop.
  private func gathered(
    _ rows: [[Double]], stopIsWished: Bool, _ place: StepPlace
  ) throws -> (rows: [[Double]], stopIsWished: Bool) {
    guard let group else { return (rows, stopIsWished) }
    return try group.gathered(
      rows, of: sharding, stopIsWished: stopIsWished, at: (place.epoch, place.step))
  }

  package func takeSums() throws -> (loss: Double, correct: Int) {
    defer { sums = (0, 0) }
    return sums
  }
}
