import Files
import TestSupport
import Testing

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif
#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@Suite struct FilesTests {
  @Test func aDurableFileIsReadBackThroughAMapping() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/data"
    try DurableFile.write(to: path) { writer in
      try writer.write("head")
      try writer.write([UInt8](repeating: 7, count: 3 << 20))
    }
    let file = try MappedFile(path: path)
    #expect(file.count == 4 + 3 << 20)
    #expect(file.withBytes { Array($0.prefix(4)) } == Array("head".utf8))
    #expect(file.withBytes { $0[4] == 7 && $0[$0.count - 1] == 7 })
    #expect(try Directory.names(in: directory.path) == ["data"])
  }

  @Test func aFailedWriteLeavesTheEarlierFile() throws {
    struct Stop: Error {}
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/data"
    try DurableFile.write(Array("old".utf8), to: path)
    #expect(throws: Stop.self) {
      try DurableFile.write(to: path) { writer in
        try writer.write("new")
        throw Stop()
      }
    }
    #expect(try MappedFile(path: path).withBytes { Array($0) } == Array("old".utf8))
    #expect(try Directory.names(in: directory.path) == ["data"])
  }

  #if os(Linux)
    /// The temporary file leads to /dev/full, which refuses bytes as a full disk does.
    @Test func aFullDiskLeavesTheEarlierFile() throws {
      let directory = try TemporaryDirectory()
      let path = "\(directory.path)/data"
      try DurableFile.write(Array("old".utf8), to: path)
      try #require(symlink("/dev/full", "\(path).\(getpid()).partial") == 0)
      let error = #expect(throws: FileError.self) {
        try DurableFile.write([UInt8](repeating: 7, count: 3 << 20), to: path)
      }
      #expect(error?.description.contains("No space left on device") == true)
      #expect(error?.description.contains(path) == true)
      #expect(try MappedFile(path: path).withBytes { Array($0) } == Array("old".utf8))
      #expect(try Directory.names(in: directory.path) == ["data"])
    }
  #endif

  @Test func aMissingDirectoryIsNamed() {
    let error = #expect(throws: FileError.self) {
      try DurableFile.write([], to: "/nonexistent/directory/file")
    }
    #expect(error?.description.contains("/nonexistent/directory/file") == true)
  }

  @Test func anEmptyFileMapsToNoBytes() throws {
    let directory = try TemporaryDirectory()
    try DurableFile.write([], to: "\(directory.path)/empty")
    #expect(try MappedFile(path: "\(directory.path)/empty").count == 0)
  }

  @Test func anyJSONIsReadAndWrittenBack() throws {
    let text = """
      {
        "list" : [
          1,
          -2.5,
          9007199254740993,
          true,
          null
        ],
        "text" : "a/\\"b\\""
      }

      """
    let value = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
    #expect(
      value == ["list": [1, -2.5, 9_007_199_254_740_993, true, .null], "text": "a/\"b\""])
    #expect(try value.readableJSON() == text)
  }

  /// JSON has no such numbers.
  @Test func numbersThatAreNotFiniteAreWrittenAsNull() throws {
    let value: JSONValue = [.number(.nan), .number(.infinity), .number(-.infinity)]
    #expect(
      try JSONDecoder().decode(JSONValue.self, from: Data(value.readableJSON().utf8))
        == [.null, .null, .null])
  }

  /// The vectors of FIPS 180-4's examples.
  @Test func hashesMatchTheStandard() {
    var sha = SHA256Hasher()
    Array("abc".utf8).withUnsafeBytes {
      sha.update($0)
    }
    #expect(sha.finish() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }
}
