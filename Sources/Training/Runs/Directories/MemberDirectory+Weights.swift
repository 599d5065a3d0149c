import Files
import Weights

/// What the metadata of a member's files say besides names.
public enum MemberMetadata {
  /// `Experiment.identity(of:data:)`, in checkpoints, weights and predictions.
  public static let training = "training"
  /// The members that a soup's weights are the average of, with commas between.
  package static let soup = "soup"
  /// SHA-256 of the `network.json` and the `member.json` beside the weights.
  package static let network = "network_sha256"
  package static let description = "description_sha256"

  /// What the weights say of the files beside them.
  ///
  /// - Parameters:
  ///   - network: The text of `network.json`.
  ///   - description: The text of `member.json`.
  public static func seals(network: String, description: String) -> [String: String] {
    [Self.network: sha256(network), Self.description: sha256(description)]
  }

  private static func sha256(_ text: String) -> String {
    var hasher = SHA256Hasher()
    hasher.update(text)
    return hasher.finish()
  }
}

extension MemberDirectory {
  /// The weights of a trained or imported member, as they were written: their checksum and those of the files beside them
  /// hold, and every number is finite.
  ///
  /// - Parameter identity: Of the member's training; nil where it is not known.
  /// - Throws: `ExperimentError.unusableMember`, `.foreignMember`, or `FileError` where a file cannot be read.
  public func weights(of identity: String? = nil) throws -> SafeTensors {
    let file = try unsealedWeights(of: identity)
    try checkSeals(of: file)
    return file
  }

  /// What `member.json` says, where the weights were written with it; nil where an earlier version wrote them.
  ///
  /// - Throws: `ExperimentError.unusableMember` where either file is damaged, or `FileError` where it cannot be read.
  public func sealedDescription() throws -> MemberInterface? {
    let isSealed: Bool
    do throws(WeightsError) {
      isSealed = try SafeTensors(path: weightsPath).metadata[MemberMetadata.description] != nil
    } catch {
      throw ExperimentError.unusableMember(file: weightsPath, reason: error.reasonAlone)
    }
    return isSealed ? try description() : nil
  }

  /// Makes sure that the files beside the weights are those that were written with them.
  ///
  /// - Throws: `ExperimentError.unusableMember`, or `FileError` where a file cannot be read.
  public func checkSeals(of weights: SafeTensors) throws {
    for (key, path) in [
      (MemberMetadata.network, networkPath), (MemberMetadata.description, descriptionPath),
    ] {
      guard let recorded = weights.metadata[key] else { continue }
      guard Directory.exists(path) else {
        throw ExperimentError.unusableMember(file: path, reason: "it is missing")
      }
      var hasher = SHA256Hasher()
      try MappedFile(path: path).withBytes { hasher.update($0) }
      guard hasher.finish() == recorded else {
        throw ExperimentError.unusableMember(
          file: path, reason: "it is not what was written with the weights beside it")
      }
    }
  }

  /// The weights, whatever lies beside them: their own checksum holds, and every number is finite.
  ///
  /// - Throws: `ExperimentError.unusableMember`, `.foreignMember`, or `FileError` where the file cannot be read.
  public func unsealedWeights(of identity: String? = nil) throws -> SafeTensors {
    do {
      let file = try SafeTensors(path: weightsPath)
      try file.verifyChecksumIfPresent()
      // Earlier versions did not write it.
      if let identity, let found = file.metadata[MemberMetadata.training], found != identity {
        throw ExperimentError.foreignMember(file: weightsPath)
      }
      for name in file.names where try file.entry(name).dataType == .float32 {
        guard try file.floats(named: name).allSatisfy(\.isFinite) else {
          throw ExperimentError.unusableMember(
            file: weightsPath, reason: "'\(name)' holds what is not a finite number")
        }
      }
      return file
    } catch WeightsError.file(let error) {
      throw error
    } catch let error as WeightsError {
      throw ExperimentError.unusableMember(file: weightsPath, reason: error.reasonAlone)
    }
  }

  /// Makes sure that a file of predictions is said to be that of the member.
  ///
  /// - Parameter identity: Of its training; nil where it is not known.
  /// - Throws: `ExperimentError.unusableMember`, or `WeightsError` where the file cannot be read. What it holds is not
  ///   looked at.
  public static func checkPredictions(
    _ path: String, of name: String, split: String, identity: String?
  ) throws {
    let metadata = try SafeTensors(path: path).metadata
    let expected: [(key: String, value: String?)] = [
      ("name", name), ("split", split), (MemberMetadata.training, identity),
    ]
    for (key, expected) in expected {
      // Earlier versions did not write everything.
      guard let expected, let found = metadata[key], found != expected else { continue }
      throw ExperimentError.unusableMember(
        file: path, reason: "it belongs to another member, split or experiment")
    }
  }
}

extension WeightsError {
  /// What is wrong, for a message that names the file and says what to do about it.
  public var reasonAlone: String {
    switch self {
    case .wrongChecksum, .missingChecksum: "it does not have the checksum that it was written with"
    default: "\(self)"
    }
  }
}
