import CTorch

/// A batch cut into shards, which one process has or several share.
///
/// What is summed over a batch is summed over its shards, in their order: the bits depend on the number of shards, and not
/// on that of processes.
public final class Sharding {
  let handle: ct_sharding
  /// The processes; nil for one alone.
  public let group: ProcessGroup?
  /// How many shards a batch has.
  public let shards: Int
  /// Those of this process.
  public let own: Range<Int>

  /// Cuts batches.
  ///
  /// - Parameters:
  ///   - shards: At least one a process.
  ///   - normalizesLocally: Whether batch normalisation goes by each shard's own statistics. Running statistics are those
  ///     of the whole batch in either case.
  public init(
    _ group: ProcessGroup?, shards: Int, normalizesLocally: Bool = false
  ) throws(TorchError) {
    self.group = group
    self.shards = shards
    let (rank, size) = (group?.rank ?? 0, group?.size ?? 1)
    own = shards * rank / size..<shards * (rank + 1) / size
    var created = ct_sharding()
    try check(
      "sharding",
      ct_sharding_new(
        group?.handle ?? ct_process_group(), Int32(rank), Int32(size), Int32(clamping: shards),
        normalizesLocally, &created))
    handle = created
  }

  deinit { ct_sharding_free(handle) }

  /// How long normalisations have waited for other processes since this was last asked.
  public func takeSecondsWaited() throws(TorchError) -> Double {
    var seconds = 0.0
    try check("sharding.seconds", ct_sharding_take_seconds(handle, &seconds))
    return seconds
  }

  /// One shard of this process, as batch normalisation sees it.
  public struct NormalizedShard {
    let input: Tensor
    let addend: Tensor?
    let layer: Tensor.BatchNormVectors
    let index: Int
    let isPlaceholder: Bool

    /// - Parameters:
    ///   - input: `[N, C, H, W]`.
    ///   - addend: Is added first.
    ///   - layer: Weight and bias may be the shard's own; the running statistics are the same for all.
    ///   - index: Of the shard, among all shards.
    ///   - isPlaceholder: Whether it only takes part because its process has no images.
    public init(
      _ input: Tensor, adding addend: Tensor? = nil, _ layer: Tensor.BatchNormVectors, index: Int,
      isPlaceholder: Bool
    ) {
      (self.input, self.addend, self.layer) = (input, addend, layer)
      (self.index, self.isPlaceholder) = (index, isPlaceholder)
    }
  }

  /// Batch normalisation of all shards together while training, with ReLU after it or not. The sums are those with the
  /// addends; empty where there are none.
  ///
  /// - Parameter momentum: The weight of the batch in the running statistics (PyTorch's sense).
  public func batchNorm(
    _ shards: [NormalizedShard], relu: Bool, momentum: Double, epsilon: Double
  ) throws(TorchError) -> (sums: [Tensor], outputs: [Tensor]) {
    guard let first = shards.first else { return ([], []) }
    let arguments = shards.map { shard in
      ct_normalized_shard(
        input: shard.input.handle, addend: shard.addend?.handle ?? ct_tensor(),
        weight: shard.layer.weight.handle, bias: shard.layer.bias.handle,
        index: Int32(shard.index - own.lowerBound), is_placeholder: shard.isPlaceholder)
    }
    var sums = [ct_tensor](repeating: ct_tensor(), count: shards.count)
    var results = sums
    try withExtendedLifetime(shards) { () throws(TorchError) in
      try check(
        "sharded_batch_norm",
        ct_sharded_batch_norm(
          handle, arguments, arguments.count, first.layer.runningMean.handle,
          first.layer.runningVariance.handle, relu, momentum, epsilon, &sums, &results))
    }
    return (
      first.addend == nil ? [] : sums.map(Tensor.init(owning:)), results.map(Tensor.init(owning:))
    )
  }
}

extension Tensor {
  /// What `dropout`, or with `byImage` `dropPath`, would multiply a map of `images` images by that is otherwise like this
  /// one.
  public func dropoutMask(
    images: Int, byImage: Bool, rate: Double, generator: Generator
  ) throws(TorchError) -> Tensor {
    try .make("dropout_mask") { result in
      ct_dropout_mask(handle, Int64(images), byImage, rate, generator.handle, &result)
    }
  }
}
