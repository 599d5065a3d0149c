import Foundation
import TestSupport
import Testing

/// `docs/architecture.md` says what `Package.swift` and the folders say.
@Suite struct ArchitectureTests {
  private static let page = try? String(
    contentsOf: checkout.appendingPathComponent("docs/architecture.md"), encoding: .utf8)
  private static let manifest = try? Manifest(
    text: String(contentsOf: checkout.appendingPathComponent("Package.swift"), encoding: .utf8))

  @Test func everyTargetStandsInTheTable() throws {
    let rows = try Row.all(in: #require(Self.page))
    let targets = try #require(Self.manifest).targets
    #expect(targets.count > 30)
    #expect(Set(rows.map(\.target)) == Set(targets.map(\.name)))
    #expect(rows.count == targets.count, "a target stands twice")
  }

  @Test func theImportsAreThoseOfThePackage() throws {
    let rows = try Row.all(in: #require(Self.page))
    for target in try #require(Self.manifest).targets {
      let row = try #require(rows.first { $0.target == target.name }, "\(target.name)")
      #expect(row.layer == target.layer, "\(target.name)")
      #expect(row.imports == target.imports.sorted(), "\(target.name)")
    }
  }

  @Test func importsPointDownTheTable() throws {
    let targets = try #require(Self.manifest).targets
    let layers = try Row.all(in: #require(Self.page)).map(\.layer)
    let order = layers.reduce(into: [String]()) { if $0.last != $1 { $0.append($1) } }
    #expect(Set(order).count == order.count, "a layer stands in two places")
    let depth = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
    for target in targets {
      for name in target.imports {
        let imported = try #require(targets.first { $0.name == name }, "\(name)")
        let (own, other) = try (
          #require(depth[target.layer]), #require(depth[imported.layer])
        )
        #expect(own <= other, "\(target.name) imports \(name) from a layer above")
      }
    }
  }

  @Test func everyFileThatIsNamedIsThere() throws {
    let rows = try Row.all(in: #require(Self.page))
    for row in rows {
      let file = checkout.appendingPathComponent("Sources/\(row.layer)/\(row.target)/\(row.first)")
      #expect(FileManager.default.fileExists(atPath: file.path), "\(file.path)")
    }
    let paths = try #require(Self.page).matches(of: /`((?:Sources|Tests|docs|scripts)\/[^`*]+)`/)
    #expect(paths.count > 30)
    for path in paths.map({ String($0.output.1) }) {
      let file = checkout.appendingPathComponent(path)
      #expect(FileManager.default.fileExists(atPath: file.path), "\(path)")
    }
  }

  @Test func libtorchIsSeenByFew() throws {
    let targets = try #require(Self.manifest).targets
    let seeing = targets.filter { $0.imports.contains { ["Torch", "CTorch"].contains($0) } }
    #expect(Set(seeing.map(\.name)) == ["Torch", "Training", "SearchTraining", "consort-train"])
  }
}

/// The targets that `Package.swift` declares by its functions `library`, `system` and `program`.
private struct Manifest {
  struct Target {
    let name, layer: String
    let imports: [String]
  }

  let targets: [Target]

  init(text: String) {
    let declaration =
      /(?:library|system|program)\(\s*"([\w-]+)", in: "(\w+)"(?:,\s*\[([^\]]*)\])?/
    targets = text.matches(of: declaration).map { match in
      let imports = (match.output.3 ?? "").matches(of: /"([\w-]+)"/)
      return Target(
        name: String(match.output.1), layer: String(match.output.2),
        imports: imports.map { String($0.output.1) })
    }
  }
}

/// A row of the page's table: layer, target, what it is for, the file to open first, imports.
private struct Row {
  let layer, target, first: String
  let imports: [String]

  static func all(in page: String) -> [Row] {
    var layer = ""
    return page.split(separator: "\n").compactMap { line in
      let cells = line.split(separator: "|", omittingEmptySubsequences: false)
        .map { $0.trimmingCharacters(in: .whitespaces) }
      guard cells.count == 7, let target = name(cells[2]), let first = name(cells[4]) else {
        return nil
      }
      if !cells[1].isEmpty { layer = cells[1].trimmingCharacters(in: ["*"]) }
      return Row(
        layer: layer, target: target, first: first,
        imports: cells[5].split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
          .sorted())
    }
  }

  private static func name(_ cell: String) -> String? {
    cell.hasPrefix("`") && cell.hasSuffix("`") && cell.count > 2
      ? String(cell.dropFirst().dropLast()) : nil
  }
}
