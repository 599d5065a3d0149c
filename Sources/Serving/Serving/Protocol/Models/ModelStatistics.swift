/// What models have done since they were loaded: `GET /v2/models/stats` and `/v2/models/NAME/stats`.
package struct StatisticsAnswer: Hashable, Sendable, Encodable {
  /// One entry a model and version.
  package let modelStatistics: [ModelStatistics]

  private enum CodingKeys: String, CodingKey { case modelStatistics = "model_stats" }

  /// Puts entries together.
  package init(_ modelStatistics: [ModelStatistics]) { self.modelStatistics = modelStatistics }
}

/// What one model has done.
package struct ModelStatistics: Hashable, Sendable, Encodable {
  /// The model.
  package let name: String
  /// Its version.
  package let version: String
  /// When the last request came, in milliseconds since 1970; 0 for never.
  package var lastInferenceMilliseconds: UInt64 = 0
  /// Images answered.
  package var inferenceCount: UInt64 = 0
  /// Batches run.
  package var executionCount: UInt64 = 0
  /// Times of requests.
  package var requests = RequestDurations()
  /// Times of batches, by size.
  package var batches: [BatchDurations] = []
  /// Left empty, since what a model takes is not known apart from the process.
  package let memoryUsage: [Int] = []
  /// Left empty: every request has one answer.
  package let responses: [String: Int] = [:]

  private enum CodingKeys: String, CodingKey {
    case name, version
    case lastInferenceMilliseconds = "last_inference"
    case inferenceCount = "inference_count"
    case executionCount = "execution_count"
    case requests = "inference_stats"
    case batches = "batch_stats"
    case memoryUsage = "memory_usage"
    case responses = "response_stats"
  }

  /// A model that has done nothing yet.
  package init(name: String, version: String) { (self.name, self.version) = (name, version) }

  /// How often something happened, and how long it took in all.
  package struct Duration: Hashable, Sendable, Encodable {
    /// How often.
    package var count: UInt64 = 0
    /// How long in all, in nanoseconds.
    package var nanoseconds: UInt64 = 0

    private enum CodingKeys: String, CodingKey {
      case count
      case nanoseconds = "ns"
    }

    /// Nothing yet.
    package init() {}

    /// Adds one more.
    package mutating func add(nanoseconds: UInt64) {
      count &+= 1
      self.nanoseconds &+= nanoseconds
    }
  }

  /// Times of requests.
  package struct RequestDurations: Hashable, Sendable, Encodable {
    /// From the request to its answer.
    package var success = Duration()
    /// The same for requests without one.
    package var fail = Duration()
    /// Waiting for a batch.
    package var queue = Duration()
    /// Making the batch's input.
    package var computeInput = Duration()
    /// Running members.
    package var computeInfer = Duration()
    /// Making the answers.
    package var computeOutput = Duration()
    /// Nothing is cached.
    package let cacheHit = Duration()
    /// Nothing is cached.
    package let cacheMiss = Duration()

    private enum CodingKeys: String, CodingKey {
      case success, fail, queue
      case computeInput = "compute_input"
      case computeInfer = "compute_infer"
      case computeOutput = "compute_output"
      case cacheHit = "cache_hit"
      case cacheMiss = "cache_miss"
    }

    /// Nothing yet.
    package init() {}
  }

  /// Times of batches of one size.
  package struct BatchDurations: Hashable, Sendable, Encodable {
    /// Images a batch.
    package let batchSize: Int
    /// Making the batch's input.
    package var computeInput = Duration()
    /// Running members.
    package var computeInfer = Duration()
    /// Making the answers.
    package var computeOutput = Duration()

    private enum CodingKeys: String, CodingKey {
      case batchSize = "batch_size"
      case computeInput = "compute_input"
      case computeInfer = "compute_infer"
      case computeOutput = "compute_output"
    }

    /// Nothing yet.
    package init(batchSize: Int) { self.batchSize = batchSize }
  }
}
