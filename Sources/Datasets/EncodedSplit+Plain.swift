import Files

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension EncodedSplit {
  /// Whether `directory` holds image files themselves, and not folders of them.
  public static func isPlain(_ directory: String) -> Bool {
    guard Directory.isDirectory(directory), let names = try? Directory.names(in: directory) else {
      return false
    }
    return names.contains(where: ImageListing.isImageName)
  }

  /// Loads the images in `directory` itself, which have no labels: theirs are all 0, of one class without a name.
  ///
  /// - Throws: `DatasetError`, or `FileError` where a file cannot be read.
  public static func plain(directory: String) throws -> EncodedSplit {
    let listing = try EncodedListing(plainImagesIn: directory)
    return EncodedSplit(
      listing, classNames: [""], labels: [Int64](repeating: 0, count: listing.names.count))
  }
}

extension EncodedListing {
  /// Lists the image files in `directory` itself.
  fileprivate init(plainImagesIn directory: String) throws {
    name = "test"
    path = directory
    let names = try Directory.names(in: directory)
    for name in names where !ImageListing.isImageName(name) {
      throw DatasetError.unexpectedFile(
        path: "\(directory)/\(name)", expected: "a name ending in .jpg, .jpeg or .png")
    }
    sizes = try names.map { name in
      var status = stat()
      guard "\(directory)/\(name)".withSystemPath({ stat($0, &status) }) == 0 else {
        throw FileError.cannotRead(
          path: "\(directory)/\(name)", reason: String(cString: strerror(errno)))
      }
      return Int(status.st_size)
    }
    self.names = names
    labels = names.map { _ in .number(0) }
    source = .folder(directory: directory)
  }
}
