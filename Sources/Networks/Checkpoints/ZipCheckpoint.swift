import Compression
import Files

/// PyTorch's format since 1.6: a ZIP archive of a pickle, `data.pkl`, and a file for each storage, `data/KEY`.
///
/// Source: PyTorch's `torch/serialization.py` and `caffe2/serialize/inline_container.h`.
enum ZipCheckpoint {
  private static let mostEntries = 100_000
  /// So many bytes may come of one in the archive, over all of it, and of what is small anyway.
  private static let greatestInflation = 100
  private static let smallByteCount = 1 << 20

  static func contents(
    of file: MappedFile, _ bytes: UnsafeRawBufferPointer, skipsObjects: Bool
  ) throws(CheckpointError) -> CheckpointContents {
    let path = file.path
    let archive: ZipArchive
    do throws(ZipArchive.Failure) {
      archive = try ZipArchive(bytes, mostEntries: mostEntries)
    } catch {
      throw .archive(path: path, error)
    }
    try checkInflation(archive, bytes.count, path: path)
    let prefix = try prefix(of: archive, path: path)
    var entries: [String: ZipArchive.Entry] = [:]
    for entry in archive.entries where entry.name.hasPrefix(prefix) {
      entries[String(entry.name.dropFirst(prefix.count))] = entry
    }
    guard entries["constants.pkl"] == nil else {
      throw .unsupported(
        path: path, reason: "is a TorchScript program, not a file of weights",
        fix: "save its weights with torch.save(torch.jit.load(PATH).state_dict(), OTHER)")
    }
    guard let pickle = entries["data.pkl"] else { throw noPickle(path) }
    let order = try entries["byteorder"].map { entry throws(CheckpointError) in
      String(decoding: try content(entry, in: bytes, path: path), as: UTF8.self)
    }
    guard [nil, "little", "big"].contains(order) else {
      throw .damaged(path: path, reason: "its order of bytes is neither little nor big")
    }
    guard pickle.size <= PickleMachine.Limits.bytes else {
      throw .tooLarge(
        path: path, reason: "its pickle has more than \(PickleMachine.Limits.bytes >> 20) MiB")
    }
    var places: [String: StorageFile.Place] = [:]
    for (name, entry) in entries where name.hasPrefix("data/") {
      places[String(name.dropFirst(5))] =
        entry.isCompressed ? .compressed(entry) : .mapped(entry.range)
      try checkSum(entry, in: bytes, path: path)
    }
    let text = try content(pickle, in: bytes, path: path)
    return try text.withUnsafeBytes { text in
      Result { () throws(CheckpointError) -> CheckpointContents in
        var machine = PickleMachine(text, path: path, skipsObjects: skipsObjects)
        let root = try machine.run()
        guard machine.offset == text.count else { throw machine.damaged("bytes behind its end") }
        let storages = StorageFile(file: file, places: places, isBigEndian: order == "big")
        return try CheckpointContents(root: root, machine: machine, storages: storages)
      }
    }.get()
  }

  /// The bytes of a compressed entry.
  static func inflated(
    _ entry: ZipArchive.Entry, in bytes: UnsafeRawBufferPointer, path: String
  ) throws(CheckpointError) -> [UInt8] {
    do throws(FileError) { try Memory.check(count: entry.size, of: 1, for: path) } catch {
      throw .file(error)
    }
    let result: [UInt8]
    do throws(ZipArchive.Failure) {
      result = try ZipArchive.inflated(entry, in: bytes)
    } catch {
      throw .archive(path: path, error)
    }
    guard isWhole(entry, result.withUnsafeBytes(ZipArchive.crc32)) else {
      throw .archive(path: path, .damaged(entry.name))
    }
    return result
  }

  private static func content(
    _ entry: ZipArchive.Entry, in bytes: UnsafeRawBufferPointer, path: String
  ) throws(CheckpointError) -> [UInt8] {
    if entry.isCompressed { return try inflated(entry, in: bytes, path: path) }
    try checkSum(entry, in: bytes, path: path)
    return Array(bytes[entry.range])
  }

  private static func checkSum(
    _ entry: ZipArchive.Entry, in bytes: UnsafeRawBufferPointer, path: String
  ) throws(CheckpointError) {
    guard !entry.isCompressed else { return }
    let part = UnsafeRawBufferPointer(rebasing: bytes[entry.range])
    guard isWhole(entry, ZipArchive.crc32(of: part)) else {
      throw .archive(path: path, .damaged(entry.name))
    }
  }

  /// PyTorch may be told to leave the checksums out, which then are 0.
  private static func isWhole(_ entry: ZipArchive.Entry, _ sum: UInt32) -> Bool {
    entry.crc32 == sum || entry.crc32 == 0
  }

  private static func checkInflation(
    _ archive: ZipArchive, _ byteCount: Int, path: String
  ) throws(CheckpointError) {
    var sum = 0
    for entry in archive.entries where entry.isCompressed {
      let (next, overflow) = sum.addingReportingOverflow(entry.size)
      let most = byteCount.multipliedReportingOverflow(by: greatestInflation)
      guard !overflow, most.overflow || next <= most.partialValue + smallByteCount else {
        throw .tooLarge(
          path: path,
          reason:
            "its \(byteCount) bytes are to become more than \(greatestInflation) times as many")
      }
      sum = next
    }
  }

  /// What stands before the names of all files of the checkpoint, which PyTorch takes from the file's own name.
  private static func prefix(
    of archive: ZipArchive, path: String
  ) throws(CheckpointError) -> String {
    let pickles = archive.entries.filter { $0.name.split(separator: "/").last == "data.pkl" }
    guard pickles.count == 1 else {
      throw pickles.isEmpty
        ? noPickle(path)
        : .damaged(
          path: path,
          reason: "it has several pickles, \(pickles.map(\.name).joined(separator: " and "))")
    }
    return String(pickles[0].name.dropLast("data.pkl".count))
  }

  private static func noPickle(_ path: String) -> CheckpointError {
    .unsupported(
      path: path, reason: "is a ZIP archive without data.pkl, and so none of PyTorch's",
      fix: "give the file that torch.save wrote")
  }
}
