#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The memory that this process may still take.
///
/// Swift ends the process where an array cannot be made, so that sizes are looked at before, which limits such as
/// `ulimit -v` may not permit.
public enum Memory {
  /// More than may be taken.
  public struct Shortage: Hashable, Sendable, CustomStringConvertible {
    /// Bytes that the work takes, and that may be taken.
    public let needed, available: Int

    /// Such as "takes 153 MiB of memory where 36 MiB can be taken".
    public var description: String {
      "takes \((needed + (1 << 20) - 1) >> 20) MiB of memory where \(available >> 20) MiB can be taken"
    }

    /// What part of `count` equal parts of the work fits.
    public func fitting(of count: Int) -> Int {
      Int(Double(count) * Double(available) / Double(needed))
    }
  }

  /// Below so many bytes nothing is asked.
  private static let small = 1 << 20
  /// What must be left for the work on an array at most, in bytes.
  private static let greatestRest = 64 << 20

  /// What is lacking for arrays of so many bytes in all, and as much again, up to 64 MiB, for the work on them; nil for
  /// nothing.
  public static func shortage(bytes: Int) -> Shortage? {
    let sum = bytes.addingReportingOverflow(min(bytes, greatestRest))
    let needed = min(sum.overflow ? Int.max : sum.partialValue, mostBytes)
    guard bytes > small, !canTake(needed) else { return nil }
    // The greatest size of whole MiB that can be taken.
    var (fits, fails) = (0, (needed >> 20) + 1)
    while fits + 1 < fails {
      let middle = (fits + fails) / 2
      if canTake(middle << 20) { fits = middle } else { fails = middle }
    }
    return Shortage(needed: needed, available: fits << 20)
  }

  /// No machine has more.
  private static let mostBytes = 1 << 62

  /// Makes sure that there is memory for an array.
  ///
  /// - Parameters:
  ///   - count: How many elements it has.
  ///   - stride: The bytes of one.
  ///   - path: The file whose content the array holds.
  /// - Throws: `FileError.tooLarge`.
  public static func check(count: Int, of stride: Int, for path: String) throws(FileError) {
    let bytes = count.multipliedReportingOverflow(by: stride)
    if let shortage = shortage(bytes: bytes.overflow ? mostBytes : bytes.partialValue) {
      throw .tooLarge(path: path, shortage)
    }
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
