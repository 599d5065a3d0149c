import Concurrency
import Files

/// The images of a directory that holds a folder for each class.
struct ClassFolderListing: Sendable {
  let directory: String
  /// The folders, sorted.
  let classes: [String]
  /// Each class's images, sorted, by their names in its folder.
  let images: [[String]]
  /// What was passed over.
  let notes: [Note]

  /// Lists `directory`.
  ///
  /// - Throws: `DatasetError` where it holds no classes, or images that belong to none or to folders in a class's.
  init(_ directory: String) throws {
    guard Directory.isDirectory(directory) else {
      throw DatasetError.missingSplit(path: directory)
    }
    let contents = try FolderContents(directory)
    if let image = contents.images.first {
      throw DatasetError.unexpectedFile(
        path: "\(directory)/\(image)", expected: "an image to lie in the folder of its class")
    }
    if let shard = contents.shards.first {
      throw DatasetError.unexpectedFile(
        path: "\(directory)/\(shard)", expected: "folders of classes or tar shards, not both")
    }
    guard !contents.folders.isEmpty else { throw DatasetError.noClasses(path: directory) }
    let folders = contents.folders
    // Texts are equal where they differ in the encoding of an accent only.
    if let twice = zip(folders, folders.dropFirst()).first(where: { $0 == $1 })?.0 {
      throw DatasetError.sameClassNames(path: "\(directory)/\(twice)")
    }
    let lists = try parallelMap(folders.count) { number throws in
      try Self.images(in: folders[number], of: directory)
    }
    self.directory = directory
    classes = folders
    images = lists.map(\.images)
    notes =
      FolderContents.note(on: contents.strays + lists.flatMap(\.strays), in: directory)
      + Self.note(onEmpty: folders, lists.map(\.images), in: directory)
  }

  /// The images of one class, and what else lies with them.
  private static func images(
    in folder: String, of directory: String
  ) throws -> (images: [String], strays: [String]) {
    let contents = try FolderContents("\(directory)/\(folder)")
    for inner in contents.folders {
      let path = "\(directory)/\(folder)/\(inner)"
      let within = try FolderContents(path)
      guard within.images.isEmpty, within.folders.isEmpty, within.shards.isEmpty else {
        throw DatasetError.nestedFolder(path: path, className: folder)
      }
    }
    let strays = contents.strays + contents.folders + contents.shards
    return (contents.images, strays.map { "\(folder)/\($0)" })
  }

  private static func note(
    onEmpty classes: [String], _ images: [[String]], in directory: String
  ) -> [Note] {
    let empty = zip(classes, images).filter { $1.isEmpty }.map(\.0)
    guard let first = empty.first else { return [] }
    let rest = empty.count > 1 ? " and \(empty.count - 1) more" : ""
    return [Note(source: directory, text: "no images of '\(first)'\(rest)")]
  }

  /// The classes without an image.
  var emptyClasses: [String] { zip(classes, images).filter { $1.isEmpty }.map(\.0) }
}
