import Files

/// How models are compiled and run.
public struct InferenceOptions: Hashable, Sendable {
  /// How many threads compute in all; at least 1.
  public var threads: Int
  /// In which numbers the processor computes. Float32 agrees with libtorch; others are faster on processors that have
  /// them.
  public var precision: Precision
  /// How many batches are computed at once, each on its share of the threads; at least 1.
  public var streams: Int
  /// Whether each thread stays on one processor; the engine decides where nil.
  public var isPinned: Bool?
  /// How the members of an ensemble share the threads.
  public var arrangement: Arrangement
  /// Where compiled models are kept for the next time; nowhere where nil.
  public var cacheDirectory: String?

  /// In which numbers the processor computes.
  public enum Precision: String, Codable, Hashable, Sendable, CaseIterable {
    case float32, bfloat16, float16
  }

  /// How the members of an ensemble share the threads.
  public enum Arrangement: String, Codable, Hashable, Sendable, CaseIterable {
    /// One after another, each on all threads of its stream.
    case inTurn
    /// Side by side, each on one thread.
    case sideBySide
    /// Whichever is quicker for the members and the batch, by their size.
    case automatic
  }

  /// Creates options; the rest is as one process alone on the machine wants it.
  public init(
    threads: Int, precision: Precision = .float32, streams: Int = 1,
    isPinned: Bool? = nil, arrangement: Arrangement = .automatic,
    cacheDirectory: String? = InferenceOptions.usualCacheDirectory
  ) {
    precondition(threads >= 1 && streams >= 1, "at least one thread and one stream")
    self.threads = threads
    self.precision = precision
    self.streams = streams
    self.isPinned = isPinned
    self.arrangement = arrangement
    self.cacheDirectory = cacheDirectory
  }

  /// `$XDG_CACHE_HOME/consort/openvino`, or `~/.cache/consort/openvino`; nil where neither is known.
  public static var usualCacheDirectory: String? {
    Directory.usualCache.map { "\($0)/openvino" }
  }

  /// OpenVINO's properties of a compiled model, without a cache.
  var properties: [(key: String, value: String)] {
    var properties = [
      ("INFERENCE_NUM_THREADS", String(threads)), ("NUM_STREAMS", String(min(streams, threads))),
      ("INFERENCE_PRECISION_HINT", precision.engineName),
      ("PERFORMANCE_HINT", streams > 1 ? "THROUGHPUT" : "LATENCY"),
    ]
    if let isPinned { properties.append(("ENABLE_CPU_PINNING", isPinned ? "YES" : "NO")) }
    return properties
  }
}

extension InferenceOptions.Precision {
  fileprivate var engineName: String {
    switch self {
    case .float32: "f32"
    case .bfloat16: "bf16"
    case .float16: "f16"
    }
  }
}
