import Ensembles
import Files
import Formatting
import Inference
import Schemas

/// All that decides what is predicted: shards that agree in it belong together.
package struct PredictionIdentity: Codable, Hashable, Sendable {
  /// By what it is called, such as "batch"; of images and models a SHA-256.
  let aspects: [String: String]

  /// Describes a prediction.
  ///
  /// - Throws: `InferenceError.externalData` where not all of a model is in the file that is hashed, or `EncodingError`.
  package init(
    of members: [EnsembleMember], combinedBy combination: Combination, runsAllMembers: Bool,
    on images: PredictionImages, options: PredictionOptions
  ) throws {
    var aspects = [
      "consort": consortVersion,
      "images": Self.fingerprint(of: images),
      "number of images": "\(images.count)",
      "members": members.map(\.name).joined(separator: ", "),
      "combination": try combination.readableJSON(),
      "all members": "\(runsAllMembers)",
      "batch": "\(options.batch)",
      "precision": "\(options.inference.precision)",
      "corrupt images": options.corruptImages.rawValue,
    ]
    for member in members {
      guard !member.model.hasExternalData else {
        throw InferenceError.externalData(source: member.model.source)
      }
      aspects["model of \(member.name)"] = member.model.contentHash
      aspects["preprocessing of \(member.name)"] = try member.preprocessing.readableJSON()
      let choice = member.model.choice
      aspects["output of \(member.name)"] =
        "\(choice.name ?? ""), \(choice.kind?.rawValue ?? "")"
    }
    self.aspects = aspects
  }

  private static func fingerprint(of images: PredictionImages) -> String {
    switch images {
    case .decoded(let split): split.fingerprint
    case .encoded(let split): split.fingerprint
    }
  }

  /// What of `other` is not as here, such as "other batch: 8, not 16"; nil where all is.
  func difference(from other: PredictionIdentity) -> String? {
    let names = Set(aspects.keys).union(other.aspects.keys).sorted()
    guard let name = names.first(where: { aspects[$0] != other.aspects[$0] }) else { return nil }
    guard let mine = aspects[name], let its = other.aspects[name], max(mine.count, its.count) < 50
    else { return "other \(name)" }
    return "other \(name): '\(its)', not '\(mine)'"
  }
}
