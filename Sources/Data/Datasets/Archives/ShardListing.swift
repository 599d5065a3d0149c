import Concurrency
import Files

/// The images in tar shards, and what they are labelled with.
///
/// Shards label their images in one of two ways. As WebDataset does: `KEY.jpg` (or `.jpeg`, `.png`) and `KEY.cls`, a whole
/// number or a class's name as text. Or by folders: `<class>/<name>.jpg`, perhaps with folders above the class. Shards
/// without folders and `.cls` files hold images without labels.
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
    /// nil where the shard labels none of its images.
    let label: Label?
  }

  /// Labels from here on are taken for damage.
  static let largestClassCount = 1_000_000

  let shards: [MappedFile]
  /// By shard, then as they lie in it. All have labels, or none has.
  let images: [Image]
  /// What was passed over, and what is unusual about the shards.
  let notes: [Note]

  /// Reads the headers of the shards at `paths`.
  init(paths: [String]) throws {
    let lists = try parallelMap(paths.count) { shard throws in
      let file = try MappedFile(path: paths[shard])
      let content = try file.withBytes { bytes in
        do throws(TarArchive.Failure) {
          return try ShardContent(bytes, shard: shard)
        } catch {
          throw DatasetError.invalidShard(
            path: paths[shard], entry: error.entry, problem: error.problem)
        }
      }
      return (file, content)
    }
    shards = lists.map(\.0)
    images = lists.flatMap(\.1.images)
    notes =
      zip(paths, lists).flatMap { path, list in
        list.1.remarks.map { Note(source: path, text: $0) }
      }
      + FolderContents.note(
        on: lists.flatMap(\.1.strays),
        in: paths.count == 1 ? paths[0] : EncodedPlace.parent(of: paths[0]))
    // Images without labels among others with them are a mistake.
    if images.contains(where: { $0.label != nil }),
      let image = images.first(where: { $0.label == nil })
    {
      throw DatasetError.invalidShard(
        path: paths[image.shard], entry: image.name, problem: .noLabel)
    }
  }
}

/// What one shard holds.
struct ShardContent: Sendable {
  private(set) var images: [ShardListing.Image] = []
  let remarks: [String]
  /// Files that are neither images nor labels.
  private(set) var strays: [String]

  private static let longestLabel = 256
  private static let labelExtension = "cls"
  /// Where others keep labels, among other things.
  private static let otherLabelExtensions = ["json", "txt", "class", "label", "id", "index"]

  /// Reads the headers of the shard in `bytes`, whose index is `shard`.
  init(_ bytes: UnsafeRawBufferPointer, shard: Int) throws(TarArchive.Failure) {
    if let tool = Self.unpackingTool(bytes) {
      throw TarArchive.Failure(entry: nil, problem: .compressed(tool: tool))
    }
    let contents = try TarArchive(bytes).contents()
    remarks = contents.remarks
    let entries = contents.entries.filter { !Self.isStray($0.name) }
    strays = contents.entries.map(\.name).filter(Self.isStray)
    let isKeyed = entries.contains { Key($0.name).kind == Self.labelExtension }
    if isKeyed {
      try readKeyed(entries, bytes, shard: shard)
    } else {
      try readFolders(entries, shard: shard)
    }
    guard !images.isEmpty else { throw TarArchive.Failure(entry: nil, problem: .empty) }
  }

