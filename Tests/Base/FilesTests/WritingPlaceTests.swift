import TestSupport
import Testing

@testable import Files

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What a user may name to write to: links, pipes, devices, and what cannot be written.
@Suite struct WritingPlaceTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func path(_ name: String) -> String { "\(directory.path)/\(name)" }

  private func bytes(_ name: String) throws -> String {
    try MappedFile(path: path(name)).withBytes { String(decoding: $0, as: UTF8.self) }
  }

  private func mode(_ name: String) throws -> mode_t {
    var status = stat()
    try #require(lstat(path(name), &status) == 0)
    return status.st_mode
  }

  @Test func linksAreFollowed() throws {
    try directory.write(Array("old".utf8), to: "sub/target")
    try #require(symlink("sub/target", path("link")) == 0)
    try #require(symlink("link", path("second")) == 0)
    try #require(symlink("sub/new", path("dangling")) == 0)
    for name in ["second", "dangling"] { try DurableFile.write("text", to: path(name)) }
    #expect(try bytes("sub/target") == "text" && bytes("sub/new") == "text")
    for name in ["link", "second", "dangling"] { #expect(try mode(name) & S_IFMT == S_IFLNK) }
    #expect(try directory.names(in: "sub") == ["new", "target"])
  }

  @Test func permissionsAreKept() throws {
    try directory.write([], to: "file")
    try #require(chmod(path("file"), 0o751) == 0)
    try DurableFile.write("text", to: path("file"))
    #expect(try mode("file") & 0o7777 == 0o751)
  }

  @Test func linksInACircleAreAnError() throws {
    try #require(symlink("b", path("a")) == 0 && symlink("a", path("b")) == 0)
    for write in [true, false] {
      let error = #expect(throws: FileError.self) {
        if write {
          try DurableFile.write("", to: path("a"))
        } else {
          try DurableFile.check(path("a"))
        }
      }
      #expect(error == .cannotWrite(path: path("a"), reason: systemErrorReason(ELOOP)))
    }
  }

  @Test(arguments: ["", "/", "//"])
  func aDirectoryIsAnError(slashes: String) throws {
    let place = directory.path + slashes
    #expect(throws: FileError.cannotWrite(path: place, reason: systemErrorReason(EISDIR))) {
      try DurableFile.check(place)
    }
  }

  @Test func aPipeIsWrittenInto() async throws {
    try #require(mkfifo(path("pipe"), 0o600) == 0)
    // Without a writer, or a reader that waits for one, opening it to read and write never waits.
    let reader = open(path("pipe"), O_RDWR)
    defer { close(reader) }
    try DurableFile.check(path("pipe"))
    try DurableFile.write("through", to: path("pipe"))
    var buffer = [UInt8](repeating: 0, count: 16)
    #expect(read(reader, &buffer, 16) == 7)
    #expect(String(decoding: buffer.prefix(7), as: UTF8.self) == "through")
    #expect(try mode("pipe") & S_IFMT == S_IFIFO)
    #expect(try directory.names() == ["pipe"])
  }

  #if os(Linux)
    /// A device of its own, like /dev/null: what failed here once took that one from the whole machine.
    @Test(.enabled(if: geteuid() == 0))
    func aDeviceIsWrittenInto() throws {
      let device: dev_t = 0x103
      guard mknod(path("null"), S_IFCHR | 0o600, device) == 0 else { return }
      try #require(symlink("null", path("link")) == 0)
      // A file system may be mounted without devices.
      guard access(path("null"), W_OK) == 0, open(path("null"), O_WRONLY) >= 0 else { return }
      for name in ["null", "link"] {
        try DurableFile.check(path(name))
        try DurableFile.write("gone", to: path(name))
      }
      #expect(try mode("null") & S_IFMT == S_IFCHR)
      #expect(try directory.names() == ["link", "null"])
    }

    @Test func aFullDeviceIsAnError() {
      let error = #expect(throws: FileError.self) { try DurableFile.write("x", to: "/dev/full") }
      #expect(error == .cannotWrite(path: "/dev/full", reason: systemErrorReason(ENOSPC)))
    }
  #endif

  /// A descriptor may lead to a regular file, which others write to as well: it is not replaced.
  @Test func descriptorsAreWrittenInto() throws {
    try directory.write(Array("head ".utf8), to: "file")
    let descriptor = open(path("file"), O_WRONLY | O_APPEND)
    defer { close(descriptor) }
    try DurableFile.check("/dev/fd/\(descriptor)")
    try DurableFile.write("one ", to: "/dev/fd/\(descriptor)")
    #if os(Linux)
      try DurableFile.write("two", to: "/proc/self/fd/\(descriptor)")
      #expect(try bytes("file") == "head one two")
    #endif
    let error = #expect(throws: FileError.self) { try DurableFile.check("/dev/fd/9999") }
    #expect(error == .cannotWrite(path: "/dev/fd/9999", reason: systemErrorReason(EBADF)))
  }

  @Test func standardOutputHasNames() {
    #expect((try? WritingPlace("-")) == .descriptor(STDOUT_FILENO))
    #expect((try? WritingPlace("/dev/stdout")) == .descriptor(STDOUT_FILENO))
    #expect(DurableFile.isStandardOutput("/dev/fd/1"))
    #expect(!DurableFile.isStandardOutput(path("file")))
  }

  @Test func theLongestNamesCanBeWritten() throws {
    let name = String(repeating: "é", count: 127) + "x"
    try DurableFile.check(path(name))
    try DurableFile.write("text", to: path(name))
    #expect(try bytes(name) == "text")
    let error = #expect(throws: FileError.self) { try DurableFile.check(path(name + "y")) }
    #expect(error?.reason == systemErrorReason(ENAMETOOLONG))
    try Directory.createWhole(path(String(repeating: "d", count: 255))) { place in
      try DurableFile.write("text", to: "\(place)/file")
    }
    #expect(try directory.names().count == 2)
  }

  @Test func aMissingDirectoryIsFoundBeforeTheWork() {
    let error = #expect(throws: FileError.self) { try DurableFile.check(path("none/file")) }
    #expect(error == .cannotWrite(path: path("none/file"), reason: systemErrorReason(ENOENT)))
    #expect(
      throws: FileError.cannotCreateDirectory(path: "/dev/null", reason: systemErrorReason(ENOTDIR))
    ) { try Directory.checkWritable("/dev/null/directory") }
    let long = path(String(repeating: "n", count: 300))
    #expect(
      throws: FileError.cannotCreateDirectory(path: long, reason: systemErrorReason(ENAMETOOLONG))
    ) { try Directory.checkWritable(long) }
  }

  @Test func aCheckLeavesNothing() throws {
    try directory.write(Array("old".utf8), to: "file")
    for name in ["file", "new"] { try DurableFile.check(path(name)) }
    try Directory.checkWritable(path("a/b/c/"))
    #expect(try directory.names() == ["file"])
    #expect(try bytes("file") == "old")
  }

  /// Of processes that were killed: files and directories under way, of the same place only.
  @Test func whatAKilledProcessLeftIsRemoved() throws {
    let dead = 999_999_999
    for name in ["out.\(dead)-1.partial/member", "out.\(dead)-1.partial/.hidden/file"] {
      try directory.write([1], to: name)
    }
    let others = ["other.\(dead)-1.partial", "out.\(getpid())-2.partial", "out.x.partial"]
    for name in others + ["table.csv.\(dead)-3.partial"] { try directory.write([1], to: name) }
    try Directory.createWhole(path("out/")) { try DurableFile.write("text", to: "\($0)/file") }
    try DurableFile.check(path("table.csv"))
    #expect(try directory.names() == (others + ["out"]).sorted())
  }

  /// Where results go, other programs may write too: only what has both numbers is certain to be of this one.
  @Test func amongResultsOnlyWhatIsItsOwnIsRemoved() throws {
    let dead = 999_999_999
    for name in ["drawing.\(dead)-1f.partial/a.json", "report.html.\(dead)-2.partial"] {
      try directory.write([1], to: name)
    }
    let others = [
      "film.\(dead).partial", "drawing.\(getpid())-3.partial", "small.tar.gz.partial",
      "report.html",
    ]
    for name in others { try directory.write([1], to: name) }
    try Directory.createForResults(path("."))
    #expect(try directory.names() == others.sorted())
    try Directory.createForResults(path("new/place"))
    #expect(try directory.names().contains("new"))
  }

  /// Another process cannot take it for abandoned, and a killed one leaves nothing for long.
  @Test func aDirectoryForAWhileIsHeld() throws {
    try directory.write([1], to: "drawing.999999999-1.partial/file")
    let used = try UnfinishedFile.withDirectory("drawing", in: path(".")) { place in
      try DurableFile.write("text", to: "\(place)/file")
      #expect(try directory.names() == [String(place.split(separator: "/").last ?? "")])
      let descriptor = open(place, O_RDONLY)
      #expect(flock(descriptor, LOCK_SH | LOCK_NB) != 0)
      close(descriptor)
      return place
    }
    #expect(try directory.names().isEmpty && used.hasSuffix(".partial"))
    #expect(throws: CancellationError.self) {
      try UnfinishedFile.withDirectory("drawing", in: path(".")) { _ in throw CancellationError() }
    }
    #expect(try directory.names().isEmpty)
  }

  /// A process of another container has another number here; its lock says that it lives.
  @Test func whatAnotherHoldsIsKept() throws {
    let held = try directory.write([1], to: "table.csv.999999999-1.partial")
    let descriptor = open(held, O_RDONLY)
    try #require(flock(descriptor, LOCK_EX) == 0)
    try DurableFile.check(path("table.csv"))
    #expect(try directory.names() == ["table.csv.999999999-1.partial"])
    close(descriptor)
    try DurableFile.check(path("table.csv"))
    #expect(try directory.names().isEmpty)
  }

  @Test func aSlashAtTheEndMeansNothing() throws {
    try Directory.createWhole(path("made//")) { try DurableFile.write("text", to: "\($0)/file") }
    #expect(try directory.names(in: "made") == ["file"])
    try #require(symlink("nowhere", path("link")) == 0)
    for (name, taken) in [("made/", "made"), ("link", "link")] {
      let error = FileError.cannotCreateDirectory(
        path: path(taken), reason: systemErrorReason(EEXIST))
      #expect(throws: error) {
        try Directory.createWhole(path(name)) { _ in
          Issue.record("filled though there is something")
        }
      }
    }
  }

  @Test func aFailedDirectoryLeavesNothing() throws {
    struct Stop: Error {}
    #expect(throws: Stop.self) {
      try Directory.createWhole(path("out")) { place in
        try Directory.create("\(place)/sub")
        try DurableFile.write("text", to: "\(place)/sub/.file")
        throw Stop()
      }
    }
    #expect(try directory.names().isEmpty)
  }
}
