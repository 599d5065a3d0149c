import Files
import Foundation
import Processes
import Randomness
import TestSupport
import Testing

@testable import Datasets
@testable import Downloads

/// `Fixtures/range_server.py` on a port of its own, until the value goes.
private final class Server {
  let port: Int
  private let process = Process()
  private let logPath: String

  init(serving directory: String, log: String) throws {
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", fixture("range_server.py"), directory, log]
    process.standardOutput = output
    logPath = log
    try process.run()
    let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    port = try #require(Int(line.trimmingCharacters(in: .whitespacesAndNewlines)))
  }

  // Not a signal that worker threads block, because the process has their mask.
  deinit { kill(process.processIdentifier, SIGKILL) }

  func url(_ manner: String) -> String { "http://127.0.0.1:\(port)/\(manner)" }

  /// The requests so far: the path and the range asked for.
  func requests() throws -> [String] {
    try String(contentsOfFile: logPath, encoding: .utf8).split(separator: "\n").map(String.init)
  }
}

@Suite struct DownloadTests {
  private let place: TemporaryDirectory
  private let served: TemporaryDirectory
  private let server: Server
  private let bytes: [UInt8]
  private let archive: Download.Archive

  init() throws {
    place = try TemporaryDirectory()
    served = try TemporaryDirectory()
    var generator = RandomStream(seed: 1)
    let content = (0..<3000).map { _ in UInt8(generator.integer(in: 0...255)) }
    try served.write(content, to: "small-binary/train.bin")
    try served.write([7], to: "small-binary/test.bin")
    let tar = try Subprocess.run(
      ["tar", "-czf", "\(served.path)/small.tar.gz", "-C", served.path, "small-binary"],
      catchesErrorText: true)
    try #require(tar.status == 0)
    let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(served.path)/small.tar.gz")))
    self.bytes = bytes
    archive = Self.archive(of: bytes, byteCount: bytes.count)
    server = try Server(serving: served.path, log: "\(served.path)/log")
  }

  private static func archive(of bytes: [UInt8], byteCount: Int) -> Download.Archive {
    var hasher = SHA256Hasher()
    bytes.withUnsafeBytes { hasher.update($0) }
    return Download.Archive(
      name: "small", fileName: "small.tar.gz", directoryName: "small-binary", baseURL: "http://x",
      byteCount: byteCount, sha256: hasher.finish())
  }

  private func fetch(_ manner: String = "ok", _ archive: Download.Archive? = nil) throws -> String {
    try Download.fetch(
      archive: archive ?? self.archive, into: "\(place.path)/data", baseURL: server.url(manner))
  }

