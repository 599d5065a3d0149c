/// A model in the form of Triton's configuration, as far as clients read it: `GET /v2/models/NAME/config`.
///
/// perf_analyzer asks for it before it sends anything. Its platform is never "ensemble", of which it would ask for every member as a
/// model of its own.
package struct ModelConfiguration: Hashable, Sendable, Encodable {
  /// The model's name.
  package let name: String
  /// What runs it.
  package let platform: String
  /// The same, for newer clients.
  package let backend: String
  /// The most images of a request; above 0, which says that each shape's first dimension is the batch.
  package let maxBatchSize: Int
  /// What it takes, without the batch.
  package let input: [Tensor]
  /// What it gives, without the batch.
  package let output: [Tensor]
  /// That requests are batched.
  package let dynamicBatching: DynamicBatching
  /// That each request has one answer.
  package let modelTransactionPolicy = TransactionPolicy()
  /// Which versions are served.
  package let versionPolicy = VersionPolicy()

  private enum CodingKeys: String, CodingKey {
    case name, platform, backend, input, output
    case maxBatchSize = "max_batch_size"
    case dynamicBatching = "dynamic_batching"
    case modelTransactionPolicy = "model_transaction_policy"
    case versionPolicy = "version_policy"
  }

  /// An input or output.
  package struct Tensor: Hashable, Sendable, Encodable {
    /// Its name.
    package let name: String
    /// Such as `TYPE_FP32`.
    package let type: String
    /// Its dimensions without the batch.
    package let dims: [Int]
    /// Whether requests may leave it out; nil for outputs.
    package let optional: Bool?

    private enum CodingKeys: String, CodingKey {
      case name, dims, optional
      case type = "data_type"
    }

    init(_ tensor: TensorDescription, isInput: Bool) {
      name = tensor.name
      optional = isInput ? tensor.isOptional : nil
      type = tensor.type == .bytes ? "TYPE_STRING" : "TYPE_\(tensor.type.rawValue)"
      let dimensions = Array(tensor.shape.dropFirst())
      // Triton has no tensor without dimensions beside the batch.
      dims = dimensions.isEmpty ? [1] : dimensions
    }
  }

  /// How requests are batched.
  package struct DynamicBatching: Hashable, Sendable, Encodable {
    /// The batch sizes that are waited for.
    package let preferredBatchSize: [Int]
    /// How long, in microseconds.
    package let maxQueueDelayMicroseconds: Int

    private enum CodingKeys: String, CodingKey {
      case preferredBatchSize = "preferred_batch_size"
      case maxQueueDelayMicroseconds = "max_queue_delay_microseconds"
    }
  }

  /// Whether answers come in parts.
  package struct TransactionPolicy: Hashable, Sendable, Encodable {
    /// They do not.
    package let decoupled = false
  }

  /// Which versions are served.
  package struct VersionPolicy: Hashable, Sendable, Encodable {
    /// The newest.
    package let latest = ["num_versions": 1]
  }

  /// Describes a model.
  ///
  /// - Parameter queueDelayMicroseconds: How long a request waits for others while the model is idle.
  package init(
    name: String, platform: String, maxBatchSize: Int, inputs: [TensorDescription],
    outputs: [TensorDescription], queueDelayMicroseconds: Int = 0
  ) {
    (self.name, self.platform, backend) = (name, platform, platform)
    self.maxBatchSize = maxBatchSize
    input = inputs.map { Tensor($0, isInput: true) }
    output = outputs.map { Tensor($0, isInput: false) }
    dynamicBatching = DynamicBatching(
      preferredBatchSize: [maxBatchSize], maxQueueDelayMicroseconds: queueDelayMicroseconds)
  }
}
