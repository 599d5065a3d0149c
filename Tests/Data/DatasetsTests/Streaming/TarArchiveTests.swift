import Testing

@testable import Datasets

@Suite struct TarArchiveTests {
  private func entries(_ bytes: [UInt8]) throws -> [TarArchive.Entry] {
    try bytes.withUnsafeBytes { try TarArchive($0).contents().entries }
  }

  private func expectFailure(
    _ bytes: [UInt8], _ problem: ShardProblem, entry: String? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let expected = TarArchive.Failure(entry: entry, problem: problem)
    #expect(throws: expected, sourceLocation: sourceLocation) { _ = try entries(bytes) }
  }

  @Test func filesComeInOrderWithTheirBytes() throws {
    var archive = Archive()
    archive.add("a/", type: "5")
    archive.add("a/one.txt", Array("hello".utf8))
    archive.add("a/empty")
    archive.add("name", Array(repeating: 7, count: 513), prefix: "some/folder")
    archive.add("gnu", [1], prefix: "1234567", magic: "ustar  \u{0}")
    archive.add("old", [2], type: "\0", magic: "")
    archive.add("link", type: "2")
    let bytes = archive.finished
    let entries = try entries(bytes)
    #expect(
      entries.map(\.name) == ["a/one.txt", "a/empty", "some/folder/name", "gnu", "old", "link"])
    #expect(entries[0].bytes.map { Array(bytes[$0]) } == Array("hello".utf8))
    #expect(entries[1].bytes?.isEmpty == true)
    #expect(entries[2].bytes?.count == 513)
    #expect(entries[4].bytes.map { Array(bytes[$0]) } == [2])
    #expect(entries[5].bytes == nil)
  }

  @Test func longNamesAreRead() throws {
    let long = String(repeating: "directory/", count: 30) + "name.jpg"
    var archive = Archive()
    archive.add("././@LongLink", Array(long.utf8) + [0], type: "L", magic: "ustar  \u{0}")
    archive.add(String(long.prefix(100)), [1])
    archive.add("pax", Archive.record("mtime", "1.5") + Archive.record("path", long), type: "x")
    archive.add("short", [2])
    archive.add("pax", Archive.record("comment", "x"), type: "g")
    archive.add("plain", [3])
    #expect(try entries(archive.finished).map(\.name) == [long, long, "plain"])
  }

  @Test func sizesInOtherFormsAreRead() throws {
    var archive = Archive()
    archive.add("binary", [1, 2, 3], size: [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3])
    archive.add("pax", Archive.record("size", "2"), type: "x")
    archive.add("attributes", [4, 5], size: Archive.octal(0, digits: 11))
    archive.add("spaces", [6], size: Array("         1 ".utf8))
    #expect(try entries(archive.finished).map(\.bytes?.count) == [3, 2, 1])
  }

  private func contents(_ bytes: [UInt8]) throws -> TarArchive.Contents {
    try bytes.withUnsafeBytes { try TarArchive($0).contents() }
  }

  @Test func archivesMayBeJoined() throws {
    var first = Archive()
    first.add("a", [1])
    var second = Archive()
    second.add("b", [2])
    let joined = try contents(first.finished + second.finished + first.finished)
    #expect(joined.entries.map(\.name) == ["a", "b", "a"])
    #expect(joined.remarks == ["it is several archives joined, all of which are read"])
    #expect(try contents(first.finished + Archive().finished).remarks.isEmpty)
    let tail = try contents(first.finished + [9, 9, 9])
    #expect(tail.entries.count == 1)
    #expect(tail.remarks == ["3 bytes behind its end are no archive, and are passed over"])
    #expect(try entries(Archive().finished).isEmpty)
  }

  @Test func anEndMarkMayBeMissing() throws {
    var archive = Archive()
    archive.add("a", [1])
    archive.add("b", [2])
    for bytes in [archive.bytes, Array(archive.bytes.prefix(1024 + 513))] {
      let contents = try contents(bytes)
      #expect(contents.entries.map(\.name) == ["a", "b"])
      #expect(
        contents.remarks == ["it has no end mark: where it was cut short, images are missing"])
    }
    #expect(try contents(archive.bytes + [UInt8](repeating: 0, count: 512)).remarks.isEmpty)
  }

  @Test func impossibleSizesAreErrors() {
    let sizes: [[UInt8]] = [
      [0x80, 0, 0, 0, 0xFF, 0, 0, 0, 0, 0, 0, 0], [0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0],
      [UInt8](repeating: 0xFF, count: 12), Array("-0000000001".utf8), Array("00000000009".utf8),
      Array("0x000000001".utf8),
    ]
    for size in sizes {
      var archive = Archive()
      archive.add("first", [1])
      archive.add("wrong", [1, 2], size: size)
      expectFailure(archive.finished, .invalidSize(byte: 1024), entry: "wrong")
    }
    for size in ["99999999999999999999", "-1", "", "1e3"] {
      var archive = Archive()
      archive.add("pax", Archive.record("size", size), type: "x")
      archive.add("wrong", [1, 2])
      expectFailure(archive.finished, .invalidSize(byte: 0), entry: "pax")
    }
  }

  @Test func entriesPastTheEndAreErrors() {
    for size in [
      Archive.octal(1 << 32, digits: 11),
      [0x80, 0, 0, 0, 0x3F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
    ] {
      var archive = Archive()
      archive.add("large", [1], size: size)
      let bytes = archive.finished
      expectFailure(bytes, .cutShort(byte: bytes.count), entry: "large")
    }
    var archive = Archive()
    archive.add("pax", Archive.record("size", "999999999999999999"), type: "x")
    archive.add("large", [1])
    expectFailure(archive.finished, .cutShort(byte: archive.finished.count), entry: "large")
  }

  @Test func everyPrefixIsAnErrorOrSaid() throws {
    var archive = Archive()
    archive.add("a.jpg", [UInt8](repeating: 1, count: 512))
    archive.add("b.jpg", [UInt8](repeating: 2, count: 512))
    for count in 0..<archive.bytes.count + 512 {
      let prefix = Array(archive.finished.prefix(count))
      if [1024, 2048].contains(count) {
        #expect(try contents(prefix).remarks.count == 1)
      } else {
        #expect(throws: TarArchive.Failure.self, "\(count)") { _ = try entries(prefix) }
      }
    }
  }

  @Test func wrongChecksumsAreErrors() {
    var archive = Archive()
    archive.add("first", [1])
    archive.add("second", [1], wrongChecksum: true)
    expectFailure(archive.finished, .wrongChecksum(byte: 1024))
    expectFailure([UInt8](repeating: 65, count: 2048), .wrongChecksum(byte: 0))
  }

  @Test func brokenAttributesAreErrors() {
    let texts = [
      "", " ", "5", "5 a=b", "99 path=x\n", "8 path=x\n", "10 path=x\n\n", "0 a=b\n", "1 a=b\n",
      "2 a=b\n", "6 a b\n", "-6 a=b\n", "99999999999999999999999 a=b\n", "7 a=bcd",
    ]
    for text in texts where !text.isEmpty {
      var archive = Archive()
      archive.add("pax", Array(text.utf8), type: "x")
      archive.add("file", [1])
      expectFailure(archive.finished, .invalidAttributes(byte: 0), entry: "pax")
    }
    var archive = Archive()
    archive.add("long", [UInt8](repeating: 65, count: 1 << 20 + 1), type: "L")
    expectFailure(archive.finished, .invalidAttributes(byte: 512), entry: "long")
  }

  @Test func filesWithHolesHaveNoBytes() throws {
    var archive = Archive()
    archive.add("pax", Archive.record("GNU.sparse.major", "1"), type: "x")
    archive.add("holes", [1])
    archive.add("whole", [1])
    #expect(try entries(archive.finished).map { $0.bytes != nil } == [false, true])
  }
}
