import Datasets
import Schemas

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What a model's file says about itself, taken at its word only where it fits the model.
struct ModelMetadata {
  let source: String
  let values: [String: String]

  static let preprocessingKey = "preprocessing"
  static let labelsKey = "labels"

  /// The preprocessing, as JSON.
  func preprocessing(for input: ImageModel.Input) throws(InferenceError) -> Preprocessing? {
    guard let text = values[Self.preprocessingKey] else { return nil }
    let preprocessing: Preprocessing
    do {
      preprocessing = try StrictJSON.decodeAll(Preprocessing.self, from: Data(text.utf8))
      try preprocessing.validate()
    } catch {
      throw invalid(Self.preprocessingKey, error)
    }
    if let difference = preprocessing.difference(from: input) {
      throw .invalidMetadata(source: source, key: Self.preprocessingKey, reason: difference)
    }
    return preprocessing
  }

  /// The classes' names, as a JSON list, or else as other programs write them.
  func labels(classes: Int) throws(InferenceError) -> [String]? {
    guard let text = values[Self.labelsKey] else { return numberedNames(classes: classes) }
    let labels: [String]
    do {
      labels = try JSONDecoder().decode([String].self, from: Data(text.utf8))
    } catch {
      throw invalid(Self.labelsKey, error)
    }
    guard labels.count == classes else {
      throw .invalidMetadata(
        source: source, key: Self.labelsKey,
        reason: "it names \(labels.count) classes of \(classes)")
    }
    return labels
  }

  private func invalid(_ key: String, _ error: any Error) -> InferenceError {
    let reason = error is DecodingError ? "it is not the JSON that is expected" : "\(error)"
    return .invalidMetadata(source: source, key: key, reason: reason)
  }
}

extension Preprocessing {
  /// How what it makes differs from a model's input, if it does.
  package func difference(from input: ImageModel.Input) -> String? {
    guard height == input.height, width == input.width else {
      return "it makes images of \(height) x \(width) pixels for a model of "
        + "\(input.height) x \(input.width)"
    }
    guard layout == input.layout else {
      return "it makes images in the layout \(layout.rawValue) for a model of "
        + input.layout.rawValue
    }
    if input.takesBytes,
      mean.contains(where: { $0 != 0 }) || standardDeviation.contains(where: { $0 != 1 })
    {
      return
        "its input is uint8, which takes pixels as the bytes that they are, 0...255: leave --mean and --std out"
    }
    guard !input.takesByteRange || greatestInput > Self.smallestByteRange else {
      return
        "its first operations scale pixels of 0...255, and it would get numbers of at most \(greatestInput): "
        + "give --scale 255"
    }
    return nil
  }

  /// The greatest magnitude of what pixels become.
  private var greatestInput: Float {
    zip(mean, standardDeviation).map { max(abs($0), abs(255 - $0)) / $1 }.max() ?? 0
  }

  private static let smallestByteRange: Float = 16
}
