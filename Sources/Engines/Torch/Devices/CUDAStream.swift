import CTorch

/// A queue of work of its own on a GPU, beside those of other threads.
///
/// Not Sendable: it belongs to the thread that works with it.
public final class CUDAStream {
  private let handle: ct_cuda_stream
  private let functions: ct_cuda_functions

  /// Takes a stream of `device` that nothing else uses.
  public init(device: Device) throws(TorchError) {
    functions = try CUDALibrary.functions()
    var created = ct_cuda_stream()
    try check("cuda_stream", functions.stream_new(device.handle, &created))
    handle = created
  }

  deinit { functions.stream_free(handle) }

  /// Runs `body` with this as the calling thread's stream of its device: after the work of the earlier one, which then
  /// waits for the work of this one.
  ///
  /// - Throws: `TorchError` where the streams cannot be switched, or what `body` throws.
  public func run<R>(_ body: () throws -> R) throws -> R {
    var earlier = ct_cuda_stream()
    try check("cuda_stream.enter", functions.stream_enter(handle, &earlier))
    let result = Result { try body() }
    let left = functions.stream_leave(earlier)
    let value = try result.get()
    try check("cuda_stream.leave", left)
    return value
  }

  /// Waits until its work is done.
  public func synchronize() throws(TorchError) {
    try check("cuda_stream.synchronize", functions.stream_synchronize(handle))
  }
}
