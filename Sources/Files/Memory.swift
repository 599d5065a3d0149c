#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The memory that this process may still take.
public enum Memory {
  /// Makes sure, before a large array is made, that the system permits it, as `ulimit -v` may not: Swift ends the process
  /// where an array cannot be made.
  ///
  /// - Parameter path: The file whose content the array holds.
  /// - Throws: `FileError.tooLarge`.
  public static func check(bytes: Int, for path: String) throws(FileError) {
    guard !canTake(bytes) else { return }
    // The greatest size of whole MiB that can be taken.
    var (fits, fails) = (0, (bytes >> 20) + 1)
    while fits + 1 < fails {
      let middle = (fits + fails) / 2
      if canTake(middle << 20) { fits = middle } else { fails = middle }
    }
    throw .tooLarge(path: path, bytes: bytes, available: fits << 20)
  }

  /// Maps so much and gives it back; no page of it is touched.
  private static func canTake(_ bytes: Int) -> Bool {
    guard bytes > 0 else { return true }
    #if canImport(Darwin)
      let flags = MAP_PRIVATE | MAP_ANON
    #else
      let flags = MAP_PRIVATE | Int32(MAP_ANONYMOUS)
    #endif
    let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, flags, -1, 0)
    guard let memory, memory != MAP_FAILED else { return false }
    munmap(memory, bytes)
    return true
  }
}
