import COpenVINO
import Files

/// What any ONNX model costs for one image.
public struct ModelCost: Codable, Hashable, Sendable {
  /// The operations that learn or multiply, in the order of computation.
  public let layers: [Layer]
  /// Learnt numbers; running statistics and single constants are not counted.
  public let parameters: Int
  /// Multiply-accumulates (MACs) of the convolutions and the matrix products, those of attention too.
  public let multiplyAccumulates: Int
  /// FLOPs: twice the multiply-accumulates.
  public var floatingPointOperations: Int { 2 * multiplyAccumulates }

  /// What one operation costs for one image.
  public struct Layer: Codable, Hashable, Sendable {
    /// The operation's name, and OpenVINO's type of it.
    public let name, type: String
    /// The output's shape without the batch, such as "16 x 32 x 32".
    public let output: String
    /// Learnt numbers.
    public let parameters: Int
    /// Multiply-accumulates (MACs).
    public let multiplyAccumulates: Int
  }

  /// Counts the cost of the ONNX model at `path`, whatever it takes.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - imageSize: Pixels of each side, where the model takes images of any size.
  /// - Throws: `InferenceError`, `ONNXError`, or `FileError` where the file cannot be read.
  public init(path: String, imageSize: Int? = nil) throws {
    try self.init(LoadedModel(path: path), imageSize: imageSize)
  }

  init(_ model: LoadedModel, imageSize: Int?) throws(InferenceError) {
    let (shape, batch) = model.shapeForCounting(imageSize: imageSize)
    try self.init(model.graph, source: model.source, shape: shape, batch: batch)
  }

  init(
    _ graph: OpenVINOHandle<co_model>, source: String, shape: [Int], batch: Int
  ) throws(InferenceError) {
    let operations: [CountedOperation]
    do throws(EngineFailure) {
      operations = try CountedOperation.all(of: graph, shape: shape)
    } catch {
      throw .unreadableModel(source: source, reason: error.reason)
    }
    guard batch > 0 else {
      throw .uncountable(source: source, layer: "its input", reason: "it takes batches of 0 images")
    }
    var counter = CostCounter(source: source, batch: batch)
    for operation in operations { try counter.add(operation) }
    layers = counter.layers
    parameters = counter.parameters
    multiplyAccumulates = counter.multiplyAccumulates
  }
}

extension ImageModel {
  /// Counts what the model costs for one image.
  ///
  /// - Throws: `InferenceError.uncountable` or `.unreadableModel`.
  public func cost() throws(InferenceError) -> ModelCost {
    let batch = input.fixedBatch ?? 1
    return try ModelCost(graph, source: source, shape: input.shape(batch: batch), batch: batch)
  }
}

extension LoadedModel {
  /// The first input's shape to count for, empty for the model's own, and the images in it.
  fileprivate func shapeForCounting(imageSize: Int?) -> (shape: [Int], batch: Int) {
    guard let sizes = inputs.first?.dimensions, let first = sizes.first else { return ([], 1) }
    let filled = sizes.enumerated().map { axis, size in size ?? (axis == 0 ? 1 : imageSize) }
    let known = filled.compactMap { $0 }
    return known.count == sizes.count ? (known, first ?? 1) : ([], first ?? 1)
  }
}

/// Sums that notice an overflow.
private struct CostCounter {
  let source: String
  let batch: Int
  var layers: [ModelCost.Layer] = []
  var parameters = 0
  var multiplyAccumulates = 0

  init(source: String, batch: Int) {
    self.source = source
    self.batch = batch
  }

  mutating func add(_ operation: CountedOperation) throws(InferenceError) {
    let count = try multiplyAccumulates(of: operation)
    guard count > 0 || operation.parameters > 0 else { return }
    parameters = try sum(parameters, operation.parameters, operation)
    multiplyAccumulates = try sum(multiplyAccumulates, count, operation)
    layers.append(
      ModelCost.Layer(
        name: operation.name, type: operation.type, output: operation.outputText,
        parameters: operation.parameters, multiplyAccumulates: count))
  }

  private func multiplyAccumulates(of operation: CountedOperation) throws(InferenceError) -> Int {
    guard operation.kind != CO_OTHER_OPERATION else { return 0 }
    guard operation.kind != CO_UNCOUNTED else {
      throw uncountable(operation, "it is not known what \(operation.type) multiplies")
    }
    guard let products = operation.products else {
      throw uncountable(
        operation,
        "its shape depends on the input's; give the size of the images or export the model with it")
    }
    var total = 0
    for factors in products { total = try sum(total, product(factors, operation), operation) }
    let (quotient, rest) = total.quotientAndRemainder(dividingBy: batch)
    guard rest == 0 else { throw uncountable(operation, "it mixes the images of a batch") }
    return quotient
  }

  private func product(
    _ factors: [Int], _ operation: CountedOperation
  ) throws(InferenceError) -> Int {
    var result = 1
    for factor in factors {
      let (value, overflow) = result.multipliedReportingOverflow(by: factor)
      guard !overflow else { throw uncountable(operation, "the count is too large") }
      result = value
    }
    return result
  }

  private func sum(
    _ first: Int, _ second: Int, _ operation: CountedOperation
  ) throws(InferenceError) -> Int {
    let (value, overflow) = first.addingReportingOverflow(second)
    // Twice the multiply-accumulates must fit too.
    guard !overflow, value <= Int.max / 2 else {
      throw uncountable(operation, "the count is too large")
    }
    return value
  }

  private func uncountable(_ operation: CountedOperation, _ reason: String) -> InferenceError {
    .uncountable(source: source, layer: operation.name, reason: reason)
  }
}
