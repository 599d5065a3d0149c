import CTorch

/// Processes that exchange tensors, by Gloo on the CPU and by NCCL on GPUs.
///
/// All must make the same calls in the same order. A call that another process does not answer throws a `TorchError` of
/// the code `connectionLost`. Not Sendable: it belongs to the thread that works with it.
public final class ProcessGroup {
  let handle: ct_process_group
  /// Of this process, from 0, and how many there are.
  public let rank, size: Int
  /// Where its tensors must be.
  public let device: Device

  /// Connects all processes that were given the same store.
  ///
  /// - Parameters:
  ///   - device: Of this process; the CPU stands for Gloo.
  ///   - address: This host's, by which the others reach it; nil leaves it to `GLOO_SOCKET_IFNAME`, or else the host's
  ///     name. NCCL finds its own.
  ///   - seconds: How long a call waits for another process.
  public init(
    _ store: ProcessStore, rank: Int, size: Int, device: Device = .cpu, address: String? = nil,
    seconds: Double
  ) throws(TorchError) {
    (self.rank, self.size, self.device) = (rank, size, device)
    var created = ct_process_group()
    switch device {
    case .cpu:
      try check(
        "process_group",
        ct_process_group_gloo(
          store.handle, Int32(rank), Int32(size), seconds, address, &created))
    case .cuda:
      try check(
        "process_group",
        ct_process_group_nccl(
          store.handle, Int32(rank), Int32(size), seconds, device.handle, &created))
    }
    handle = created
  }

  deinit { ct_process_group_free(handle) }

  /// Has this process's connections fail after so many seconds in which another host has not answered; without it, a host that is
  /// lost without a word is noticed by those that wait for it, when they have waited long enough.
  public static func watchConnections(seconds: Int32) throws(TorchError) {
    try check("watch_connections", ct_watch_connections(seconds))
  }

  /// The tensors of all processes, in the order of ranks, one after another along the first dimension.
  ///
  /// - Parameter tensor: Of at least one dimension, and of the same shape everywhere.
  public func allGather(_ tensor: Tensor) throws(TorchError) -> Tensor {
    let own = try tensor.moved(to: device).contiguous(.contiguous)
    var shape = try own.shape()
    shape[0] *= size
    let all = try Tensor.full(shape, 0, type: own.elementType(), device: device)
    try check("all_gather", ct_all_gather(handle, own.handle, all.handle))
    return all
  }

  /// Overwrites the tensor, which lies on the group's device, with that of the process `root`.
  public func broadcast(_ tensor: Tensor, from root: Int = 0) throws(TorchError) {
    try check("broadcast", ct_broadcast(handle, tensor.handle, Int32(root)))
  }
}
