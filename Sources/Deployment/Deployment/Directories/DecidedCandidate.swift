import Ensembles
import Files
import Predictions
import Runs
import Schemas

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// An ensemble that a decision weighed: which members it has, and how they are combined.
package struct DecidedCandidate: Decodable, Hashable, Sendable {
  package let id: String
  /// The members' names, in order.
  package let members: [String]
  package let combination: Combination
  /// Of the images that it was chosen on, the share that stopped after each member.
  package let exitFractions: [Double]?
  /// What it costs on average on those images.
  package let expectedMultiplyAccumulates: Double?
  /// What it was worth on those images; nil for others than the one to deploy, and where an earlier version wrote it.
  package let expectedService: ExpectedService?
  /// Which members the decision was made of; nil where an earlier version wrote it.
  private(set) var identities: [MemberIdentity]?
  /// The decision's file.
  private(set) var source = ""

  private enum CodingKeys: String, CodingKey {
    case id, members, combination, exitFractions, expectedMultiplyAccumulates, expectedService
  }

  /// The greatest file that is read, in bytes.
  private static let largestFile = 64 << 20

  fileprivate struct Decision: Decodable {
    let version: Int
    let members: [MemberIdentity]?
    let deployed: DecidedCandidate?
    let candidates: [DecidedCandidate]
  }

  /// Reads the candidate called `id`, or the one to deploy where nil, from the decision at `path`.
  ///
  /// - Throws: `DeploymentError`, or `FileError` where the file cannot be read.
  package static func read(from path: String, id: String?) throws -> DecidedCandidate {
    let file = try MappedFile(path: path)
    guard file.count <= largestFile else {
      throw DeploymentError.invalidDecision(path: path, reason: "it is over 64 MiB")
    }
    let decision = try decode(file.withBytes { Data($0) }, path: path)
    var candidate = try decision.candidate(id, path: path)
    candidate.identities = decision.members
    candidate.source = path
    if let fault = candidate.fault {
      throw DeploymentError.unfitCandidate(path: path, id: candidate.id, reason: fault)
    }
    return candidate
  }

  private static func decode(_ data: Data, path: String) throws(DeploymentError) -> Decision {
    let reason: String
    do {
      let version = try JSONDecoder().decode(Version.self, from: data).version
      guard (1...2).contains(version) else {
        throw DeploymentError.invalidDecision(
          path: path, reason: "its version is \(version), not 1 or 2")
      }
      return try StrictJSON.decode(Decision.self, from: data)
    } catch let error as DeploymentError {
      throw error
    } catch let error as StrictJSON.KeyError {
      reason = "\(error)"
    } catch let error as DecodingError {
      reason = error.fault
    } catch {
      reason = "it is not JSON"
    }
    throw .invalidDecision(path: path, reason: reason)
  }

  private struct Version: Decodable { let version: Int }

  /// What is wrong with it, if something is.
  private var fault: String? {
    guard !members.isEmpty else { return "it has no members" }
    guard Set(members).count == members.count else { return "it names a member twice" }
    return combination.fault(memberCount: members.count)
  }

  /// Where its members are among the names that each source holds.
  ///
  /// - Throws: `DeploymentError.missingDecided` where one is missing.
  func positions(in names: [[String]]) throws(DeploymentError) -> [MemberPosition] {
    let found = MemberPosition.find(members, in: names)
    guard found.count == members.count else {
      let known = names.flatMap { $0 }
      throw .missingDecided(
        id: id, members: members.filter { !known.contains($0) }, known: known)
    }
    return found
  }
}

extension DecidedCandidate.Decision {
  fileprivate func candidate(_ id: String?, path: String) throws(DeploymentError)
    -> DecidedCandidate
  {
    guard let id else {
      guard let deployed else {
        throw .invalidDecision(path: path, reason: "it has nothing \"deployed\"")
      }
      return deployed
    }
    // The chosen one is built as it is to be deployed, with its temperatures.
    let found = ((deployed.map { [$0] } ?? []) + candidates).first { $0.id == id }
    guard let found else {
      throw .unknownCandidate(path: path, id: id, known: candidates.map(\.id))
    }
    return found
  }
}
