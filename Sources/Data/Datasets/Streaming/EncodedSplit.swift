import Files
import Randomness

/// The labelled images of one split, as JPEG and PNG files that are decoded when they are needed.
///
/// They lie in folders of classes or in tar shards. The files must stay as they are while the split is used.
public struct EncodedSplit: Sendable {
  /// `train` or `test`.
  public let name: String
  /// The labels, `[N]`, in `0..<classNames.count`.
  public let labels: [Int64]
  /// The classes' names, in the order of the labels.
  public let classNames: [String]
  /// The SHA-256 of every image's name, size and label, in order, and of the classes, in lower-case hexadecimal.
  ///
  /// It distinguishes one listing from another without reading the images; `ImagesFingerprint` is of their content.
  public let fingerprint: String

  /// Whether images come with labels; all are 0 otherwise.
  public let hasLabels: Bool
  /// Whether files label images by the number of a class, not by its name.
  public let labelsAreNumbers: Bool
  /// What was passed over and inferred.
  public let notes: [Note]

  /// Where an image is.
  enum Source: Sendable {
    case folder(directory: String)
    /// Names are paths.
    case files
    case shards([MappedFile], places: [ShardLocation])
  }

  /// Where an image is in the shards.
  struct ShardLocation: Sendable {
    let shard: Int
    let bytes: Range<Int>
  }

  private let source: Source
  private let names: NameTable

  init(
    _ listing: EncodedListing, classNames: [String], labels: [Int64], areNumbers: Bool,
    notes: [Note]
  ) {
    self.name = listing.name
    self.labels = labels
    self.classNames = classNames
    hasLabels = listing.hasLabels
    labelsAreNumbers = areNumbers
    self.notes = listing.notes + notes
    source = listing.source
    names = NameTable(listing.names)
    fingerprint = listing.fingerprint(labels: labels, classNames: classNames)
  }

  /// Loads the one split in `directory`, to predict it.
  ///
  /// - Parameters:
  ///   - directory: Holds folders of classes; or tar shards; or the folder `test` or `val` with either of them; or
  ///     shards named `test-*.tar` or `val-*.tar`; or images without labels. It may also be one tar file, several as
  ///     `shard-{000..003}.tar`, or one image.
  ///   - classNames: The classes that labels refer to, such as those of a trained network; those found, sorted, where
  ///     it is nil.
  /// - Throws: `DatasetError`, or `FileError` where a file cannot be read.
  public static func load(directory: String, classNames: [String]? = nil) throws -> EncodedSplit {
    let (place, notes) = try EncodedPlace.onlySplit(in: directory)
    let listing = try EncodedListing(place, name: "test")
    let classes = try EncodedClasses(
      given: classNames, in: EncodedPlace.parent(of: directory), listings: [listing])
    return try classes.split(listing, notes)
  }

  /// Loads the images in the files at `paths`, at least one, which have no labels.
  ///
  /// - Throws: `DatasetError`, or `FileError` where a file cannot be read.
  public static func load(files paths: [String]) throws -> EncodedSplit {
    let listing = try EncodedListing(.files(paths: paths), name: "test")
    return try EncodedClasses(given: nil, in: listing.path, listings: [listing]).split(listing)
  }

  /// Whether a file of this name is taken for an image, also of a format that is not read.
  public static func isImageName(_ name: String) -> Bool { FolderContents.isImageName(name) }

  /// The number of images, N.
  public var count: Int { labels.count }

  /// The path of the image at `index`; in a shard, the shard's path and the image's in it.
  public func name(of index: Int) -> String {
    switch source {
    case .folder(let directory): "\(directory)/\(names[index])"
    case .files: names[index]
    case .shards(let shards, let places): "\(shards[places[index].shard].path)/\(names[index])"
    }
  }

  /// Calls `body` with the encoded bytes of the image at `index`, which hold until it returns.
  ///
  /// - Throws: `FileError` where the file cannot be read, and what `body` throws.
  public func withBytes<R>(
    of index: Int, _ body: (UnsafeRawBufferPointer) throws -> R
  ) throws -> R {
    switch source {
    case .folder, .files:
      return try MappedFile(path: name(of: index)).withBytes(body)
    case .shards(let shards, let places):
      let place = places[index]
      return try shards[place.shard].withBytes {
        try body(UnsafeRawBufferPointer(rebasing: $0[place.bytes]))
      }
    }
  }
}

// MARK: - Order

extension EncodedSplit {
  /// How many images are shuffled at a time where they come from shards.
  static let shuffleLength = 8192

  /// Returns `indices` in a random order for one epoch, drawn from `stream`.
  ///
  /// In folders every order has the same probability. In shards, reading stays nearly sequential: the shards come in
  /// random order, and their images pass through a buffer of 8,192, from which a random one leaves for each that
  /// enters.
  public func epochOrder(of indices: [Int], from stream: inout RandomStream) -> [Int] {
    switch source {
    case .folder, .files:
      return stream.permutation(of: indices.count).map { indices[$0] }
    case .shards(let shards, let places):
      var byShard = [[Int]](repeating: [], count: shards.count)
      for index in indices { byShard[places[index].shard].append(index) }
      let order = stream.permutation(of: shards.count).flatMap { shard in
        byShard[shard].sorted { places[$0].bytes.lowerBound < places[$1].bytes.lowerBound }
      }
      return Self.shuffled(order, length: Self.shuffleLength, from: &stream)
    }
  }

  /// Passes `order` through a buffer of `length`.
  static func shuffled(_ order: [Int], length: Int, from stream: inout RandomStream) -> [Int] {
    var buffer = Array(order.prefix(length))
    var result: [Int] = []
    result.reserveCapacity(order.count)
    for next in order.dropFirst(length) {
      let place = stream.integer(below: buffer.count)
      result.append(buffer[place])
      buffer[place] = next
    }
    return result + stream.permutation(of: buffer.count).map { buffer[$0] }
  }
}

/// Many names in one piece of memory.
struct NameTable: Sendable {
  private var bytes: [UInt8] = []
  private var ends: [Int] = []

  /// Holds `names`.
  init(_ names: some Sequence<String>) {
    for name in names {
      bytes.append(contentsOf: name.utf8)
      ends.append(bytes.count)
    }
  }

  /// The name at `index`.
  subscript(index: Int) -> String {
    String(decoding: bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]], as: UTF8.self)
  }
}
