import Networks
import Torch

/// A model that runs this process's shards of a batch side by side: each step of the network for all shards, so that
/// normalisations see them together, with those of other processes.
final class ShardedModel {
  /// What is trained.
  private let model: Model
  private let sharding: Sharding
  /// One a shard: the same weights, to which each shard's gradients arrive apart.
  private let replicas: [Model]

  init(_ model: Model, _ sharding: Sharding) throws {
    (self.model, self.sharding) = (model, sharding)
    replicas = try sharding.own.map { _ in try model.withOwnLeaves() }
  }

  /// What gives the model's parameters the gradients of all shards.
  ///
  /// - Parameter sharding: The same shards, on connections of their own: gradients travel while normalisations do.
  func exchange(_ sharding: Sharding) throws -> GradientExchange {
    try GradientExchange(
      sharding, parameters: model.trainableTensors, leaves: replicas.map(\.trainableTensors))
  }

  /// A shard of a piece, on its way through the network.
  struct Shard {
    /// Among all shards.
    let number: Int
    /// `[N, C, H, W]`, float32, normalised.
    let images: Tensor
    /// Its places in the piece, of which its images are the first ones.
    let places: Range<Int>
    /// Whether it has no images and takes part only so that the other processes are answered.
    let isPlaceholder: Bool
  }

  /// Runs the shards of a piece of `pieceCount` images while training; returns the logits of each.
  ///
  /// - Parameter generator: For dropout. Each image gets what it would get in a process that has the whole piece.
  func logits(_ shards: [Shard], pieceCount: Int, generator: Generator) throws -> [Tensor] {
    let models = shards.map { replicas[$0.number - sharding.own.lowerBound] }
    var alive = try zip(models, shards).map { model, shard in try model.input(shard.images) }
    let plan = model.plan(training: true)
    for (index, step) in plan.steps.enumerated() {
      switch step {
      case .batchNormRelu(let normalization, let relu):
        try normalize(normalization, as: relu.name, relu: true, adding: nil, shards, models, &alive)
      case .addBatchNormRelu(let add, let normalization, let relu):
        try normalize(normalization, as: relu.name, relu: true, adding: add, shards, models, &alive)
      case .layer(let layer):
        switch layer.operation {
        case .batchNorm:
          try normalize(layer, as: layer.name, relu: false, adding: nil, shards, models, &alive)
        case .dropout(let rate):
          try drop(layer, rate, byImage: false, shards, models, &alive, pieceCount, generator)
        case .dropPath(let rate):
          try drop(layer, rate, byImage: true, shards, models, &alive, pieceCount, generator)
        default:
          for (number, model) in models.enumerated() {
            try model.run(step, in: &alive[number], training: true, generator: nil)
          }
        }
      }
      for input in plan.lastRead[index] {
        for number in alive.indices { alive[number][input] = nil }
      }
    }
    return try zip(models, alive).map { model, alive in try model.logits(alive) }
  }

  private func normalize(
    _ layer: Layer, as name: String, relu: Bool, adding add: Layer?, _ shards: [Shard],
    _ models: [Model], _ alive: inout [[String: Tensor]]
  ) throws {
    let (_, epsilon, momentum) = try model.batchNorm(layer)
    let inputs = try shards.indices.map { number in
      let (model, tensors) = (models[number], alive[number])
      return Sharding.NormalizedShard(
        try model.input(0, of: add ?? layer, tensors),
        adding: try add.map { try model.input(1, of: $0, tensors) },
        try model.batchNorm(layer).vectors, index: shards[number].number,
        isPlaceholder: shards[number].isPlaceholder)
    }
    let (sums, outputs) = try sharding.batchNorm(
      inputs, relu: relu, momentum: momentum, epsilon: epsilon)
    for number in shards.indices {
      if let add { alive[number][add.name] = sums[number] }
      alive[number][name] = outputs[number]
    }
  }

  /// Draws for the whole piece, and gives each shard what is its own.
  private func drop(
    _ layer: Layer, _ rate: Double, byImage: Bool, _ shards: [Shard], _ models: [Model],
    _ alive: inout [[String: Tensor]], _ pieceCount: Int, _ generator: Generator
  ) throws {
    var mask: Tensor?
    for (number, shard) in shards.enumerated() {
      let input = try models[number].input(0, of: layer, alive[number])
      let whole =
        try mask
        ?? input.dropoutMask(
          images: max(1, pieceCount), byImage: byImage, rate: rate, generator: generator)
      mask = whole
      let first = shard.isPlaceholder ? 0 : shard.places.lowerBound
      let own = try whole.narrowed(0, first..<first + input.shape()[0])
      alive[number][layer.name] = try input.multiplied(by: own)
    }
  }
}
