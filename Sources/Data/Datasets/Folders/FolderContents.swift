import Files

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What lies in a directory of images or of classes, sorted out by names, and by content where a name says nothing.
struct FolderContents: Sendable {
  /// Image files, of formats that are read and of others, which fail as they are decoded; sorted.
  private(set) var images: [String] = []
  /// Folders that may be classes; sorted.
  private(set) var folders: [String] = []
  /// Tar archives, compressed ones too; sorted.
  private(set) var shards: [String] = []
  /// What is none of these, such as `Thumbs.db`; sorted.
  private(set) var strays: [String] = []

  /// Images that are read, judged by their names.
  static let imageExtensions: Set = ["jpg", "jpeg", "jpe", "jfif", "png"]
  /// Images that are not, and must not be dropped: decoding names them.
  private static let otherImageExtensions: Set = [
    "webp", "bmp", "gif", "tif", "tiff", "heic", "heif", "avif", "jp2", "jxl", "ppm", "pgm", "pbm",
    "ico", "tga", "svg",
  ]
  private static let shardEndings = [
    ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst",
  ]
  /// Folders that systems and editors leave.
  private static let strayFolders: Set = [
    "__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found",
    "__pycache__", "#recycle",
  ]

  /// Sorts out the directory at `path`.
  init(_ path: String) throws(FileError) {
    for name in try Directory.names(in: path, hidden: true) {
      if name.hasPrefix(".") {
        strays.append(name)
      } else if Self.isImageName(name) {
        images.append(name)
      } else if Directory.isDirectory("\(path)/\(name)") {
        if Self.strayFolders.contains(name) { strays.append(name) } else { folders.append(name) }
      } else if Self.isShardName(name) {
        shards.append(name)
      } else if !name.contains("."), Self.holdsImage("\(path)/\(name)") {
        images.append(name)
      } else {
        strays.append(name)
      }
    }
  }

  /// Whether a file of this name is taken for an image.
  static func isImageName(_ name: String) -> Bool {
    guard let dot = name.lastIndex(of: ".") else { return false }
    let ending = name[name.index(after: dot)...].lowercased()
    return imageExtensions.contains(ending) || otherImageExtensions.contains(ending)
  }

  /// Whether a file of this name is taken for a tar archive.
  static func isShardName(_ name: String) -> Bool {
    let name = name.lowercased()
    return shardEndings.contains { name.hasSuffix($0) }
  }

  /// Whether a file without an extension begins as an image does.
  private static func holdsImage(_ path: String) -> Bool {
    var status = stat()
    // Nothing else is opened: a pipe would wait for a writer.
    guard path.withSystemPath({ stat($0, &status) }) == 0, status.st_mode & S_IFMT == S_IFREG,
      let file = try? MappedFile(path: path)
    else { return false }
    return file.withBytes { ImageFormat(of: $0)?.isRead ?? false }
  }

  /// The note on what is passed over; none where there is nothing.
  static func note(on strays: [String], in directory: String) -> [Note] {
    guard !strays.isEmpty else { return [] }
    let shown = strays.prefix(3).map { "'\($0)'" }.joined(separator: ", ")
    let rest = strays.count > 3 ? " and \(strays.count - 3) more" : ""
    return [Note(source: directory, text: "passed over, as no images: \(shown)\(rest)")]
  }

  /// The note on tables beside images without folders of classes, which may hold their labels; none where there is none.
  static func noteOnTables(_ strays: [String], in directory: String) -> [Note] {
    let endings = [".csv", ".tsv", ".jsonl", ".parquet"]
    guard let table = strays.first(where: { name in endings.contains { name.hasSuffix($0) } })
    else { return [] }
    return [
      Note(
        source: directory,
        text: "labels that '\(table)' may hold are not read: give each class a folder of its images"
      )
    ]
  }
}
