import CTorch

/// Work of a GPU, captured once and given to it again at the price of one launch.
///
/// A replay reads and writes the very tensors that were used while capturing: what changes from one to the next is copied
/// into them before. Not Sendable: it belongs to the thread that works with it.
public final class CUDAGraph {
  private let handle: ct_cuda_graph
  private let functions: ct_cuda_functions

  /// Captures what `body` does on the calling thread's stream of `device`, which must be a `CUDAStream` of its own. It is
  /// recorded, not carried out, and may not copy from or to fresh memory of the host, nor wait for the GPU.
  ///
  /// - Parameter generators: Those that `body` draws from; a replay draws on from the seed and place that they then have.
  /// - Throws: `TorchError` where the work cannot be captured, or what `body` throws.
  public init(device: Device, generators: [Generator] = [], capturing body: () throws -> Void)
    throws
  {
    let functions = try CUDALibrary.functions()
    var begun = ct_cuda_graph()
    try withExtendedLifetime(generators) { () throws(TorchError) in
      try check(
        "cuda_graph.begin",
        functions.graph_begin(device.handle, generators.map(\.handle), generators.count, &begun))
    }
    self.functions = functions
    handle = begun
    // A capture that is given up ends with the object.
    try body()
    try check("cuda_graph.end", functions.graph_end(handle))
  }

  deinit { functions.graph_free(handle) }

  /// Gives the work to the calling thread's stream of the device.
  public func replay() throws(TorchError) {
    try check("cuda_graph.replay", functions.graph_replay(handle))
  }
}
