import Torch

// What a training makes of logits: [N, classes], or [N, members, classes] of a network that holds several members.

extension Tensor {
  /// The mean loss of each member by itself.
  ///
  /// - Parameter loss: Of logits `[N, classes]`.
  /// - Throws: `TorchError` where the shapes disagree.
  func memberLoss(_ loss: (Tensor) throws -> Tensor) throws -> Tensor {
    let shape = try shape()
    guard shape.count == 3 else { return try loss(self) }
    let losses = try (0..<shape[1]).map { member in
      try loss(narrowed(1, member..<member + 1).reshaped([shape[0], shape[2]]))
    }
    var sum = losses[0]
    for loss in losses.dropFirst() { sum = try sum.adding(loss) }
    return try sum.multiplied(by: .full([], 1 / Double(losses.count)))
  }

  /// The logits of all members together, `[N, classes]`.
  func memberMean() throws -> Tensor {
    try shape().count == 3 ? mean(over: [1]) : self
  }
}
