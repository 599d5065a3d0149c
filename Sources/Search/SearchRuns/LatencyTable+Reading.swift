import ArchitectureSearch
import Files
import Runs
import Schemas

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension LatencyTable {
  /// Reads a `latencies.json`.
  ///
  /// - Throws: `ExperimentError.invalidLatencies`, or `FileError` where it cannot be read.
  public init(file path: String) throws {
    let file = try MappedFile(path: path)
    guard file.count <= 64 << 20 else {
      throw ExperimentError.invalidLatencies(path: path, reason: "it is over 64 MiB")
    }
    do {
      self = try StrictJSON.decode(LatencyTable.self, from: file.withBytes { Data($0) })
    } catch {
      let reason = (error as? DecodingError)?.placeAndReason ?? "\(error)"
      throw ExperimentError.invalidLatencies(path: path, reason: reason)
    }
  }

  /// Whether it predicts nearly all networks of the space.
  package func covers(_ space: any SearchSpace) throws -> Bool {
    let networks = try space.randomNetworks(200, seed: 4)
    return networks.count { latency(of: $0) != nil } >= 180
  }
}
