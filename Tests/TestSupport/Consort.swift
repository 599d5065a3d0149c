import Foundation
import Processes

/// A built program, by default `consort`, run as a process to its end.
public struct Consort: Sendable {
  /// The exit status; where a signal ended the process, its number.
  public let status: Int32
  /// Whether a signal ended the process.
  public let wasKilled: Bool
  /// Standard output, as it came.
  public let bytes: Data
  /// Standard output as text.
  public var output: String { String(decoding: bytes, as: UTF8.self) }
  /// Standard error.
  public let errors: String

  /// Runs `consort` with `arguments`, or `program` in its place, and waits for its end.
  public init(
    _ arguments: [String], program: String? = nil, environment: [String: String] = [:],
    directory: String? = nil
  ) throws {
    self = try RunningConsort(
      arguments, program: program, environment: environment, directory: directory
    ).finish()
  }

  init(status: Int32, wasKilled: Bool, bytes: Data, errors: String) {
    (self.status, self.wasKilled, self.bytes, self.errors) = (status, wasKilled, bytes, errors)
  }

  /// The path of a built program, which lies beside the tests in the build directory.
  public static func path(_ name: String = "consort") throws -> String {
    #if os(macOS)
      let path = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }
        .map { $0.bundleURL.deletingLastPathComponent().appendingPathComponent(name).path }
    #else
      let path = Executable.sibling(name)
    #endif
    guard let path, FileManager.default.isExecutableFile(atPath: path) else {
      throw TestSupportError("the program '\(name)' is not built")
    }
    return path
  }

  /// Whether SIGKILL ended it, or what it ran in its place and for which it answers.
  public var endedByKill: Bool {
    wasKilled ? status == SIGKILL : status == 128 + SIGKILL
  }

  /// What was printed, as a JSON object.
  public func object() throws -> [String: Any] {
    let value = try JSONSerialization.jsonObject(with: bytes)
    guard let object = value as? [String: Any] else {
      throw TestSupportError("no JSON object: \(output)")
    }
    return object
  }

  /// Calls `body` with an empty directory that is removed afterwards.
  public static func withDirectory(_ body: (String) throws -> Void) throws {
    let url = FileManager.default.temporaryDirectory
      .appendingPathComponent("consort-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: url) }
    try body(url.path)
  }
}

/// What keeps a test from its work.
public struct TestSupportError: Error, CustomStringConvertible {
  /// What is wrong.
  public let description: String

  /// Creates an error.
  public init(_ description: String) { self.description = description }
}
