import TestSupport
import Decisions
import Ensembles
import Foundation
import Reports

/// Figures made up by Fixtures/make_fixtures.py.
enum Fixture {
  static func text(_ name: String) throws -> String {
    let url = Bundle.module.bundleURL.appendingPathComponent("Fixtures/\(name)")
    return try String(contentsOf: url, encoding: .utf8)
  }

  /// The frontier, with the first network called `name` where one is given.
  static func frontier(renamed name: String? = nil) throws -> Frontier {
    try decoded("frontier.json", renaming: "wide-resnet-16-1", to: name)
  }

  /// The diversity, with the first member called `name` where one is given.
  static func diversity(renamed name: String? = nil) throws -> Diversity {
    try decoded("diversity.json", renaming: "wide-resnet-16-1-0", to: name)
  }

  private static func decoded<T: Decodable>(
    _ file: String, renaming old: String, to new: String?
  ) throws -> T {
    var text = try text(file)
    if let new {
      let quoted = String(decoding: try JSONEncoder().encode(new), as: UTF8.self)
      text = text.replacingOccurrences(of: "\"\(old)\"", with: quoted)
    }
    return try JSONDecoder().decode(T.self, from: Data(text.utf8))
  }

  /// The directory of the dependencies, where they are installed.
  static let dependencies: String? = {
    let root = checkout
    let path = root.appendingPathComponent(".deps").path
    return (try? ChartRenderer(dependencies: path)) == nil ? nil : path
  }()

  /// Calls `body` with an empty directory that is removed afterwards.
  static func withDirectory(_ body: (String) throws -> Void) throws {
    let url = FileManager.default.temporaryDirectory
      .appendingPathComponent("reports-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: url) }
    try body(url.path)
  }
}
