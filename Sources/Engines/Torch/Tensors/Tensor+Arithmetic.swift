import CTorch

extension Tensor {
  /// The element-wise sum, broadcast.
  public func adding(_ other: Tensor) throws(TorchError) -> Tensor {
    try .make("add") { result in ct_add(handle, other.handle, &result) }
  }

  /// Adds `other`, broadcast, in place.
  public func add(_ other: Tensor) throws(TorchError) {
    try check("add_", ct_add_(handle, other.handle))
  }

  /// Subtracts `other`, broadcast, in place.
  public func subtract(_ other: Tensor) throws(TorchError) {
    try check("sub_", ct_sub_(handle, other.handle))
  }

  /// Multiplies by `other`, broadcast, in place.
  public func multiply(_ other: Tensor) throws(TorchError) {
    try check("mul_", ct_mul_(handle, other.handle))
  }

  /// The element-wise product, broadcast.
  public func multiplied(by other: Tensor) throws(TorchError) -> Tensor {
    try .make("mul") { result in ct_mul(handle, other.handle, &result) }
  }

  /// The sum of all elements, of rank 0.
  public func sum() throws(TorchError) -> Tensor {
    try .make("sum") { result in ct_sum(handle, &result) }
  }

  /// The mean over `dimensions`, which go unless they are kept with size 1.
  public func mean(
    over dimensions: [Int], keepingDimensions: Bool = false
  ) throws(TorchError) -> Tensor {
    try .make("mean") { result in
      ct_mean(handle, dimensions.map(Int64.init), dimensions.count, keepingDimensions, &result)
    }
  }

  /// The int64 index of the largest element along `dimension`, which goes.
  public func argMax(_ dimension: Int) throws(TorchError) -> Tensor {
    try .make("argmax") { result in ct_argmax(handle, Int64(dimension), &result) }
  }

  /// Whether the elements are equal, one by one: bool.
  public func isEqual(to other: Tensor) throws(TorchError) -> Tensor {
    try .make("eq") { result in ct_equal(handle, other.handle, &result) }
  }

  /// The slices of `dimension` that the int64 vector `indices` names, copied.
  public func indexSelect(_ dimension: Int, _ indices: Tensor) throws(TorchError) -> Tensor {
    try .make("index_select") { result in
      ct_index_select(handle, Int64(dimension), indices.handle, &result)
    }
  }

  /// Advanced indexing: int64 `indices[k]` indexes dimension k; they broadcast to the result's shape.
  public func gather(_ indices: [Tensor]) throws(TorchError) -> Tensor {
    try withExtendedLifetime(indices) { () throws(TorchError) in
      try .make("index") { result in
        ct_index(handle, indices.map(\.handle), indices.count, &result)
      }
    }
  }
}

extension [Tensor] {
  /// Moves each tensor by the share `weight` of its distance to the source at the same place, in place, all at once.
  public func interpolate(towards sources: [Tensor], weight: Double) throws(TorchError) {
    precondition(count == sources.count, "as many sources as targets")
    try withExtendedLifetime((self, sources)) { () throws(TorchError) in
      try check(
        "foreach_lerp_", ct_foreach_lerp_(map(\.handle), sources.map(\.handle), count, weight))
    }
  }
}
