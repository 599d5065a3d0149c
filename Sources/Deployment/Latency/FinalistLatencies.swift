import Deployment
import Files
import Inference
import Networks
import Schemas
import SearchRuns

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Why latencies on record cannot be used.
package enum LatencyError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file holds no latencies of finalists.
  case invalidLatencies(path: String, reason: String)
  /// Of the network there are predictions alone, and its name does not say what it is.
  case unknownNetwork(name: String)

  /// One sentence naming the file, what is wrong and the fix.
  package var description: String {
    switch self {
    case .unknownNetwork(let name):
      "'\(name)' cannot be timed: its name says no network that costs as much as its predictions say; leave --latency out"
    case .invalidLatencies(let path, let reason):
      "'\(path)' holds no latencies: \(reason); remove it, or measure again with --latency"
    }
  }
}

/// How long networks, such as those of a search's finalists, take for one image: measured once, then on record.
package struct FinalistLatencies: Codable, Hashable {
  /// How they were measured, in words.
  package let conditions: String
  /// By network.
  package let milliseconds: [String: Double]

  /// When to measure.
  package enum Timing {
    /// Where the record lacks a network.
    case once
    /// In any case.
    case anew
    /// Never.
    case onRecord
  }

  /// Reads the record, or measures and writes it.
  ///
  /// - Parameters:
  ///   - members: Of each network, a trained member.
  ///   - progress: Called with what is being done.
  /// - Returns: nil where there is nothing to measure or on record.
  /// - Throws: `LatencyError.invalidLatencies`, or what keeps the networks from being timed.
  package init?(
    of directory: SearchDirectory, members: [String: String], timing: Timing,
    progress: (String) -> Void
  ) throws {
    try self.init(
      recordedAt: directory.finalistLatenciesPath,
      models: members.mapValues { member in
        {
          let trained = try TrainedMember(name: member, in: directory.finalists)
          return try trained.imageModel(endsInSoftmax: false)
        }
      }, timing: timing, progress: progress)
  }

  /// Reads the record, or measures networks with random weights, which take the same time, and writes it.
  ///
  /// - Returns: nil where there is nothing to measure or on record.
  /// - Throws: `LatencyError.invalidLatencies`, or what keeps the networks from being timed.
  package init?(
    recordedAt path: String, networks: [Network], timing: Timing, progress: (String) -> Void
  ) throws {
    try self.init(
      recordedAt: path,
      models: Dictionary(
        networks.map { network in (network.name, { try network.randomModel(seed: 0) }) },
        uniquingKeysWith: { first, _ in first }), timing: timing, progress: progress)
  }

  private init?(
    recordedAt path: String, models: [String: () throws -> ImageModel], timing: Timing,
    progress: (String) -> Void
  ) throws {
    let record = timing == .anew ? nil : try Self.record(path)
    let isKnown = record.map { record in models.keys.allSatisfy { record.milliseconds[$0] != nil } }
    if timing == .onRecord || isKnown == true || models.isEmpty {
      guard let record else { return nil }
      self = record
      return
    }
    let measured = try MemberLatencies(
      models.sorted { $0.key < $1.key }.map { network, model in
        TimedModel(members: [network], model: model)
      }, progress: progress)
    conditions = measured.conditions
    milliseconds = measured.milliseconds
    try DurableFile.write(readableJSON(), to: path)
  }

  private static func record(_ path: String) throws -> FinalistLatencies? {
    guard Directory.exists(path) else { return nil }
    let bytes = try MappedFile(path: path).withBytes { Data($0) }
    let record: FinalistLatencies
    do {
      record = try StrictJSON.decode(FinalistLatencies.self, from: bytes)
    } catch let error as StrictJSON.KeyError {
      throw LatencyError.invalidLatencies(path: path, reason: "\(error)")
    } catch {
      throw LatencyError.invalidLatencies(
        path: path, reason: "it is not as `consort report` writes it")
    }
    guard record.milliseconds.values.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw LatencyError.invalidLatencies(path: path, reason: "a time is not above 0")
    }
    return record
  }
}
