import COpenVINO

/// One operation of a model, with what its cost is counted from.
struct CountedOperation {
  let name, type: String
  let kind: co_operation_kind
  let parameters: Int
  private let transposesFirst: Bool
  /// nil where a shape is not known.
  private let operands: [[Int]?]
  private let output: [Int?]?

  private init(_ operation: co_operation) {
    name = String(cString: operation.name)
    type = String(cString: operation.type)
    kind = operation.kind
    parameters = Int(operation.parameters)
    transposesFirst = operation.transposes_first != 0
    let (first, second, third) = operation.operands
    operands = [first, second, third].map { $0.sizes?.complete }
    output = operation.output.sizes
  }

  /// All operations of a model, in the order of computation.
  static func all(
    of graph: OpenVINOHandle<co_model>, shape: [Int]
  ) throws(EngineFailure) -> [CountedOperation] {
    let shape = shape.map(Int64.init)
    var operations: [CountedOperation] = []
    let status = withUnsafeMutablePointer(to: &operations) { operations in
      co_model_operations(graph.handle, shape, shape.count, operations) { context, operation in
        guard let context, let operation else { return }
        context.assumingMemoryBound(to: [CountedOperation].self).pointee
          .append(CountedOperation(operation.pointee))
      }
    }
    try EngineFailure.check(status)
    return operations
  }

  /// The output's shape without the batch, such as "16 x 32 x 32".
  var outputText: String {
    guard let output else { return "?" }
    let sizes = output.dropFirst().map { $0.map(String.init) ?? "?" }
    return sizes.isEmpty ? "1" : sizes.joined(separator: " x ")
  }

  /// The factors of each product that it computes, for the whole batch; nil where a shape is not known.
  var products: [[Int]]? {
    guard let output = output?.complete, let first = operands[0], let second = operands[1] else {
      return nil
    }
    switch kind {
    case CO_CONVOLUTION:
      // Each number of the output is a sum over the inputs' channels and the kernel.
      return [output + second.dropFirst()]
    case CO_GROUP_CONVOLUTION:
      return [output + second.dropFirst(2)]
    case CO_TRANSPOSED_CONVOLUTION:
      return [first + second.dropFirst()]
    case CO_TRANSPOSED_GROUP_CONVOLUTION:
      return [first + second.dropFirst(2)]
    case CO_MATRIX_PRODUCT:
      return inner(first).map { [output + [$0]] }
    case CO_ATTENTION:
      return attention(queries: first, keys: second)
    default:
      return []
    }
  }

  /// The length of the sums of a matrix product.
  private func inner(_ first: [Int]) -> Int? {
    transposesFirst && first.count > 1 ? first[first.count - 2] : first.last
  }

  /// Queries `[..., L, E]` times keys `[..., S, E]`, and those `[..., L, S]` times values `[..., S, V]`.
  private func attention(queries: [Int], keys: [Int]) -> [[Int]]? {
    guard let values = operands[2], queries.count >= 2, keys.count >= 2, let width = values.last
    else { return nil }
    let scores = queries.dropLast() + [keys[keys.count - 2]]
    return [scores + [queries[queries.count - 1]], scores + [width]]
  }
}

extension [Int?] {
  /// The sizes, where all are known.
  fileprivate var complete: [Int]? {
    let known = compactMap { $0 }
    return known.count == count ? known : nil
  }
}
