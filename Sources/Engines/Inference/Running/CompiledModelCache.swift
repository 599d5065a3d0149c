import Files

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A directory of the engine's compiled forms of one model, each with its SHA-256 beside it.
///
/// The engine takes what it finds there at its word, and a damaged one gives other answers. So each is checked before
/// the engine sees it, and removed where it is not what was written.
struct CompiledModelCache {
  /// What the engine is to use.
  let path: String
  private static let checksumEnding = ".sha256"

  /// Makes the directory ready; nil where it cannot be written, so that nothing is kept.
  ///
  /// - Parameter key: What the compiled models are of; models of one key share the directory.
  init?(in directory: String, key: String) {
    path = "\(directory)/\(key)"
    let probe = "\(path)/.writable-\(UUID().uuidString)"
    do {
      try Directory.create(path)
      try DurableFile.write([UInt8](), to: probe)
      try FileManager.default.removeItem(atPath: probe)
      try removeDamaged()
    } catch {
      return nil
    }
  }

  private var compiledNames: [String] {
    let names = (try? Directory.names(in: path)) ?? []
    return names.filter { !$0.hasPrefix(".") && !$0.hasSuffix(Self.checksumEnding) }
  }

  private func removeDamaged() throws {
    for name in compiledNames {
      let file = "\(path)/\(name)"
      let recorded = try? MappedFile(path: file + Self.checksumEnding).withBytes { Array($0) }
      guard recorded == nil || recorded != checksum(of: file) else { continue }
      // Another process may have removed it already; where it stays, nothing is read from here.
      try? FileManager.default.removeItem(atPath: file)
      guard !Directory.exists(file) else {
        throw FileError.cannotWrite(path: file, reason: "it is damaged and cannot be removed")
      }
    }
  }

  /// Writes the checksums of what the engine has just put there.
  func recordChecksums() {
    for name in compiledNames {
      let file = "\(path)/\(name)"
      guard !Directory.exists(file + Self.checksumEnding), let checksum = checksum(of: file) else {
        continue
      }
      // Without one, it is compiled anew the next time.
      try? DurableFile.write(checksum, to: file + Self.checksumEnding)
    }
  }

  private func checksum(of file: String) -> [UInt8]? {
    try? MappedFile(path: file).withBytes { Array(sha256(of: $0).utf8) }
  }
}
