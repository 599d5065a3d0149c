import Files
import Foundation
import Synchronization
import TestSupport
import Testing

/// What several processes make, of whom one is first.
@Suite struct CreationTests {
  @Test func oneOfManyMakesTheFile() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/file"
    let makers = Mutex([Int]())
    DispatchQueue.concurrentPerform(iterations: 16) { number in
      let isMade = try? DurableFile.create(at: path) { try $0.write("\(number)") }
      if isMade == true { makers.withLock { $0.append(number) } }
    }
    let found = makers.withLock { $0 }
    #expect(found.count == 1)
    #expect(try String(contentsOfFile: path, encoding: .utf8) == found.first.map { "\($0)" })
    #expect(try directory.names() == ["file"])
  }

  @Test func aFailureLeavesNothing() throws {
    struct Failure: Error {}
    let directory = try TemporaryDirectory()
    #expect(throws: Failure.self) {
      try DurableFile.create(at: "\(directory.path)/file") { _ in throw Failure() }
    }
    #expect(throws: FileError.self) {
      try DurableFile.create(at: "\(directory.path)/no/file") { try $0.write("a") }
    }
    #expect(try directory.names() == [])
  }

  @Test func theSameDirectoryIsMadeOnce() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/out"
    func make(_ text: String) throws {
      try Directory.createWholeOnce(path) { try DurableFile.write(text, to: "\($0)/a") }
    }
    try make("same")
    try make("same")
    #expect(throws: FileError.self) { try make("other") }
    #expect(try String(contentsOfFile: "\(path)/a", encoding: .utf8) == "same")
    #expect(try directory.names() == ["out"])
  }

  @Test func onlySomeFailuresMayBeOver() {
    let errors = [EIO, ENOSPC, ESTALE, EACCES, ENOENT].map {
      FileError.cannotWrite(path: "a", reason: systemErrorReason($0)).exitStatus
    }
    #expect(errors == [.transient, .transient, .transient, .failed, .failed])
  }
}
