/// What sources are called before the names of members that several of them have.
enum SourceLabels {
  /// The last parts of each path, as many as tell all apart: "a" and "b", or "x/a" and "y/a".
  static func labels(of paths: [String]) -> [String] {
    let parts = paths.map(parts)
    let most = parts.map(\.count).max() ?? 0
    var count = 1
    while true {
      let labels = zip(paths, parts).map { path, parts in
        parts.isEmpty ? path : parts.suffix(count).joined(separator: "/")
      }
      // One path given twice cannot be told apart.
      if count >= most || Set(labels).count == Set(paths).count { return labels }
      count += 1
    }
  }

  private static func parts(_ path: String) -> [Substring] {
    var parts = path.split(separator: "/").filter { $0 != "." && $0 != ".." }
    for ending in [".safetensors", ".json", ".onnx"] {
      if let last = parts.last, last.hasSuffix(ending) {
        parts[parts.count - 1] = last.dropLast(ending.count)
        break
      }
    }
    return parts
  }
}
