import Files

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The file of the running program.
public enum Executable {
  /// Its absolute path with symbolic links resolved; nil where the system does not say.
  public static func path() -> String? {
    #if canImport(Darwin)
      var size = UInt32(PATH_MAX)
      var buffer = [CChar](repeating: 0, count: Int(size))
      guard _NSGetExecutablePath(&buffer, &size) == 0 else { return nil }
      let link = String(
        decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    #else
      let link = "/proc/self/exe"
    #endif
    guard let resolved = realpath(link, nil) else { return nil }
    defer { free(resolved) }
    return SystemPath.text(resolved)
  }

  /// The path of the file called `name` in the running program's directory.
  public static func sibling(_ name: String) -> String? {
    guard let path = path(), let slash = path.lastIndex(of: "/") else { return nil }
    return path[...slash] + name
  }
}
