import Foundation
import Processes
import Testing

/// The built `consort`, run as a process.
struct Consort {
  let status: Int32
  let output: String
  let errors: String

  /// The program lies beside the tests in the build directory.
  static func path() throws -> String {
    #if os(macOS)
      let bundle = try #require(Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") })
      let path = bundle.bundleURL.deletingLastPathComponent().appendingPathComponent("consort").path
    #else
      let path = try #require(Executable.sibling("consort"))
    #endif
    try #require(FileManager.default.isExecutableFile(atPath: path), "\(path) is not built")
    return path
  }

  /// Runs `consort` with `arguments`, or `program` in its place, and waits for its end.
  init(_ arguments: [String], program: String? = nil, environment: [String: String] = [:]) throws {
    let process = Process()
    process.executableURL = URL(filePath: try program ?? Self.path())
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    // Files, not pipes: what is printed may be more than a pipe holds.
    let directory = FileManager.default.temporaryDirectory
    let files = ["out", "err"].map {
      directory.appendingPathComponent("consort-\(UUID().uuidString).\($0)")
    }
    defer { for file in files { try? FileManager.default.removeItem(at: file) } }
    for file in files { try Data().write(to: file) }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: files[0])
    process.standardError = try FileHandle(forWritingTo: files[1])
    try process.run()
    process.waitUntilExit()
    status = process.terminationStatus
    output = try String(contentsOf: files[0], encoding: .utf8)
    errors = try String(contentsOf: files[1], encoding: .utf8)
  }

  /// What was printed, as a JSON object.
  func object() throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
  }

  /// Calls `body` with an empty directory that is removed afterwards.
  static func withDirectory(_ body: (String) throws -> Void) throws {
    let url = FileManager.default.temporaryDirectory
      .appendingPathComponent("consort-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: url) }
    try body(url.path)
  }
}
