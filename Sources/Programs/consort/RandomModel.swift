import Inference
import Networks
import ONNX
import Randomness

extension Network {
  /// The network with random weights, ready for the engine: for times, which do not depend on the weights.
  ///
  /// The same seed gives the same weights. Normalisations are not quite the identity, which an engine might leave out.
  ///
  /// - Throws: `ONNXError`, or what keeps the engine from reading it.
  func randomModel(seed: UInt64) throws -> ImageModel {
    var weights: [String: [Float]] = [:]
    for (number, parameter) in parameters.enumerated() {
      weights[parameter.name] = parameter.randomValues(RandomStream(seed: seed, UInt64(number)))
    }
    let bytes = try ONNXExport(of: self, weights: weights).bytes()
    return try bytes.withUnsafeBytes { try ImageModel(bytes: $0, source: name) }
  }
}

extension Parameter {
  /// Values that keep activations near 1, from layer to layer: any that overflow or vanish take another time.
  fileprivate func randomValues(_ stream: RandomStream) -> [Float] {
    var stream = stream
    let range = range
    return (0..<count).map { _ in
      Float(range.lowerBound + stream.unitInterval() * (range.upperBound - range.lowerBound))
    }
  }

  private var range: ClosedRange<Double> {
    switch kind {
    case .convolutionWeight, .linearWeight:
      // The variance of the uniform distribution over -b...b is b^2 / 3; it shall be 2 / fan-in.
      let bound = (6 / Double(shape.dropFirst().reduce(1, *))).squareRoot()
      return -bound...bound
    case .normalizationWeight, .runningVariance: return 0.9...1.1
    case .convolutionBias, .linearBias, .normalizationBias, .runningMean: return -0.1...0.1
    }
  }
}
