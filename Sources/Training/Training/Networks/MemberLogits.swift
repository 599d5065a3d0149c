import Torch

// What a training makes of logits: [N, classes], or [N, members, classes] of a network that holds several members.

extension Tensor {
  /// The mean cross-entropy, in nats, of each member by itself.
  ///
  /// - Parameters:
  ///   - labels: `[N]`, int64.
  ///   - labelSmoothing: In `0..<1`; 0 leaves the labels as they are.
  /// - Throws: `TorchError` where the shapes disagree.
  func memberCrossEntropy(_ labels: Tensor, labelSmoothing: Double) throws -> Tensor {
    let shape = try shape()
    guard shape.count == 3 else {
      return try crossEntropy(labels, labelSmoothing: labelSmoothing)
    }
    let losses = try (0..<shape[1]).map { member in
      try narrowed(1, member..<member + 1).reshaped([shape[0], shape[2]])
        .crossEntropy(labels, labelSmoothing: labelSmoothing)
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
