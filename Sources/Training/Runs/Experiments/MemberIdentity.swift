import Files
import Networks
import Schemas

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension Experiment {
  /// What decides the bits of a member's weights, as one text: its files carry it, so that those of another member, or of
  /// another experiment, are not taken for its own.
  ///
  /// - Parameter data: The images of the run.
  public func identity(of member: Member, data: DataRecord) throws -> String {
    var hasher = SHA256Hasher()
    let text = try Identity(
      seed: seed, index: member.index, network: member.network,
      architecture: member.architecture, weights: member.weights, epochs: member.part.epochs,
      ingredients: try ingredients(of: member, data: data), data: self.data,
      recipe: recipe, trainingFingerprint: data.trainingFingerprint,
      testFingerprint: data.testFingerprint
    ).readableJSON()
    hasher.update(try Self.withEarlierKeys(text))
    return hasher.finish()
  }

  private func ingredients(of member: Member, data: DataRecord) throws -> [String]? {
    let names = member.part.ingredients
    guard !names.isEmpty else { return nil }
    let members = trainings.flatMap { [$0] + $0.derived }
    return try names.compactMap { name in
      try members.first { $0.name == name }.map { try identity(of: $0, data: data) }
    }
  }

  /// The same text with the recipe's keys as earlier versions named them, whose members are still one's own.
  private static func withEarlierKeys(_ text: String) throws -> String {
    var value = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
    guard case .object(var identity) = value, case .object(var recipe)? = identity["recipe"] else {
      return text
    }
    for (earlier, key) in Recipe.renamedKeys { recipe[earlier] = recipe.removeValue(forKey: key) }
    identity["recipe"] = .object(recipe)
    value = .object(identity)
    return try value.readableJSON()
  }

  /// A key that is added must be left out of the JSON where it says nothing new: files of earlier versions would be taken
  /// for those of another training.
  private struct Identity: Encodable {
    let seed, index: Int
    let network: String
    let architecture: Network?
    let weights: String?
    /// At whose ends the weights were taken; nil for the training's own end.
    let epochs: [Int]?
    /// The identities of the members that a soup is chosen of; nil for others.
    let ingredients: [String]?
    let data: DataSelection
    let recipe: Recipe
    let trainingFingerprint, testFingerprint: String
  }
}
