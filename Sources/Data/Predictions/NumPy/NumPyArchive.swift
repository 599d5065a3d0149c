import Compression
import Files

/// The arrays of an `.npz` file, which is a ZIP archive, compressed or not.
struct NumPyArchive {
  /// By name, without the ending `.npy`.
  let arrays: [String: NumPyArray]

  private static let mostEntries = 1000

  init(_ file: MappedFile) throws(EnsembleError) {
    var arrays: [String: NumPyArray] = [:]
    for entry in try Self.entries(of: file) where entry.name.hasSuffix(".npy") {
      let name = String(entry.name.dropLast(4))
      arrays[name] = try Self.array(entry, in: file, source: "\(file.path)[\(name)]")
    }
    self.arrays = arrays
  }

  private static func array(
    _ entry: ZipArchive.Entry, in file: MappedFile, source: String
  ) throws(EnsembleError) -> NumPyArray {
    guard entry.isCompressed else {
      return try NumPyArray(.mapped(file), range: entry.range, source: source)
    }
    try checkMemory(entry.size, of: 1, for: source)
    let bytes = file.withBytes { all in try? ZipArchive.inflated(entry, in: all) }
    guard let bytes else {
      throw .invalidImport(
        source: source, reason: "is damaged: its compressed bytes cannot be read",
        fix: "save it again")
    }
    return try NumPyArray(.memory(bytes), range: 0..<bytes.count, source: source)
  }

  private static func entries(of file: MappedFile) throws(EnsembleError) -> [ZipArchive.Entry] {
    let result: Result<[ZipArchive.Entry], EnsembleError> = file.withBytes { bytes in
      do throws(ZipArchive.Failure) {
        return .success(try ZipArchive(bytes, mostEntries: mostEntries).entries)
      } catch {
        let fix =
          if case .duplicateName = error { "save each array once" } else {
            "save it with numpy.savez or savez_compressed"
          }
        return .failure(
          .invalidImport(source: file.path, reason: error.description, fix: fix))
      }
    }
    return try result.get()
  }
}
