import Concurrency
import Files

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A division of folders of classes into images to train on and images to test.
///
/// Each class gives the same share of its images, at least one to each side. Which images go where depends on their contents
/// and the seed alone: files with the same content stay together, and a few images more leave the others where they are.
public struct DatasetSplit: Sendable {
  /// An image: its class and its name in the class's folder.
  struct File: Sendable {
    let className, name: String
    /// What is linked or copied, where the listing's own path is a link.
    let path: String
  }

  let train, test: [File]
  /// The classes.
  public let classes: [String]
  /// What was passed over, and images that are there more than once.
  public let notes: [Note]

  /// The number of images to train on, and of those to test.
  public var counts: (train: Int, test: Int) { (train.count, test.count) }

  /// Divides the images in the folders of `directory`.
  ///
  /// - Parameter testShare: Of each class's images, in 0...1.
  /// - Throws: `DatasetError`, or `FileError` where a file cannot be read.
  public init(of directory: String, testShare: Double, seed: UInt64) throws {
    precondition((0...1).contains(testShare), "a share")
    guard Directory.isDirectory(directory) else {
      try Directory.checkReachable(directory)
      throw DatasetError.noDirectory(directory: directory)
    }
    let listing = try ClassFolderListing(directory)
    let divided = try parallelMap(listing.classes.count) { number throws in
      try Self.divide(
        listing.images[number], of: listing.classes[number], in: directory, testShare, seed)
    }
    train = divided.flatMap(\.train)
    test = divided.flatMap(\.test)
    classes = listing.classes
    let copies = divided.reduce(0) { $0 + $1.copies }
    notes =
      listing.notes
      + (copies == 0
        ? []
        : [
          Note(
            source: directory,
            text:
              "\(copies) images have the content of another of their class, and stay on its side")
        ])
  }

  private static func divide(
    _ names: [String], of className: String, in directory: String, _ testShare: Double,
    _ seed: UInt64
  ) throws -> (train: [File], test: [File], copies: Int) {
    var groups: [String: [File]] = [:]
    for name in names {
      let path = "\(directory)/\(className)/\(name)"
      let key = try MappedFile(path: path).withBytes { bytes in
        var hasher = SHA256Hasher()
        hasher.update("\(seed)\n")
        hasher.update(bytes)
        return hasher.finish()
      }
      groups[key, default: []].append(File(className: className, name: name, path: path))
    }
    guard groups.count > 1 else {
      throw DatasetError.tooFewToSplit(path: "\(directory)/\(className)", count: groups.count)
    }
    let wanted = Int((testShare * Double(names.count)).rounded())
    var (train, test): ([File], [File]) = ([], [])
    let keys = groups.keys.sorted()
    for (place, key) in keys.enumerated() {
      let isTest = place == 0 || (test.count < wanted && place < keys.count - 1)
      if isTest { test += groups[key] ?? [] } else { train += groups[key] ?? [] }
    }
    return (train, test, names.count - groups.count)
  }

  /// Writes `train/CLASS/*` and `test/CLASS/*` into a new directory. The images stay where they are.
  ///
  /// - Parameter copies: Whether images are copied; otherwise they are hard links, which take no space, and copies where
  ///   the file system has none.
  /// - Returns: How many were copied.
  /// - Throws: `FileError`; nothing is then left behind.
  @discardableResult
  public func write(to path: String, copies: Bool) throws -> Int {
    var copied = 0
    try Directory.createWhole(path) { place in
      for (split, files) in [("train", train), ("test", test)] {
        for className in classes { try Directory.create("\(place)/\(split)/\(className)") }
        for file in files {
          let target = "\(place)/\(split)/\(file.className)/\(file.name)"
          if !copies, Self.link(file.path, target) { continue }
          try MappedFile(path: file.path).withBytes { bytes in
            try DurableFile.write(to: target, isSynced: false) { try $0.write(bytes) }
          }
          copied += 1
        }
      }
    }
    return copied
  }

  /// Makes a hard link to the file itself, also where `path` is a symbolic link.
  private static func link(_ path: String, _ target: String) -> Bool {
    path.withSystemPath { from in
      target.withSystemPath { linkat(AT_FDCWD, from, AT_FDCWD, $0, AT_SYMLINK_FOLLOW) == 0 }
    }
  }
}
