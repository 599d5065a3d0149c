import Files
import Networks

extension Experiment {
  /// What decides the bits of a member's weights, as one text: its files carry it, so that those of another member, or of
  /// another experiment, are told from its own.
  ///
  /// - Parameter data: The images of the run.
  public func identity(of member: Member, data: DataRecord) throws -> String {
    var hasher = SHA256Hasher()
    hasher.update(
      try Identity(
        seed: seed, index: member.index, network: member.network,
        architecture: member.architecture, weights: member.weights, data: self.data,
        recipe: recipe, trainingFingerprint: data.trainingFingerprint,
        testFingerprint: data.testFingerprint
      ).readableJSON())
    return hasher.finish()
  }

  /// A key that is added must be left out of the JSON where it says nothing new: files of earlier versions would be taken
  /// for those of another training.
  private struct Identity: Encodable {
    let seed, index: Int
    let network: String
    let architecture: Network?
    let weights: String?
    let data: DataSelection
    let recipe: Recipe
    let trainingFingerprint, testFingerprint: String
  }
}
