import CTorch

/// Where a tensor lives and its operations run.
public enum Device: Hashable, Sendable, CustomStringConvertible {
  /// The host's processor.
  case cpu
  /// The NVIDIA GPU of that index.
  case cuda(Int)

  /// "cpu" or "cuda:0".
  public var description: String {
    switch self {
    case .cpu: "cpu"
    case .cuda(let index): "cuda:\(index)"
    }
  }

  var handle: ct_device {
    switch self {
    case .cpu: ct_device(index: -1)
    case .cuda(let index): ct_device(index: Int32(clamping: index))
    }
  }

  /// Waits until all work given to the device is done; at once on the CPU.
  public func synchronize() throws(TorchError) {
    try check("synchronize", ct_synchronize(handle))
  }
}
