/// What an operation becomes in a newer set of operators, where it means the same there.
///
/// Almost all newer versions of an operator only take more types of numbers, or have settings that change nothing where they
/// are left out. One that takes a setting as an input is no longer as its schema says, and one whose meaning changed under
/// the same schema is listed here.
struct LiftedOperation {
  /// Settings to add, which the newer set would take otherwise by default.
  private(set) var addedAttributes: [(name: String, value: ONNXGraph.Attribute)] = []

  /// The sets that gave operators another meaning under the same schema.
  ///
  /// Source: onnx/docs/Changelog.md, and the adapters of onnx/version_converter.
  private static let changes: [String: [Int]] = [
    // Over one axis, no longer over all axes from it.
    "Softmax": [13], "LogSoftmax": [13], "Hardmax": [13],
    // A region of interest before the scales, then a coordinate mode less.
    "Resize": [11, 13],
    // Parts of equal size are asked for by their number.
    "Split": [18],
    // The modes are called otherwise.
    "GridSample": [20],
    // A scale a channel, no longer a group.
    "GroupNormalization": [21],
  ]

  /// - Parameters:
  ///   - isMatrix: Whether the operation is known to work on two axes.
  /// - Returns: nil in `reason` where it is lifted, else what prevents it.
  static func lift(
    _ operation: OperationHeader, from old: Int, to new: Int, isMatrix: Bool
  ) -> (lifted: LiftedOperation, reason: String?) {
    var lifted = LiftedOperation()
    let changes = (changes[operation.operation] ?? []).filter { $0 > old && $0 <= new }
    if let change = changes.first, !lifted.keepsAxis(of: operation, isMatrix: isMatrix) {
      return (
        lifted, "its operation \(operation.operation) means something else from set \(change) on"
      )
    }
    for version in OperatorSchema.versions(of: operation.operation, after: old, upTo: new) {
      do {
        try operation.check(operatorSet: version)
      } catch {
        return (
          lifted, "its operation \(operation.operation) is written otherwise from set \(version) on"
        )
      }
    }
    return (lifted, nil)
  }

  /// Whether an activation over all axes from one on is over the last alone, where both meanings agree.
  private mutating func keepsAxis(of operation: OperationHeader, isMatrix: Bool) -> Bool {
    guard ["Softmax", "LogSoftmax", "Hardmax"].contains(operation.operation) else { return false }
    let axis = operation.attributes["axis"]?.integers.first
    if axis == -1 { return true }
    guard isMatrix, (axis ?? 1) == 1 else { return false }
    if axis == nil { addedAttributes = [("axis", .integer(1))] }
    return true
  }
}
