/// The names of members of several sources, each once.
public enum MemberNames {
  /// A place that holds members.
  public struct Source: Hashable, Sendable {
    /// As the user named it.
    public let path: String
    /// Its members' own names.
    public let names: [String]
    /// Whether it is the file of one model, which is called after it.
    public let isFile: Bool

    /// Creates a source; `isFile` where it is the file of one model.
    public init(path: String, names: [String], isFile: Bool = false) {
      self.path = path
      self.names = names
      self.isFile = isFile
    }
  }

  /// Returns the names in the order of the sources.
  ///
  /// A name that several sources hold goes behind the end of its source's path, as in `run/member`, and as much of the path
  /// as distinguishes the sources, as in `first/run/member`. Files alone that hold one name are numbered: `model (2)`. Names
  /// are equal still where a source that is no such file is given twice.
  public static func apart(_ sources: [Source]) -> [[String]] {
    var holders: [String: [Int]] = [:]
    for (number, source) in sources.enumerated() {
      for name in Set(source.names) { holders[name, default: []].append(number) }
    }
    let names = sources.enumerated().map { number, source in
      source.names.map { name in
        let among = (holders[name] ?? []).map { sources[$0] }
        guard among.count > 1, !among.allSatisfy(\.isFile) else { return name }
        let others = among.map(\.path).filter { $0 != source.path }
        return label(of: source.path, besides: others) + "/" + name
      }
    }
    return numbered(names, sources)
  }

  /// The files among those that share a name get a number.
  private static func numbered(_ names: [[String]], _ sources: [Source]) -> [[String]] {
    var counts: [String: Int] = [:]
    return zip(names, sources).map { names, source in
      guard source.isFile else { return names }
      return names.map { name in
        counts[name, default: 0] += 1
        let count = counts[name] ?? 1
        return count > 1 ? "\(name) (\(count))" : name
      }
    }
  }

  private static func parts(_ path: String) -> [Substring] {
    path.split(separator: "/").filter { $0 != "." }
  }

  /// The shortest end of the path that no other one ends in.
  private static func label(of path: String, besides others: [String]) -> String {
    let parts = parts(path)
    let others = others.map(Self.parts)
    let count = (1...max(1, parts.count)).first { count in
      !others.contains { $0.suffix(count) == parts.suffix(count) }
    }
    let end = parts.suffix(count ?? 1).joined(separator: "/")
    return end.isEmpty ? path : end
  }
}
