import Decisions
import Files
import Schemas

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Advice on what to train next, as `advice.json`: one entry for each set of trainings that was given.
package struct AdviceFile: Codable, Hashable, Sendable {
  /// Advice about one set of trainings.
  package struct Entry: Codable, Hashable, Sendable {
    /// What was given: a run's directory, or a file.
    package let source: String
    /// How many images were trained on; nil where it is not known.
    package let trainingImages: Int?
    /// Whether to stop: no step is likely to gain more than `advice.leastGain`.
    package let stops: Bool
    /// All figures.
    package let advice: TrainingAdvice

    package init(source: String, trainingImages: Int?, advice: TrainingAdvice) {
      self.source = source
      self.trainingImages = trainingImages
      stops = advice.advised == nil
      self.advice = advice
    }
  }

  package let runs: [Entry]

  package init(runs: [Entry]) { self.runs = runs }

  /// Reads what `readableJSON()` gave.
  ///
  /// - Throws: `StrictJSON.KeyError` or `DecodingError`.
  package init(json: String) throws {
    self = try StrictJSON.decodeAll(AdviceFile.self, from: Data(json.utf8))
  }

  /// Writes it.
  ///
  /// - Returns: The file's path.
  /// - Throws: `FileError`; `EncodingError` where a number is not finite.
  @discardableResult
  package func write(to directory: String) throws -> String {
    try Directory.create(directory)
    let path = ReportFile.advice.path(in: directory)
    try DurableFile.write(readableJSON(), to: path)
    return path
  }
}
