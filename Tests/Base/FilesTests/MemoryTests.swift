import Testing

@testable import Files

/// What is asked of the system before large arrays are made.
@Suite struct MemoryTests {
  /// More than processors have addresses for.
  private static let impossible = 1 << 50

  @Test func whatCannotBeTakenIsToldBeforehand() throws {
    let shortage = try #require(Memory.shortage(bytes: Self.impossible))
    // Up to 64 MiB are left for the work.
    #expect(shortage.needed == Self.impossible + 64 << 20)
    #expect(shortage.available > 0 && shortage.available < Self.impossible)
    #expect(shortage.available.isMultiple(of: 1 << 20))
    #expect(Memory.shortage(bytes: shortage.available / 2) == nil)
    for bytes in [0, 1, 1 << 20, 2 << 20] { #expect(Memory.shortage(bytes: bytes) == nil) }
  }

  @Test func sizesThatOverflowAreTooLarge() throws {
    #expect(Memory.shortage(bytes: .max) != nil)
    try Memory.check(count: 1000, of: 8, for: "a.npy")
    let error = #expect(throws: FileError.self) {
      try Memory.check(count: .max / 2, of: 8, for: "a.npy")
    }
    guard case .tooLarge("a.npy", let shortage)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(shortage.needed > shortage.available)
  }

  @Test func theErrorSaysWhatFits() {
    let shortage = Memory.Shortage(needed: 153 << 20, available: 36 << 20)
    #expect(
      FileError.tooLarge(path: "a.npy", shortage).description
        == "'a.npy' is too large: its content takes 153 MiB of memory where 36 MiB can be taken; raise the limit on memory, "
        + "as with `ulimit -v`, or give a smaller file: about 23 % of it fits")
    #expect(shortage.fitting(of: 4096) == 963)
  }
}
