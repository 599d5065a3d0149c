import Foundation
import Testing
import Torch

/// One case of `Fixtures/operations.json`: what PyTorch computed.
struct Fixture: Decodable {
  struct Values: Decodable {
    let shape: [Int]
    let values: [Double]

    func tensor() throws -> Tensor { try Tensor(values.map { Float($0) }, shape: shape) }
  }

  struct Step: Decodable {
    let gradient: Values
    let parameter: Values
    /// The moving average of the parameter; nil where none was taken.
    let average: Values?
  }

  let inputs: [Values]
  let output: Values
  let gradients: [Values?]?
  let running: [Values]?
  let earlier: [Values]?
  let steps: [Step]?

  private struct File: Decodable {
    let cases: [String: Fixture]
  }

  static func named(_ name: String) throws -> Fixture {
    let url = try #require(
      Bundle.module.url(forResource: "operations", withExtension: "json", subdirectory: "Fixtures"))
    let file = try JSONDecoder().decode(File.self, from: Data(contentsOf: url))
    return try #require(file.cases[name])
  }
}

/// Expects the tensor to have these values, within a relative and an absolute 1e-5.
func expectEqual(
  _ tensor: Tensor, _ expected: Fixture.Values, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  #expect(try tensor.shape() == expected.shape, sourceLocation: sourceLocation)
  let actual: [Double] = try tensor.converted(to: .float64).elements()
  let worst = zip(actual, expected.values).map { abs($0 - $1) / max(1, abs($1)) }.max() ?? 0
  #expect(worst < 1e-5, sourceLocation: sourceLocation)
}

/// Runs `operation` on the fixture's inputs and compares its output and gradients with PyTorch's.
func verify(
  _ name: String, sourceLocation: SourceLocation = #_sourceLocation,
  _ operation: ([Tensor]) throws -> Tensor
) throws {
  let fixture = try Fixture.named(name)
  let inputs = try fixture.inputs.map { try $0.tensor() }
  let differentiable = fixture.gradients != nil
  if differentiable { for input in inputs { try input.setRequiresGradient() } }
  let output = try operation(inputs)
  try expectEqual(output, fixture.output, sourceLocation: sourceLocation)
  guard let gradients = fixture.gradients else { return }
  // The fixture's loss: the sum of the output weighted by numbers evenly spaced from -1 to 1.
  let count = fixture.output.values.count
  let weights = (0..<count).map { count == 1 ? -1 : -1 + 2 * Float($0) / Float(count - 1) }
  let weighted = try output.adding(Tensor.zeros(fixture.output.shape))
  try weighted.multiply(Tensor(weights, shape: fixture.output.shape))
  try weighted.sum().backward()
  for (input, gradient) in zip(inputs, gradients) {
    guard let gradient else { continue }
    try expectEqual(
      #require(try input.gradient()), gradient, sourceLocation: sourceLocation)
  }
}
