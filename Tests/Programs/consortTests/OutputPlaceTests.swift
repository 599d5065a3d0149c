import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Places that a user names for what `consort predict` writes: checked before the work, and kept what they are.
@Suite struct OutputPlaceTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
    try directory.write(image("grey.jpg"), to: "data/class 3/b.jpg")
  }

  private func path(_ name: String) -> String { "\(directory.path)/\(name)" }

  private func kind(_ path: String) throws -> mode_t {
    var status = stat()
    try #require(lstat(path, &status) == 0)
    return status.st_mode & S_IFMT
  }

  private func predict(_ arguments: [String]) throws -> Consort {
    try Consort(
      [
        "predict", model("logits"), "--data", "data", "--crop-padding", "0", "--mean", "imagenet",
        "--std", "imagenet",
      ] + arguments, environment: ["XDG_CACHE_HOME": path("cache")], directory: directory.path)
  }

  private func csv(_ name: String) throws -> String {
    try String(contentsOfFile: path(name), encoding: .utf8)
  }

  @Test func aSlashAtTheEndOfADirectoryIsNoPartOfItsName() throws {
    let run = try predict(["--out", "found/"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(try directory.names(in: "found") == ["member-0.safetensors"])
    #expect(try directory.names().contains("found"))
  }

  @Test(arguments: [
    ("--out", "file/found", "Not a directory"), ("--csv", "file/a.csv", "Not a directory"),
    ("--csv", "folder", "Is a directory"), ("--csv", "folder/", "Is a directory"),
    ("--csv", "missing/a.csv", "No such file or directory; make the directory that it lies in"),
  ])
  func aPlaceThatCannotBeWrittenIsSaidBeforeTheWork(
    option: String, place: String, reason: String
  ) throws {
    try directory.write(Array("text".utf8), to: "file")
    try directory.write([], to: "folder/kept")
    // An image that is none would be the error of the work.
    try directory.write(Array("no image".utf8), to: "data/class 4/c.jpg")
    let run = try predict([option, place])
    #expect(run.status == 1 && run.output == "" && !run.wasKilled)
    #expect(run.errors.hasPrefix("consort: error: cannot "), "\(run.errors)")
    #expect(run.errors.contains(reason) && !run.errors.contains("c.jpg"), "\(run.errors)")
    #expect(try csv("file") == "text")
    #expect(try directory.names(in: "folder") == ["kept"])
    #expect(try !directory.names().contains("cache"))
  }

  @Test func aDeviceStaysTheDevice() throws {
    let run = try predict(["--csv", "/dev/null"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(try kind("/dev/null") == S_IFCHR)
  }

  @Test func aPipeWithAReaderGetsTheText() throws {
    try #require(predict(["--csv", "file.csv"]).status == 0)
    try #require(mkfifo(path("pipe"), 0o600) == 0)
    // Opened to read and write, it waits for no writer, and holds so few lines.
    let reader = open(path("pipe"), O_RDWR | O_NONBLOCK)
    try #require(reader >= 0)
    defer { close(reader) }
    let run = try predict(["--csv", "pipe"])
    #expect(run.status == 0, "\(run.errors)")
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = read(reader, &buffer, buffer.count)
    #expect(String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self) == (try csv("file.csv")))
    #expect(try kind(path("pipe")) == S_IFIFO)
  }

  @Test func aLinkIsFollowedAndStaysALink() throws {
    try directory.write(Array("old".utf8), to: "folder/target.csv")
    try #require(symlink("folder/target.csv", path("link.csv")) == 0)
    let run = try predict(["--csv", "link.csv"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(try kind(path("link.csv")) == S_IFLNK)
    #expect(try csv("folder/target.csv").hasPrefix("image,label,class1,probability1,"))
    #expect(try directory.names(in: "folder") == ["target.csv"])
  }
}
