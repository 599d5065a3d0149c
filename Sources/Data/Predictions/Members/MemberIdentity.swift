import Concurrency
import Files

/// Which member it was that a decision was made of: its name alone does not say.
public struct MemberIdentity: Codable, Hashable, Sendable {
  /// The member's name.
  public let name: String
  /// Its network's name.
  public let network: String
  /// Multiply-accumulates of one image.
  public let multiplyAccumulates: Int
  /// Learnt numbers.
  public let parameters: Int
  /// SHA-256 of its log-probabilities on the hold-out, `[N, C]` as little-endian float32.
  public let holdOutSHA256: String
  /// The same on the test images.
  public let testSHA256: String

  /// Of each member of the sets.
  package static func of(_ sets: PredictionSets) -> [MemberIdentity] {
    let hashes = parallelMap(2 * sets.test.count) { index in
      (index % 2 == 0 ? sets.holdOut[index / 2] : sets.test[index / 2]).contentSHA256()
    }
    return sets.test.enumerated().map { place, member in
      MemberIdentity(
        name: member.name, network: member.network,
        multiplyAccumulates: member.multiplyAccumulates, parameters: member.parameters,
        holdOutSHA256: hashes[2 * place], testSHA256: hashes[2 * place + 1])
    }
  }
}

extension Predictions {
  /// SHA-256 of the log-probabilities, `[N, C]` as little-endian float32, in lower-case hexadecimal.
  public func contentSHA256() -> String {
    var hasher = SHA256Hasher()
    let block = max(1, Self.pieceBytes / (classes * MemoryLayout<Float>.stride))
    for start in stride(from: 0, to: count, by: block) {
      let images = start..<min(start + block, count)
      withLogProbabilities { values in
        let bits = values[images.lowerBound * classes..<images.upperBound * classes]
          .map { $0.bitPattern.littleEndian }
        bits.withUnsafeBytes { hasher.update($0) }
      }
      if mappedByteCount > 0 { release(images) }
    }
    return hasher.finish()
  }
}
