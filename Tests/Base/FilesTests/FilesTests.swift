import TestSupport
import Testing

@testable import Files

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
    /// In a process of its own, whose limit on a file's size refuses bytes midway, as a full disk does.
    @Test func aWriteRefusedMidwayLeavesTheEarlierFile() async {
      await #expect(processExitsWith: .success) {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/data"
        try DurableFile.write(Array("old".utf8), to: path)
        signal(SIGXFSZ, SIG_IGN)
        var limit = rlimit(rlim_cur: 2 << 20, rlim_max: 2 << 20)
        try #require(setrlimit(__rlimit_resource_t(1), &limit) == 0)
        var written = 0
        let error = #expect(throws: FileError.self) {
          try DurableFile.write(to: path) { writer in
            for _ in 0..<3 {
              try writer.write([UInt8](repeating: 7, count: 1 << 20))
              written += 1
            }
          }
        }
        #expect(written == 2)
        #expect(error == .cannotWrite(path: path, reason: String(cString: strerror(EFBIG))))
        #expect(try MappedFile(path: path).withBytes { Array($0) } == Array("old".utf8))
        #expect(try directory.names() == ["data"])
      }
    }

    /// What reads the directory is changed under its hand into a file, which has no names.
    @Test func aDirectoryThatFailsMidwayIsAnError() throws {
      let directory = try TemporaryDirectory()
      let handle = try #require(opendir(directory.path))
      defer { closedir(handle) }
      let file = open("/dev/null", O_RDONLY)
      try #require(dup2(file, dirfd(handle)) >= 0 && close(file) == 0)
      let reason = String(cString: strerror(ENOTDIR))
      #expect(throws: FileError.cannotRead(path: directory.path, reason: reason)) {
        try Directory.names(from: handle, path: directory.path)
      }
    }
  #endif

  @Test func aTemporaryFileIsNewAndNamesItsProcess() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/data"
    var names: Set<String> = []
    for _ in 0..<2 {
      try DurableFile.write(to: path) { _ in
        names.formUnion(try directory.names().filter { $0 != "data" })
      }
    }
    #expect(names.count == 2)
    #expect(names.allSatisfy { UnfinishedFile.process(of: $0) == getpid() })
  }

  @Test(arguments: [
    ("data.12.partial", 12), ("data.12-1f.partial", 12), ("a.b.7-0.partial", 7),
    ("data.partial", nil), ("small.tar.gz.partial", nil), ("data.12-xyz.partial", nil),
    ("data.-12.partial", nil), ("data.12-1-2.partial", nil), ("data.12-1f", nil), ("", nil),
  ])
  func unfinishedFilesAreKnownByTheirNames(name: String, process: Int32?) {
    #expect(UnfinishedFile.process(of: name) == process)
  }

  @Test func aLockRemovesOnlyWhatNobodyWrites() throws {
    let directory = try TemporaryDirectory()
    let (dead, alive) = (Int32(999_999_999), getpid())
    let kept = ["data", "data.\(alive)-1.partial", "small.tar.gz.partial"]
    for name in kept + ["data.\(dead)-2.partial", "data.\(dead).partial"] {
      try directory.write([1], to: name)
    }
    try directory.write([1], to: "made.\(dead)-4.partial/file")
    let old = try directory.write([1], to: "data.\(alive)-3.partial")
    let attributes = [FileAttributeKey.modificationDate: Date(timeIntervalSinceNow: -4000)]
    try FileManager.default.setAttributes(attributes, ofItemAtPath: old)
    let lock = try #require(try DirectoryLock(ifFree: directory.path))
    try withExtendedLifetime(lock) {
      #expect(try directory.names() == kept)
      let second = try DirectoryLock(ifFree: directory.path)
      #expect(second == nil)
    }
  }

  @Test func unreadableFilesAreNamedWithAMend() {
    let error = #expect(throws: FileError.self) { try MappedFile(path: "/nonexistent/file") }
    #expect(error == .cannotRead(path: "/nonexistent/file", reason: systemErrorReason(ENOENT)))
    #expect(
      error?.description == "cannot read '/nonexistent/file': No such file or directory; "
        + "check the path and its permissions, then run the command again")
  }

  @Test func aMissingDirectoryIsNamed() {
    let path = "/nonexistent/directory/file"
    #expect(throws: FileError.cannotWrite(path: path, reason: systemErrorReason(ENOENT))) {
      try DurableFile.write([], to: path)
    }
  }

  @Test func anEmptyFileMapsToNoBytes() throws {
    let directory = try TemporaryDirectory()
    try DurableFile.write([], to: "\(directory.path)/empty")
    #expect(try MappedFile(path: "\(directory.path)/empty").count == 0)
  }

  @Test func hashesMatchTheStandard() {
    var sha = SHA256Hasher()
    Array("abc".utf8).withUnsafeBytes {
      sha.update($0)
    }
    #expect(sha.finish() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }
}
