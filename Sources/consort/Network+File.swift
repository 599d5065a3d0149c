import Files
import Networks

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension Network {
  /// Reads a `network.json`.
  ///
  /// - Throws: `CommandError.invalidNetworkFile`, or `FileError` where it cannot be read.
  init(file path: String) throws {
    let file = try MappedFile(path: path)
    guard file.count <= 64 << 20 else {
      throw CommandError.invalidNetworkFile(path: path, reason: "it is over 64 MiB")
    }
    do {
      self = try JSONDecoder().decode(Network.self, from: file.withBytes { Data($0) })
      _ = try shapes()
    } catch let error as DecodingError {
      throw CommandError.invalidNetworkFile(path: path, reason: error.place)
    } catch {
      throw CommandError.invalidNetworkFile(path: path, reason: "\(error)")
    }
  }
}

extension DecodingError {
  /// What is wrong, and at which key.
  fileprivate var place: String {
    let context: Context? =
      switch self {
      case .typeMismatch(_, let context), .valueNotFound(_, let context),
        .keyNotFound(_, let context), .dataCorrupted(let context):
        context
      @unknown default: nil
      }
    guard let context else { return "\(self)" }
    let keys = context.codingPath.map(\.stringValue).joined(separator: ".")
    return keys.isEmpty ? context.debugDescription : "\(keys): \(context.debugDescription)"
  }
}
