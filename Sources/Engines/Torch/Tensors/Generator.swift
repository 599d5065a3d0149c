import CTorch

/// An explicit source of random numbers for libtorch operations; never libtorch's global one.
public final class Generator {
  let handle: ct_generator

  /// Creates a generator for operations on `device`.
  public init(seed: UInt64, device: Device = .cpu) throws(TorchError) {
    var created = ct_generator()
    try check("generator", ct_generator_new(seed, device.handle, &created))
    handle = created
  }

  deinit { ct_generator_free(handle) }

  /// Starts the stream that belongs to `seed`.
  public func reseed(_ seed: UInt64) throws(TorchError) {
    try check("generator.seed", ct_generator_set_seed(handle, seed))
  }
}
