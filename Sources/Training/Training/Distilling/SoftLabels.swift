import Runs
import Torch

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Distributions over the classes, one an image of a split, that a training learns besides the labels.
final class SoftLabels {
  /// `[N, C]`, at the temperature.
  private let probabilities: Tensor
  /// `[N]`: the sum of the probabilities times their logarithms, in nats.
  private let negativeEntropies: Tensor
  private let inverseTemperature: Tensor
  /// What the divergence is multiplied by, and what the loss of the labels is.
  private let factor, labelFactor: Tensor

  /// - Parameter logProbabilities: `[N, C]`, row-major, at temperature 1; minus infinity for what cannot be.
  init(
    _ logProbabilities: [Float], classes: Int, _ distillation: Distillation, device: Device
  ) throws {
    let temperature = distillation.temperature
    var (probabilities, entropies): ([Float], [Float]) = ([], [])
    probabilities.reserveCapacity(logProbabilities.count)
    for start in stride(from: 0, to: logProbabilities.count, by: classes) {
      let row = Self.logSoftmax(
        logProbabilities[start..<start + classes].map { Double($0) / temperature })
      probabilities += row.map { Float(exp($0)) }
      entropies.append(Float(row.reduce(0) { $1.isFinite ? $0 + exp($1) * $1 : $0 }))
    }
    let count = entropies.count
    self.probabilities = try Tensor(probabilities, shape: [count, classes]).moved(to: device)
    negativeEntropies = try Tensor(entropies, shape: [count]).moved(to: device)
    inverseTemperature = try .full([], 1 / temperature, device: device)
    factor = try .full([], distillation.weight * temperature * temperature, device: device)
    labelFactor = try .full([], 1 - distillation.weight, device: device)
  }

  /// The logarithms of the softmax.
  static func logSoftmax(_ values: [Double]) -> [Double] {
    let largest = values.max() ?? 0
    let sum = values.reduce(0) { $0 + exp($1 - largest) }
    return values.map { $0 - largest - log(sum) }
  }

  /// The loss of a batch that learns from both.
  ///
  /// - Parameters:
  ///   - logits: `[B, C]`.
  ///   - loss: That of the labels.
  ///   - images: Picks of a tensor of all images' rows those of the batch.
  /// - Throws: `TorchError` where shapes disagree.
  func loss(
    of logits: Tensor, _ loss: Tensor, images: (Tensor) throws -> Tensor
  ) throws -> Tensor {
    let logProbabilities = try logits.multiplied(by: inverseTemperature).logSoftmax(1)
    let agreement = try images(probabilities).multiplied(by: logProbabilities).sum()
    let divergence = try images(negativeEntropies).sum()
    let mean = try Tensor.full([], 1 / Double(max(1, logits.shape()[0])))
    let shared = try divergence.adding(agreement.multiplied(by: .full([], -1)))
      .multiplied(by: mean).multiplied(by: factor)
    return try loss.multiplied(by: labelFactor).adding(shared)
  }
}
