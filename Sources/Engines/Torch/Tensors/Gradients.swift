import CTorch

/// Runs `body` without recording operations for gradients, on this thread.
///
/// - Throws: `TorchError` where recording cannot be switched, or what `body` throws.
public func withoutGradients<R>(_ body: () throws -> R) throws -> R {
  var earlier = true
  try check("set_grad_mode", ct_set_gradient_mode(false, &earlier))
  defer {
    var ignored = false
    // Restoring cannot fail: it sets a thread-local flag.
    _ = ct_set_gradient_mode(earlier, &ignored)
  }
  return try body()
}

extension Tensor {
  /// Marks a leaf as one to compute the gradient for, or not.
  public func setRequiresGradient(_ required: Bool = true) throws(TorchError) {
    try check("requires_grad_", ct_set_requires_gradient(handle, required))
  }

  /// Adds the gradient of this scalar to every leaf that requires one.
  public func backward() throws(TorchError) {
    try check("backward", ct_backward(handle))
  }

  /// The gradient accumulated so far; nil where there is none.
  public func gradient() throws(TorchError) -> Tensor? {
    var result = ct_tensor()
    try check("grad", ct_gradient(handle, &result))
    return result.pointer == nil ? nil : Tensor(owning: result)
  }

  /// Forgets the gradient and frees its memory.
  public func clearGradient() throws(TorchError) {
    try check("clear_grad", ct_clear_gradient(handle))
  }
}
