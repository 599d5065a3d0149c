import Foundation
import Inference
import TestSupport

/// The path of a model of InferenceTests, most of which take images of 8 x 8 pixels and know five classes.
package func modelFixture(_ name: String) -> String {
  fixture("\(name).onnx", of: "Engines/InferenceTests")
}

/// What ONNX Runtime computed with the models of InferenceTests.
package struct Expected: Decodable {
  /// `[3, 3, 8, 8]`, whole numbers in 0...255.
  package let images: [Float]
  /// `[3, 5]`, by the model's name.
  package let logProbabilities: [String: [Double]]

  /// Reads the file that `make_fixtures.py` wrote.
  package static func load() throws -> Expected {
    let path = fixture("expected.json", of: "Engines/InferenceTests")
    return try JSONDecoder().decode(Expected.self, from: Data(contentsOf: URL(filePath: path)))
  }

  /// How many images there are.
  package static let count = 3
  /// Their height and width.
  package static let side = 8

  /// The images in the order that `model` wants.
  package func images(for model: ImageModel) -> [Float] {
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
  /// The model of that fixture.
  package init(fixture name: String) throws { try self.init(path: modelFixture(name)) }
}

extension InferenceSession {
  /// The log-probabilities that each member gives the images, batch by batch, the last one filled up.
  package func logProbabilities(ofAll images: [Float]) throws -> [[Float]] {
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
package func difference(_ found: [Float], _ expected: [Double]) -> Double {
  guard found.count == expected.count else { return .infinity }
  return zip(found, expected).map { abs(Double($0) - $1) }.max() ?? .infinity
}
