import CTorch

extension Tensor {
  /// The same values as another type; the tensor itself where it has that type.
  public func converted(to type: ElementType) throws(TorchError) -> Tensor {
    try .make("to") { result in ct_to_type(handle, type.code, &result) }
  }

  /// The same values on another device; the tensor itself where it is there.
  public func moved(to device: Device) throws(TorchError) -> Tensor {
    try .make("to") { result in ct_to_device(handle, device.handle, &result) }
  }

  /// The same values in another memory format; the tensor itself where it has that format.
  public func contiguous(_ format: MemoryFormat = .contiguous) throws(TorchError) -> Tensor {
    try .make("contiguous") { result in ct_contiguous(handle, format.code, &result) }
  }

  /// A copy with elements of its own.
  public func clone() throws(TorchError) -> Tensor {
    try .make("clone") { result in ct_clone(handle, &result) }
  }

  /// The same elements, outside the graph of gradients.
  public func detached() throws(TorchError) -> Tensor {
    try .make("detach") { result in ct_detach(handle, &result) }
  }

  /// The same elements under another shape of the same count.
  public func reshaped(_ shape: [Int]) throws(TorchError) -> Tensor {
    try .make("reshape") { result in
      ct_reshape(handle, shape.map(Int64.init), shape.count, &result)
    }
  }

  /// The part `range` of `dimension`, sharing elements.
  public func narrowed(_ dimension: Int, _ range: Range<Int>) throws(TorchError) -> Tensor {
    try .make("narrow") { result in
      ct_narrow(handle, Int64(dimension), Int64(range.lowerBound), Int64(range.count), &result)
    }
  }

  /// Overwrites the elements with those of `source`, converted and broadcast as needed.
  public func copy(from source: Tensor) throws(TorchError) {
    try check("copy_", ct_copy_(handle, source.handle))
  }
}
