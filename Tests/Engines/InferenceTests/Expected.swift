import Foundation
import Inference
import TestSupport

/// What ONNX Runtime computed with the fixtures.
struct Expected: Decodable {
  /// `[3, 3, 8, 8]`, whole numbers in 0...255.
  let images: [Float]
  /// `[3, 5]`, by the model's name.
  let logProbabilities: [String: [Double]]

  static func load() throws -> Expected {
    let data = try Data(contentsOf: URL(fileURLWithPath: fixture("expected.json")))
    return try JSONDecoder().decode(Expected.self, from: data)
  }

  static let count = 3
  static let side = 8

  /// The images in the order that `model` wants.
  func images(for model: ImageModel) -> [Float] {
    guard model.input.layout == .channelsLast else { return images }
    let pixels = Self.side * Self.side
    return (0..<Self.count).flatMap { image in
      (0..<pixels).flatMap { pixel in
        (0..<3).map { images[(image * 3 + $0) * pixels + pixel] }
      }
    }
  }
}

extension ImageModel {
  /// The fixture's model.
  init(fixture name: String) throws {
    try self.init(path: TestSupport.fixture("\(name).onnx"))
  }
}

extension InferenceSession {
  /// The log-probabilities that each member gives the images, batch by batch, the last one filled up.
  func logProbabilities(ofAll images: [Float]) throws -> [[Float]] {
    let size = classifier.models[0].input.count
    var results = [[Float]](repeating: [], count: classifier.models.count)
    for first in stride(from: 0, to: images.count / size, by: classifier.batch) {
      let count = min(classifier.batch, images.count / size - first)
      for index in 0..<count * size { input[index] = images[first * size + index] }
      try run()
      for member in results.indices {
        results[member] += try logProbabilities(of: member, count: count)
      }
    }
    return results
  }
}

/// The greatest difference of the two.
func difference(_ found: [Float], _ expected: [Double]) -> Double {
  guard found.count == expected.count else { return .infinity }
  return zip(found, expected).map { abs(Double($0) - $1) }.max() ?? .infinity
}