  private func expectUnpacked(sourceLocation: SourceLocation = #_sourceLocation) throws {
    #expect(
      try place.names(in: "data") == ["small-binary", "small.tar.gz"],
      sourceLocation: sourceLocation)
    #expect(
      try place.names(in: "data/small-binary") == ["test.bin", "train.bin"],
      sourceLocation: sourceLocation)
  }

  @Test func fetchesVerifiesAndUnpacksOnce() throws {
    #expect(try fetch() == "\(place.path)/data/small-binary")
    try expectUnpacked()
    #expect(try server.requests() == ["/ok/small.tar.gz -"])
    try place.write([1], to: "data/small-binary/test.bin")
    _ = try fetch()
    try expectUnpacked()
    #expect(try server.requests().count == 1)
    let fixed = try Data(
      contentsOf: URL(fileURLWithPath: "\(place.path)/data/small-binary/test.bin"))
    #expect(fixed == Data([7]))
  }

  @Test func goesOnFromAPartialFile() throws {
    try place.write(Array(bytes.prefix(1000)), to: "data/small.tar.gz.partial")
    _ = try fetch()
    try expectUnpacked()
    #expect(try server.requests() == ["/ok/small.tar.gz bytes=1000-"])
  }

  @Test func aWholePartialFileNeedsNoServer() throws {
    try place.write(bytes, to: "data/small.tar.gz.partial")
    _ = try Download.fetch(
      archive: archive, into: "\(place.path)/data", baseURL: "http://127.0.0.1:1")
    try expectUnpacked()
  }

  @Test func goesOnAfterTheServerBreaksOff() throws {
    _ = try fetch("break")
    try expectUnpacked()
    let requests = try server.requests()
    #expect(requests.count > 2)
    #expect(requests[1] == "/break/small.tar.gz bytes=\((bytes.count + 1) / 2)-")
  }

  @Test func startsAgainWhereTheServerGivesNoRanges() throws {
    try place.write(Array(bytes.prefix(1000)), to: "data/small.tar.gz.partial")
    _ = try fetch("whole")
    try expectUnpacked()
    #expect(try server.requests().last == "/whole/small.tar.gz -")
  }

  @Test func aWrongChecksumIsAnErrorAndLeavesNothing() throws {
    let other = Self.archive(of: [1, 2, 3], byteCount: bytes.count)
    do {
      _ = try fetch("ok", other)
      Issue.record("no error")
    } catch DatasetError.wrongChecksum(let url, let path, archive.sha256, other.sha256) {
      #expect(url == "\(server.url("ok"))/small.tar.gz")
      #expect(path == "\(place.path)/data/small.tar.gz")
    }
    #expect(try place.names(in: "data").isEmpty)
  }

  @Test func aFileOfAnotherLengthIsAnErrorAndLeavesNothing() throws {
    let longer = Self.archive(of: bytes, byteCount: bytes.count + 1)
    do {
      _ = try fetch("ok", longer)
      Issue.record("no error")
    } catch DatasetError.downloadFailed(_, _, let reason) {
      #expect(reason.contains("\(bytes.count) bytes long instead of \(bytes.count + 1)"))
    }
    #expect(try place.names(in: "data").isEmpty)
  }

  @Test func aWrongFileUnderTheArchivesNameIsLeftAlone() throws {
    let path = try place.write([1, 2, 3], to: "data/small.tar.gz")
    #expect(
      throws: DatasetError.wrongArchive(
        path: path, sha256: Self.archive(of: [1, 2, 3], byteCount: 3).sha256,
        expected: archive.sha256)
    ) { try fetch() }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data([1, 2, 3]))
  }

  @Test(arguments: ["http://127.0.0.1:1", "http://no-such-host.invalid"])
  func withoutANetworkItSaysWhereToPutTheFile(baseURL: String) throws {
    try place.write(Array(bytes.prefix(1000)), to: "data/small.tar.gz.partial")
    do {
      _ = try Download.fetch(archive: archive, into: "\(place.path)/data", baseURL: baseURL)
      Issue.record("no error")
    } catch let error as DatasetError {
      guard case .noNetwork("\(baseURL)/small.tar.gz", "\(place.path)/data/small.tar.gz", _) = error
      else {
        Issue.record(error)
        return
      }
      #expect(error.description.contains("put it at '\(place.path)/data/small.tar.gz'"))
    }
    #expect(try place.names(in: "data") == ["small.tar.gz.partial"])
  }

  #if os(Linux)
    /// The partial file leads to /dev/full, which refuses bytes as a full disk does.
    @Test(arguments: [false, true])
    func aFullDiskIsAnErrorThatNamesThePartialFile(showsProgress: Bool) throws {
      try FileManager.default.createDirectory(
        atPath: "\(place.path)/data", withIntermediateDirectories: false)
      let partial = "\(place.path)/data/small.tar.gz.partial"
      try FileManager.default.createSymbolicLink(
        atPath: partial, withDestinationPath: "/dev/full")
      do {
        _ = try Download.fetch(
          archive: archive, into: "\(place.path)/data", baseURL: server.url("ok"),
          showsProgress: showsProgress)
        Issue.record("no error")
      } catch let error as FileError {
        guard case .cannotWrite(partial, let reason) = error else {
          Issue.record(error)
          return
        }
        #expect(reason.contains("23"))
        #expect(error.description.contains("make space"))
      }
      #expect(try server.requests().count == 1)
    }
  #endif

  @Test func aMissingArchiveOnTheServerIsAnError() throws {
    var missing = archive
    missing = Download.Archive(
      name: missing.name, fileName: "none.tar.gz", directoryName: missing.directoryName,
      baseURL: missing.baseURL, byteCount: missing.byteCount, sha256: missing.sha256)
    do {
      _ = try fetch("ok", missing)
      Issue.record("no error")
    } catch DatasetError.downloadFailed(_, _, let reason) {
      #expect(reason.contains("404"))
    }
  }

  @Test func whatIsNoArchiveCannotBeUnpacked() throws {
    try served.write(Array("not compressed".utf8), to: "small.tar.gz")
    let other = Self.archive(of: Array("not compressed".utf8), byteCount: 14)
    do {
      _ = try fetch("ok", other)
      Issue.record("no error")
    } catch DatasetError.cannotUnpack(let path, _) {
      #expect(path == "\(place.path)/data/small.tar.gz")
    }
    #expect(try place.names(in: "data") == ["small.tar.gz"])
  }

  @Test func thePublishedArchivesUnpackToWhatIsRead() {
    #expect(Download.Archive.cifar10.directoryName == CIFARLayout.cifar10.usualDirectory)
    #expect(Download.Archive.cifar100.directoryName == CIFARLayout.cifar100.usualDirectory)
    #expect(Download.Archive.all.map(\.name) == ["cifar10", "cifar100"])
  }
}