  /// What unpacks a file that is no tar archive itself.
  private static func unpackingTool(_ bytes: UnsafeRawBufferPointer) -> String? {
    let tools: [(begin: [UInt8], tool: String)] = [
      ([0x1F, 0x8B], "gunzip"), (Array("BZh".utf8), "bunzip2"),
      ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "unxz"), ([0x28, 0xB5, 0x2F, 0xFD], "unzstd"),
      (Array("PK\u{3}\u{4}".utf8), "unzip"),
    ]
    return tools.first { bytes.starts(with: $0.begin) }?.tool
  }

  /// Whether the system or an editor left a file of this name.
  private static func isStray(_ name: String) -> Bool {
    let parts = name.split(separator: "/")
    return parts.last?.first == "." || parts.first == "__MACOSX"
  }

  private mutating func readFolders(
    _ entries: [TarArchive.Entry], shard: Int
  ) throws(TarArchive.Failure) {
    var names: Set<String> = []
    let parts = entries.map { $0.name.split(separator: "/").filter { $0 != "." } }
    let areImages = entries.map { FolderContents.isImageName($0.name) }
    let hasFolders = zip(parts, areImages).contains { $1 && $0.count > 1 }
    let allNames = hasFolders ? [] : Set(entries.map(\.name))
    for (place, entry) in entries.enumerated() {
      guard areImages[place] else {
        strays.append(entry.name)
        continue
      }
      let parts = parts[place]
      guard parts.count > 1 || !hasFolders else {
        throw TarArchive.Failure(entry: entry.name, problem: .noLabel)
      }
      let name = parts.joined(separator: "/")
      guard names.insert(name).inserted else {
        throw TarArchive.Failure(entry: entry.name, problem: .duplicate)
      }
      if !hasFolders, let other = Self.otherLabel(of: Key(entry.name), among: allNames) {
        throw TarArchive.Failure(entry: entry.name, problem: .otherLabel(file: other))
      }
      images.append(
        ShardListing.Image(
          shard: shard, name: name, bytes: try Self.regularBytes(of: entry),
          label: hasFolders ? .className(String(parts[parts.count - 2])) : nil))
    }
  }

  /// The file beside an image that may hold its label.
  private static func otherLabel(of key: Key, among names: Set<String>) -> String? {
    otherLabelExtensions.map { "\(key.whole).\($0)" }.first(where: names.contains)
  }

  private mutating func readKeyed(
    _ entries: [TarArchive.Entry], _ bytes: UnsafeRawBufferPointer, shard: Int
  ) throws(TarArchive.Failure) {
    var found: [(key: Key, entry: TarArchive.Entry)] = []
    var imageKeys: Set<String> = []
    var labels: [String: ShardListing.Label] = [:]
    for entry in entries {
      let key = Key(entry.name)
      if key.kind == Self.labelExtension {
        let label = try Self.label(in: bytes[Self.regularBytes(of: entry)], of: entry)
        guard labels.updateValue(label, forKey: key.whole) == nil else {
          throw TarArchive.Failure(entry: entry.name, problem: .duplicate)
        }
      } else if FolderContents.isImageName(entry.name) {
        guard imageKeys.insert(key.whole).inserted else {
          throw TarArchive.Failure(entry: entry.name, problem: .duplicate)
        }
        found.append((key, entry))
      } else {
        strays.append(entry.name)
      }
    }
    if let key = labels.keys.filter({ !imageKeys.contains($0) }).min() {
      throw TarArchive.Failure(entry: "\(key).\(Self.labelExtension)", problem: .noImage)
    }
    for (key, entry) in found {
      guard let label = labels[key.whole] else {
        // As WebDataset has it, `a.mask.png` beside `a.jpg` is another thing of the example `a`.
        guard key.first != key.whole, labels[key.first] != nil, imageKeys.contains(key.first) else {
          throw TarArchive.Failure(entry: entry.name, problem: .noLabel)
        }
        strays.append(entry.name)
        continue
      }
      images.append(
        ShardListing.Image(
          shard: shard, name: entry.name, bytes: try Self.regularBytes(of: entry), label: label))
    }
  }

  /// A whole number, or a class's name: text in one line.
  private static func label(
    in bytes: Slice<UnsafeRawBufferPointer>, of entry: TarArchive.Entry
  ) throws(TarArchive.Failure) -> ShardListing.Label {
    guard bytes.count <= longestLabel, let whole = String(validating: bytes, as: UTF8.self) else {
      throw TarArchive.Failure(entry: entry.name, problem: .labelNotANumber)
    }
    let text = ClassName.trimmed(whole)
    guard let label = Int(text) else {
      let isNumber = text.allSatisfy { $0.isASCIIDigit || " +-.,eE".contains($0) || $0.isNewline }
      guard !isNumber, !text.contains(where: \.isNewline), !text.contains("\0") else {
        throw TarArchive.Failure(entry: entry.name, problem: .labelNotANumber)
      }
      return .className(text)
    }
    guard (0..<ShardListing.largestClassCount).contains(label) else {
      throw TarArchive.Failure(
        entry: entry.name,
        problem: .labelOutOfRange(label: label, classCount: ShardListing.largestClassCount))
    }
    return .number(label)
  }

  private static func regularBytes(
    of entry: TarArchive.Entry
  ) throws(TarArchive.Failure) -> Range<Int> {
    guard let bytes = entry.bytes else {
      throw TarArchive.Failure(entry: entry.name, problem: .notARegularFile)
    }
    return bytes
  }
}

/// A file's name in a shard, taken apart.
private struct Key {
  /// Up to the last dot after its folders: what a label and its image have in common.
  let whole: String
  /// Up to the first dot.
  let first: String
  /// What follows the last dot, in small letters.
  let kind: String

  init(_ name: String) {
    let start = name.lastIndex(of: "/").map(name.index(after:)) ?? name.startIndex
    guard let last = name[start...].lastIndex(of: "."),
      let first = name[start...].firstIndex(of: ".")
    else {
      (whole, self.first, kind) = (name, name, "")
      return
    }
    whole = String(name[..<last])
    self.first = String(name[..<first])
    kind = name[name.index(after: last)...].lowercased()
  }
}
