import CTorch

/// libtorch itself: its version, threads and process-wide settings.
public enum Runtime {
  /// The version of the libtorch that is loaded, such as "2.11.0".
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
  /// A training step needs the same blocks as the one before; the system would clear and map their pages anew. Nothing
  /// happens where `Substitute.cachingAllocator` is off.
  public static func keepMemory() throws(TorchError) {
    try check("keep_memory", ct_keep_memory())
  }

  /// Whether `keepMemory()` took effect.
  package static var keepsMemory: Bool { ct_keeps_memory() }

  /// Gives kept memory that no tensor uses back to the system.
  public static func releaseMemory() throws(TorchError) {
    try check("release_memory", ct_release_memory())
  }

  /// What replaces libtorch's own on the CPU. An environment variable with the value 0 turns each off.
  package enum Substitute: String, CaseIterable, Sendable {
    /// `CONSORT_WINOGRAD`: 3 x 3 convolutions of stride 1.
    case winograd = "Winograd's convolution"
    /// `CONSORT_FUSED_NORMALIZATION`: batch normalisation with ReLU, and with the addition before it.
    case fusedNormalization = "fused normalization"
    /// `CONSORT_CACHING_ALLOCATOR`: large blocks of memory kept for the next tensor.
    case cachingAllocator = "the caching allocator"
  }

  /// Whether the process uses the substitute. All are off with another libtorch than the one Consort is tested with, and
  /// a line on standard error says so.
  package static func uses(_ substitute: Substitute) -> Bool {
    switch substitute {
    case .winograd: ct_uses(CT_WINOGRAD)
    case .fusedNormalization: ct_uses(CT_FUSED_NORMALIZATION)
    case .cachingAllocator: ct_uses(CT_CACHING_ALLOCATOR)
    }
  }

  /// The version, with what is off, which changes the bits of a training: "2.11.0 without fused normalization".
  package static var description: String {
    let off = Substitute.allCases.filter { !uses($0) }.map(\.rawValue)
    return version + (off.isEmpty ? "" : " without " + off.joined(separator: ", "))
  }

  /// Decides for the process which substitutes it uses, from the environment as it is now, as with this libtorch.
  ///
  /// - Parameter version: Of libtorch, to try another than the one that is loaded.
  package static func chooseSubstitutes(version: String = Runtime.version) throws(TorchError) {
    try check("choose_substitutes", ct_choose_substitutes(version))
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
