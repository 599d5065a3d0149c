import CTorch

/// Gradients summed over the shards of all processes, a bucket of parameters at a time, while `backward` goes on.
public final class GradientExchange {
  private let handle: ct_gradient_exchange
  private let sharding: Sharding
  private let parameters: [Tensor]
  private let leaves: [[Tensor]]

  /// Prepares the buckets, which hold the parameters from the last to the first and never change.
  ///
  /// - Parameters:
  ///   - parameters: Get the sums as their gradients. Dense float32.
  ///   - leaves: For each shard of this process, what its gradients arrive at: a tensor for each parameter, which lies in
  ///     memory as the parameter does.
  ///   - bucketBytes: About how much a bucket holds.
  public init(
    _ sharding: Sharding, parameters: [Tensor], leaves: [[Tensor]], bucketBytes: Int = 2 << 20
  ) throws(TorchError) {
    (self.sharding, self.parameters, self.leaves) = (sharding, parameters, leaves)
    var created = ct_gradient_exchange()
    try check(
      "gradient_exchange",
      ct_gradient_exchange_new(
        sharding.handle, parameters.map(\.handle), parameters.count,
        leaves.flatMap { $0.map(\.handle) }, leaves.count, Int64(bucketBytes), &created))
    handle = created
  }

  deinit { ct_gradient_exchange_free(handle) }

  /// Goes before the last `backward` of a step.
  ///
  /// - Parameters:
  ///   - runs: Whether each shard of this process takes part in it.
  ///   - counts: Whether each shard of all processes is summed.
  public func begin(runs: [Bool], counts: [Bool]) throws(TorchError) {
    precondition(runs.count == sharding.own.count && counts.count == sharding.shards)
    try check("gradient_exchange.begin", ct_gradient_exchange_begin(handle, runs, counts))
  }

  /// Comes after it: the parameters have their gradients, and the leaves none.
  ///
  /// - Returns: The seconds that it waited.
  public func finish() throws(TorchError) -> Double {
    var seconds = 0.0
    try check("gradient_exchange.finish", ct_gradient_exchange_finish(handle, &seconds))
    return seconds
  }
}
