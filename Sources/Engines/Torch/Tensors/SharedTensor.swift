import CTorch

/// A tensor's elements for several threads to read, none of which may change them.
///
/// The handle is never changed, and libtorch counts the references to the elements atomically, so any thread may make
/// itself a `Tensor` of them.
public final class SharedTensor: Sendable {
  // The address of the handle as an integer, because pointers are not Sendable.
  private let address: UInt

  /// Shares the elements of `tensor`; work on them must be done (`Device.synchronize`).
  public init(_ tensor: Tensor) throws(TorchError) {
    var shared = ct_tensor()
    try check("detach", ct_detach(tensor.handle, &shared))
    address = UInt(bitPattern: shared.pointer)
  }

  deinit { ct_tensor_free(handle) }

  private var handle: ct_tensor { ct_tensor(pointer: UnsafeMutableRawPointer(bitPattern: address)) }

  /// The elements, for the calling thread.
  public func tensor() throws(TorchError) -> Tensor {
    try .make("detach") { result in ct_detach(handle, &result) }
  }
}
