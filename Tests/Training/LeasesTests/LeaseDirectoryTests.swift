import Files
import Foundation
import Testing

@testable import Leases

/// The directory of leases on disk.
@Suite struct LeaseDirectoryTests {
  /// A process that was killed while it made a lease leaves what has no name yet.
  @Test func whatWasLeftUnnamedGoesWithItsName() throws {
    let root = FileManager.default.temporaryDirectory.path + "/leases-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: root) }
    let folder = "\(root)/leases"
    try Directory.create(folder)
    for name in ["one.000001", ".one.000001.ff", ".two.000001.ff"] {
      try Data([1]).write(to: URL(filePath: "\(folder)/\(name)"))
    }
    let directory = LeaseDirectory(path: root)
    directory.tidy(try directory.names(in: .leases), in: .leases)
    // Another worker may be about to name it.
    #expect(try Directory.names(in: folder, hidden: true) == [".two.000001.ff"])
    directory.tidy(["two.000001"], in: .leases)
    #expect(!Directory.exists(folder))
  }
}
