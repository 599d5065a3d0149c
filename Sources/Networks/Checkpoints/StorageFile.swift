import Compression
import Files

/// The storages of a checkpoint: bytes by their keys, in the file as they are or compressed.
struct StorageFile: Sendable {
  /// Where one storage's bytes are.
  enum Place: Sendable {
    /// In the file as they are.
    case mapped(Range<Int>)
    /// In an entry of the archive, compressed.
    case compressed(ZipArchive.Entry)

    var byteCount: Int {
      switch self {
      case .mapped(let range): range.count
      case .compressed(let entry): entry.size
      }
    }
  }

  let file: MappedFile
  let places: [String: Place]
  /// Whether the numbers' first byte is their greatest.
  let isBigEndian: Bool

  /// Calls `body` with the bytes of the storage `key`.
  func withBytes<R>(
    of key: String, _ body: (UnsafeRawBufferPointer) throws(CheckpointError) -> R
  ) throws(CheckpointError) -> R {
    guard let place = places[key] else { throw missing(key) }
    let result: Result<R, CheckpointError> = file.withBytes { bytes in
      Result { () throws(CheckpointError) -> R in
        switch place {
        case .mapped(let range): return try body(UnsafeRawBufferPointer(rebasing: bytes[range]))
        case .compressed(let entry):
          let inflated = try ZipCheckpoint.inflated(entry, in: bytes, path: file.path)
          return try inflated.withUnsafeBytes { bytes in
            Result { () throws(CheckpointError) -> R in try body(bytes) }
          }.get()
        }
      }
    }
    return try result.get()
  }

  /// Makes sure that what a pickle says of storages is what there is.
  func check(_ storages: [StorageReference]) throws(CheckpointError) {
    for storage in storages {
      guard let place = places[storage.key] else { throw missing(storage.key) }
      let announced = storage.wholeCount * (storage.element?.byteCount ?? 1)
      guard place.byteCount == announced else {
        throw .damaged(
          path: file.path,
          reason:
            "its storage '\(storage.key)' has \(place.byteCount) bytes where its pickle says \(announced)"
        )
      }
    }
  }

  private func missing(_ key: String) -> CheckpointError {
    .damaged(path: file.path, reason: "its storage '\(key)' is missing")
  }
}
