import CTorch

/// What libCTorchCUDA offers, once it is loaded.
enum CUDALibrary {
  private static let loaded: Result<ct_cuda_functions, TorchError> = {
    // A structure of function pointers has no value to start from: its memory is written by the library.
    let functions = UnsafeMutablePointer<ct_cuda_functions>.allocate(capacity: 1)
    defer { functions.deallocate() }
    let status = ct_load_cuda_functions(functions)
    return Result { () throws(TorchError) in
      try check("load_cuda", status)
      return functions.pointee
    }
  }()

  /// The functions.
  ///
  /// - Throws: `TorchError` saying why there is no CUDA on this machine.
  static func functions() throws(TorchError) -> ct_cuda_functions { try loaded.get() }
}

/// How full a GPU is, in bytes.
public struct CUDAMemory: Hashable, Sendable {
  /// In tensors, and held by libtorch for tensors to come, those included.
  public let allocated, reserved: Int
  /// Of the whole GPU, all that use it included.
  public let free, total: Int

  /// Asks for the memory of a GPU.
  public init(of device: Device) throws(TorchError) {
    var memory = ct_cuda_memory()
    try check("cuda_memory", CUDALibrary.functions().memory(device.handle, &memory))
    (allocated, reserved) = (Int(memory.allocated), Int(memory.reserved))
    (free, total) = (Int(memory.free), Int(memory.total))
  }
}
