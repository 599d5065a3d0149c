import Schemas
import TestSupport
import Testing

@testable import Files

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What is no regular file, and names that are no text.
@Suite struct ReadingTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func path(_ name: String) -> String { "\(directory.path)/\(name)" }

  @Test func aPipeWithoutAWriterIsRefused() throws {
    try #require(mkfifo(path("pipe"), 0o600) == 0)
    let error = FileError.cannotRead(
      path: path("pipe"), reason: "it is a pipe that no program writes into")
    #expect(throws: error) { try MappedFile(path: path("pipe")) }
  }

  @Test func aPipeIsReadToItsEnd() throws {
    var ends: [Int32] = [-1, -1]
    try #require(pipe(&ends) == 0)
    defer { close(ends[0]) }
    let count = 40_000
    let text = [UInt8](repeating: 7, count: count)
    try #require(write(ends[1], text, count) == count)
    close(ends[1])
    let file = try MappedFile(path: "/dev/fd/\(ends[0])")
    file.release(0..<count)
    #expect(file.count == count && file.withBytes { $0.allSatisfy { $0 == 7 } })
  }

  @Test func devicesAndDirectoriesAreRefused() {
    #expect(
      throws: FileError.cannotRead(path: "/dev/zero", reason: "it is a device, not a file")
    ) { try MappedFile(path: "/dev/zero") }
    #expect(throws: FileError.cannotRead(path: directory.path, reason: systemErrorReason(EISDIR))) {
      try MappedFile(path: directory.path)
    }
  }

  #if os(Linux)
    @Test(
      arguments: [
        [0x62, 0xE9, 0x2E], [0x0A, 0x78], [0xF4, 0x8F, 0xB8, 0x8A], [0xFF, 0xFE], [0xC3, 0xA9],
        [0xF4, 0x8F, 0xBB, 0xBF, 0x80], [0xED, 0xA0, 0x80], [0x1B, 0x5B, 0x32, 0x4A],
      ] as [[UInt8]])
    func namesThatAreNoTextKeepTheirBytes(name: [UInt8]) throws {
      let bytes = Array(path("").utf8) + name
      let made = open(bytes.map(CChar.init(bitPattern:)) + [0], O_CREAT | O_WRONLY, 0o600)
      try #require(made >= 0)
      close(made)
      let listed = try #require(try Directory.names(in: directory.path).first)
      #expect(SystemPath.bytes(listed) == name)
      #expect(!listed.unicodeScalars.contains { $0.value < 0x20 })
      try DurableFile.write("text", to: path(listed))
      #expect(try MappedFile(path: path(listed)).count == 4)
      #expect(try Directory.names(in: directory.path) == [listed])
      try Directory.removeFile(path(listed))
      #expect(try Directory.names(in: directory.path).isEmpty)
    }
  #endif

  @Test func suchNamesAreWrittenReadably() throws {
    let name = SystemPath.text([0x61, 0x0A, 0xE9] as [UInt8])
    #expect(SystemPath.readable(name) == "a\\n\\xE9")
    #expect(CSV.line([name]) == "\"a\n\\xE9\"\n")
    #expect(try [name].readableJSON() == "[\n  \"a\\u000a\\\\xE9\"\n]\n")
    #expect(SystemPath.readable("é\u{10FFFF}") == "é\u{10FFFF}")
  }
}
