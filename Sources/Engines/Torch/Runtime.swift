import CTorch

/// libtorch itself: its version, threads and process-wide settings.
public enum Runtime {
  /// The version of libtorch, such as "2.11.0".
  public static var version: String { String(cString: ct_version()) }

  /// How libtorch was built: compilers, oneDNN, vector extensions; several lines.
  public static var buildDescription: String {
    var buffer = [CChar](repeating: 0, count: 4096)
    guard ct_build_description(&buffer, buffer.count) == CT_OK else { return "" }
    return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// How many tensors and generators are alive in the process, to find leaks in tests.
  public static var liveHandles: Int { Int(ct_live_handles()) }

  /// Sets how many threads one operation uses, for the calling thread.
  public static func setThreads(_ count: Int) throws(TorchError) {
    try check("set_num_threads", ct_set_threads(Int32(clamping: count)))
  }

  /// How many threads an operation that Consort adds to libtorch's is shared among, on the calling thread: 1 where
  /// libtorch's thread library has not been found.
  public static func sharingThreads() throws(TorchError) -> Int {
    var count: Int32 = 0
    try check("sharing_threads", ct_sharing_threads(&count))
    return Int(count)
  }

  /// How many threads one operation uses on the calling thread.
  public static func threads() throws(TorchError) -> Int {
    var count: Int32 = 0
    try check("get_num_threads", ct_get_threads(&count))
    return Int(count)
  }

  /// Sets, for the process, whether operations without a deterministic implementation are refused, and whether
  /// NVIDIA's TF32 may replace float32 in multiplications.
  public static func setDeterministic(_ deterministic: Bool, allowTF32: Bool) throws(TorchError) {
    try check("set_deterministic", ct_set_deterministic(deterministic, allowTF32))
  }

  /// Keeps large blocks of CPU memory for the next tensor of their size, for the process.
  ///
  /// A training step needs the same blocks as the one before; the system would clear and map their pages anew.
  public static func keepMemory() throws(TorchError) {
    try check("keep_memory", ct_keep_memory())
  }

  /// Gives kept memory that no tensor uses back to the system.
  public static func releaseMemory() throws(TorchError) {
    try check("release_memory", ct_release_memory())
  }

  /// Loads libtorch's CUDA library and returns the number of GPUs.
  ///
  /// - Throws: `TorchError` saying why there is no CUDA on this machine.
  public static func loadCUDA() throws(TorchError) -> Int {
    var count: Int32 = 0
    try check("load_cuda", ct_load_cuda(&count))
    return Int(count)
  }
}
