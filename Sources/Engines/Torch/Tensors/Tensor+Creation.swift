import CTorch

extension Tensor {
  /// A tensor of `shape` whose elements all are `value`.
  public static func full(
    _ shape: [Int], _ value: Double, type: ElementType = .float32, device: Device = .cpu
  ) throws(TorchError) -> Tensor {
    try make("full") { result in
      ct_full(shape.map(Int64.init), shape.count, value, type.code, device.handle, &result)
    }
  }

  /// A float32 tensor of zeros.
  public static func zeros(_ shape: [Int], device: Device = .cpu) throws(TorchError) -> Tensor {
    try full(shape, 0, device: device)
  }

  /// A float32 tensor on the CPU, drawn from a normal distribution of mean 0.
  public static func normal(
    _ shape: [Int], standardDeviation: Double, generator: Generator
  ) throws(TorchError) -> Tensor {
    try make("normal") { result in
      ct_normal(
        shape.map(Int64.init), shape.count, standardDeviation, generator.handle, &result)
    }
  }

  /// A float32 tensor on the CPU, drawn evenly from `-bound..<bound`.
  public static func uniform(
    _ shape: [Int], bound: Double, generator: Generator
  ) throws(TorchError) -> Tensor {
    try make("uniform") { result in
      ct_uniform(shape.map(Int64.init), shape.count, bound, generator.handle, &result)
    }
  }

  /// A tensor on the CPU with a copy of `elements`, row-major.
  ///
  /// - Throws: `TorchError` where their number is not the product of `shape`.
  public convenience init<Element: TensorElement>(
    _ elements: [Element], shape: [Int]
  ) throws(TorchError) {
    var result = ct_tensor()
    let status = elements.withUnsafeBytes { bytes in
      ct_from_bytes(
        bytes.baseAddress, bytes.count, shape.map(Int64.init), shape.count,
        Element.elementType.code, &result)
    }
    try check("from_bytes", status)
    self.init(owning: result)
  }

  /// A tensor on the CPU over memory that `owner` keeps alive and unchanged; nothing is copied.
  ///
  /// - Parameters:
  ///   - bytes: Row-major elements, as many as `shape` says; valid as long as `owner` lives.
  ///   - owner: Retained until libtorch releases the memory.
  /// - Throws: `TorchError` where the number of bytes is not that of `shape`.
  public static func borrowing(
    _ bytes: UnsafeRawBufferPointer, shape: [Int], type: ElementType, owner: AnyObject & Sendable
  ) throws(TorchError) -> Tensor {
    guard let base = bytes.baseAddress else {
      throw TorchError(code: .other, operation: "from_blob", message: "no bytes to borrow")
    }
    let retained = Unmanaged.passRetained(owner)
    do {
      return try make("from_blob") { result in
        ct_borrow_bytes(
          base, bytes.count, shape.map(Int64.init), shape.count, type.code, retained.toOpaque(),
          { Unmanaged<AnyObject>.fromOpaque($0).release() }, &result)
      }
    } catch {
      retained.release()
      throw error
    }
  }

  /// A copy of the elements, row-major whatever the memory format and the device.
  ///
  /// - Throws: `TorchError` where the elements are of another type.
  public func elements<Element: TensorElement>(
    as type: Element.Type = Element.self
  ) throws(TorchError) -> [Element] {
    let actual = try elementType()
    guard actual == Element.elementType else {
      throw TorchError(
        code: .other, operation: "elements",
        message: "the elements are \(actual), not \(Element.elementType)")
    }
    let count = try shape().reduce(1, *)
    var status = CT_OK
    let result = [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      status = ct_copy_bytes(handle, buffer.baseAddress, count * MemoryLayout<Element>.stride)
      initialized = status == CT_OK ? count : 0
    }
    try check("copy_bytes", status)
    return result
  }

  /// The only element, as a Double.
  public func scalar() throws(TorchError) -> Double {
    let values: [Double] = try converted(to: .float64).elements()
    guard values.count == 1 else {
      throw TorchError(
        code: .other, operation: "scalar", message: "\(values.count) elements, not one")
    }
    return values[0]
  }
}
