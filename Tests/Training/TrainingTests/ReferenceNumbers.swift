import Networks
import Testing
import Torch
import Training

/// What fixtures keep of a tensor.
struct TensorSample: Decodable {
  let norm: Double
  let first: [Double]
}

/// The numbers of `Fixtures/reference.py`, and comparisons with what came of them.
enum ReferenceNumbers {
  /// The fixture's numbers in -1..<1, by integer arithmetic.
  static func formula(_ count: Int, phase: Int) -> [Float] {
    (0..<count).map { index in
      let integer = (index * 7919 + phase * 104_729 + (index * index) % 10_007 * 31) % 20_011
      return Float(Double(integer) / 10_005.5 - 1)
    }
  }

  static func fill(_ model: Model) throws {
    for (phase, parameter) in model.parameters.filter(\.isTrainable).enumerated() {
      let values = formula(parameter.count, phase: phase)
      let (scale, offset): (Float, Float) =
        switch parameter.kind {
        case .convolutionWeight:
          (Float((6 / Double(parameter.count / parameter.shape[0])).squareRoot()), 0)
        case .linearWeight: (0.2, 0)
        case .normalizationWeight: (0.1, 1)
        default: (0.1, 0)
        }
      let tensor = try #require(model[parameter.name])
      try withoutGradients {
        try tensor.copy(
          from: Tensor(values.map { $0 * scale + offset }, shape: parameter.shape))
      }
    }
  }

  static func expectClose(
    _ actual: [Double], _ expected: [Double], scale: Double, within tolerance: Double = 1e-4,
    _ what: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let worst = zip(actual, expected).map { abs($0 - $1) }.max() ?? .infinity
    #expect(worst <= tolerance * scale, "\(what)", sourceLocation: sourceLocation)
  }

  static func expectClose(
    _ tensor: Tensor, _ sample: TensorSample, _ name: String, within tolerance: Double = 1e-4,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let values: [Double] = try tensor.converted(to: .float64).elements()
    let norm = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    expectClose(
      [norm], [sample.norm], scale: sample.norm, within: tolerance, name,
      sourceLocation: sourceLocation)
    expectClose(
      Array(values.prefix(4)), sample.first, scale: sample.norm, within: tolerance, name,
      sourceLocation: sourceLocation)
  }
}
