import Files

extension SafeTensors {
  /// The metadata key of a checksum over everything else in the file.
  public static let checksumKey = "sha256"

  /// Makes sure that nothing in the file changed since it was written with a checksum.
  ///
  /// - Throws: `WeightsError.missingChecksum` or `.wrongChecksum`.
  public func verifyChecksum() throws {
    guard let recorded = metadata[Self.checksumKey] else {
      throw WeightsError.missingChecksum(path: path)
    }
    let contents = try names.map { name in
      let (entry, bytes) = (try entry(name), try bytes(of: name))
      return TensorContent(name: name, dataType: entry.dataType, shape: entry.shape) { receive in
        try bytes.withBytes(receive)
      }
    }
    guard try Self.checksum(of: contents, metadata: metadata) == recorded else {
      throw WeightsError.wrongChecksum(path: path)
    }
  }

  /// Makes sure that nothing changed in a file that was written with a checksum; one without is taken as it is.
  ///
  /// For weights that anything may have written. A member's weights are written with a checksum, and read through this.
  ///
  /// - Throws: `WeightsError.wrongChecksum`.
  public func verifyChecksumIfPresent() throws(WeightsError) {
    guard metadata[Self.checksumKey] != nil else { return }
    do {
      try verifyChecksum()
    } catch {
      throw error as? WeightsError ?? .wrongChecksum(path: path)
    }
  }

  /// SHA-256 of the metadata by key, without a checksum, and the tensors in order: names, types, shapes and bytes.
  static func checksum(
    of tensors: [TensorContent], metadata: [String: String]
  ) throws -> String {
    var hasher = SHA256Hasher()
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) where key != checksumKey {
      add(key, to: &hasher)
      add(value, to: &hasher)
    }
    for tensor in tensors {
      add(tensor.name, to: &hasher)
      add(tensor.dataType.rawValue, to: &hasher)
      add("\(tensor.shape)", to: &hasher)
      try tensor.forEachPiece { hasher.update($0) }
    }
    return hasher.finish()
  }

  /// Adds a text with its length, so that no two files give the same bytes to the hash.
  private static func add(_ text: String, to hasher: inout SHA256Hasher) {
    let bytes = Array(text.utf8)
    withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { hasher.update($0) }
    bytes.withUnsafeBytes { hasher.update($0) }
  }
}
