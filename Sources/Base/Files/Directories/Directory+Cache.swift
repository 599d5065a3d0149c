#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension Directory {
  /// Where what can be made again is kept: `$XDG_CACHE_HOME/consort`, or `~/.cache/consort`; nil without a home.
  public static var usualCache: String? {
    if let cache = getenv("XDG_CACHE_HOME").map({ SystemPath.text($0) }), cache.hasPrefix("/") {
      return "\(cache)/consort"
    }
    return getenv("HOME").map { "\(SystemPath.text($0))/.cache/consort" }
  }
}
