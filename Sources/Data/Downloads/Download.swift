import Datasets
import Files

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Fetches the published archive of a data set and unpacks it.
///
/// The system's `curl` transfers, and so obeys its usual variables, such as `https_proxy`; `tar` unpacks.
public enum Download {
  /// A published archive.
  public struct Archive: Hashable, Sendable {
    /// The data set's name.
    public let name: String
    /// The archive's file name.
    public let fileName: String
    /// The directory that the archive unpacks to.
    public let directoryName: String
    /// The address of the archive without its file name.
    public let baseURL: String
    /// The archive's length.
    public let byteCount: Int
    /// The archive's SHA-256, in lower-case hexadecimal.
    public let sha256: String

    /// CIFAR-10 in its binary form. Length and checksum: tensorflow/datasets, `url_checksums/cifar10.txt`.
    public static let cifar10 = Archive(
      name: "cifar10", fileName: "cifar-10-binary.tar.gz", directoryName: "cifar-10-batches-bin",
      baseURL: "https://www.cs.toronto.edu/~kriz", byteCount: 170_052_171,
      sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd")

    /// CIFAR-100 in its binary form. Length and checksum: tensorflow/datasets, `url_checksums/cifar100.txt`.
    public static let cifar100 = Archive(
      name: "cifar100", fileName: "cifar-100-binary.tar.gz", directoryName: "cifar-100-binary",
      baseURL: "https://www.cs.toronto.edu/~kriz", byteCount: 168_513_733,
      sha256: "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec")

    /// All archives that can be fetched.
    public static let all = [cifar10, cifar100]
  }

  /// Fetches `archive` into `directory` and unpacks it there, each only as far as needed.
  ///
  /// The transfer goes to `<file name>.partial`, and goes on from there after a break, in this call or the next. The
  /// archive stays in `directory`; a verified one is not fetched again.
  ///
  /// - Parameters:
  ///   - baseURL: Where to fetch from, such as a mirror, in place of the archive's own address.
  ///   - showsProgress: Whether curl draws its progress on standard error, for a terminal.
  ///   - progress: Is told what is being done, on the calling thread.
  /// - Returns: The directory of the unpacked data.
  /// - Throws: `DatasetError` or `FileError`. What was unpacked before is then as it was.
  @discardableResult
  public static func fetch(
    archive: Archive, into directory: String, baseURL: String? = nil, showsProgress: Bool = false,
    progress: ((String) -> Void)? = nil
  ) throws -> String {
    let url = "\(baseURL ?? archive.baseURL)/\(archive.fileName)"
    let path = "\(directory)/\(archive.fileName)"
    try Directory.create(directory)
    // Two transfers into one partial file would mix.
    let lock = try lock(directory, progress)
    defer { withExtendedLifetime(lock) {} }
    if Directory.exists(path) {
      progress?("checking \(path)")
      let checksum = try sha256(of: path)
      guard checksum == archive.sha256 else {
        throw DatasetError.wrongArchive(path: path, sha256: checksum, expected: archive.sha256)
      }
    } else {
      let transfer = Transfer(
        url: url, path: path, byteCount: archive.byteCount, showsProgress: showsProgress)
      progress?("fetching \(url) (\(archive.byteCount) bytes)")
      try transfer.run()
      progress?("checking \(path)")
      try keep(archive, from: transfer)
    }
    progress?("unpacking \(path)")
    try Unpacking(archivePath: path, directory: directory, name: archive.directoryName).run()
    return "\(directory)/\(archive.directoryName)"
  }

  private static func lock(
    _ directory: String, _ progress: ((String) -> Void)?
  ) throws -> DirectoryLock {
    if let lock = try DirectoryLock(ifFree: directory) { return lock }
    progress?("waiting for another process that fetches into '\(directory)'")
    return try DirectoryLock(waitingFor: directory)
  }

  /// Gives the transferred file its name, or removes it where its checksum is wrong.
  private static func keep(_ archive: Archive, from transfer: Transfer) throws {
    let checksum = try sha256(of: transfer.partialPath)
    guard checksum == archive.sha256 else {
      unlink(transfer.partialPath)
      throw DatasetError.wrongChecksum(
        url: transfer.url, path: transfer.path, sha256: checksum, expected: archive.sha256)
    }
    guard rename(transfer.partialPath, transfer.path) == 0 else {
      throw FileError.cannotWrite(path: transfer.path, reason: String(cString: strerror(errno)))
    }
  }

  private static func sha256(of path: String) throws -> String {
    try MappedFile(path: path).withBytes { bytes in
      var hasher = SHA256Hasher()
      hasher.update(bytes)
      return hasher.finish()
    }
  }
}
