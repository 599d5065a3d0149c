import Files

/// The images in tar shards, and what they are labelled with.
///
/// Shards label their images in one of two ways. As WebDataset does: `KEY.jpg` (or `.jpeg`, `.png`) and `KEY.cls`, a whole
/// number as text; a file's key ends at the first dot of its name, and files of other kinds are passed over. Or by
/// folders: `<class>/<name>.jpg`, perhaps with folders above the class.
struct ShardListing: Sendable {
  /// What an image is labelled with.
  enum Label: Hashable, Sendable {
    case number(Int)
    case className(String)
  }

  /// One image.
  struct Image: Sendable {
    /// The index of its shard.
    let shard: Int
    /// Its name in the shard.
    let name: String
    /// Where its bytes are in the shard.
    let bytes: Range<Int>
    let label: Label
  }

  /// Labels from here on are taken for damage.
  static let largestClassCount = 1_000_000
  private static let longestLabel = 32
  private static let labelExtension = "cls"

  let shards: [MappedFile]
  /// By shard, then as they lie in it.
  let images: [Image]

  /// Reads the headers of the shards at `paths`.
  init(paths: [String]) throws {
    let lists = try Parallel.map(count: paths.count) { shard throws in
      let file = try MappedFile(path: paths[shard])
      let images = try file.withBytes { bytes in
        do throws(TarArchive.Failure) {
          return try Self.images(of: bytes, shard: shard)
        } catch {
          throw DatasetError.invalidShard(
            path: paths[shard], entry: error.entry, problem: error.problem)
        }
      }
      return (file, images)
    }
    shards = lists.map(\.0)
    images = lists.flatMap(\.1)
  }

  /// Reads the headers of the shard in `bytes`, whose index is `shard`.
  static func images(
    of bytes: UnsafeRawBufferPointer, shard: Int
  ) throws(TarArchive.Failure) -> [Image] {
    let entries = try TarArchive(bytes).entries().filter { !isHidden($0.name) }
    let isKeyed = entries.contains { key(of: $0.name).kind == labelExtension }
    let images =
      isKeyed
      ? try keyedImages(of: entries, in: bytes, shard: shard)
      : try imagesInFolders(of: entries, shard: shard)
    guard !images.isEmpty else { throw TarArchive.Failure(entry: nil, problem: .empty) }
    return images
  }

  private static func imagesInFolders(
    of entries: [TarArchive.Entry], shard: Int
  ) throws(TarArchive.Failure) -> [Image] {
    var names: Set<String> = []
    var images: [Image] = []
    for entry in entries where ImageListing.isImageName(entry.name) {
      let parts = entry.name.split(separator: "/").filter { $0 != "." }
      guard parts.count > 1 else {
        throw TarArchive.Failure(entry: entry.name, problem: .noLabel)
      }
      let name = parts.joined(separator: "/")
      guard names.insert(name).inserted else {
        throw TarArchive.Failure(entry: entry.name, problem: .duplicate)
      }
      images.append(
        Image(
          shard: shard, name: name, bytes: try regularBytes(of: entry),
          label: .className(String(parts[parts.count - 2]))))
    }
    return images
  }

  private static func keyedImages(
    of entries: [TarArchive.Entry], in bytes: UnsafeRawBufferPointer, shard: Int
  ) throws(TarArchive.Failure) -> [Image] {
    var images: [(key: String, entry: TarArchive.Entry)] = []
    var imageKeys: Set<String> = []
    var labels: [String: Int] = [:]
    for entry in entries {
      let (key, kind) = key(of: entry.name)
      if kind == labelExtension {
        let label = try label(in: bytes[regularBytes(of: entry)], of: entry)
        guard labels.updateValue(label, forKey: key) == nil else {
          throw TarArchive.Failure(entry: entry.name, problem: .duplicate)
        }
      } else if ImageListing.fileExtensions.contains(kind) {
        guard imageKeys.insert(key).inserted else {
          throw TarArchive.Failure(entry: entry.name, problem: .duplicate)
        }
        images.append((key, entry))
      }
    }
    if let key = labels.keys.filter({ !imageKeys.contains($0) }).min() {
      throw TarArchive.Failure(entry: "\(key).\(labelExtension)", problem: .noImage)
    }
    var result: [Image] = []
    for (key, entry) in images {
      guard let label = labels[key] else {
        throw TarArchive.Failure(entry: entry.name, problem: .noLabel)
      }
      result.append(
        Image(
          shard: shard, name: entry.name, bytes: try regularBytes(of: entry),
          label: .number(label)))
    }
    return result
  }

  private static func label(
    in text: Slice<UnsafeRawBufferPointer>, of entry: TarArchive.Entry
  ) throws(TarArchive.Failure) -> Int {
    let isSpace: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || (9...13).contains($0) }
    let digits = text.prefix(longestLabel).drop(while: isSpace).prefix { !isSpace($0) }
    let rest = text[digits.endIndex...]
    guard text.count <= longestLabel, rest.allSatisfy(isSpace),
      let label = Int(String(decoding: digits, as: UTF8.self))
    else { throw TarArchive.Failure(entry: entry.name, problem: .labelNotANumber) }
    guard (0..<largestClassCount).contains(label) else {
      throw TarArchive.Failure(
        entry: entry.name,
        problem: .labelOutOfRange(label: label, classCount: largestClassCount))
    }
    return label
  }

  private static func regularBytes(
    of entry: TarArchive.Entry
  ) throws(TarArchive.Failure) -> Range<Int> {
    guard let bytes = entry.bytes else {
      throw TarArchive.Failure(entry: entry.name, problem: .notARegularFile)
    }
    return bytes
  }

  private static func isHidden(_ name: String) -> Bool {
    name.split(separator: "/").last?.first == "."
  }

  /// The part of a name before the first dot after its folders, and what follows the dot.
  private static func key(of name: String) -> (key: String, kind: String) {
    let start = name.lastIndex(of: "/").map(name.index(after:)) ?? name.startIndex
    guard let dot = name[start...].firstIndex(of: ".") else { return (name, "") }
    return (String(name[..<dot]), name[name.index(after: dot)...].lowercased())
  }
}
