import Foundation

/// All files below a directory with their bytes, to see that nothing has changed.
public struct FileTree: Hashable, Sendable {
  /// The bytes by the path below the directory; nil for a directory.
  public let contents: [String: Data?]

  /// Reads everything below `path`, without its child `excluded`; nothing where there is no directory.
  public init(_ path: String, without excluded: String? = nil) throws {
    var contents: [String: Data?] = [:]
    for name in FileManager.default.enumerator(atPath: path)?.compactMap({ $0 as? String }) ?? []
    where excluded == nil || name.split(separator: "/").first.map(String.init) != excluded {
      var isDirectory: ObjCBool = false
      let file = "\(path)/\(name)"
      _ = FileManager.default.fileExists(atPath: file, isDirectory: &isDirectory)
      contents[name] =
        isDirectory.boolValue ? .some(nil) : try Data(contentsOf: URL(filePath: file))
    }
    self.contents = contents
  }

  /// The paths below the directory.
  public var names: Set<String> { Set(contents.keys) }
}
