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

  /// A build from clean compiles targets in an order of its own: an import that `Package.swift` does not name may be
  /// found in one build and missed in the next.
  @Test func importsAreDeclared() throws {
    let manifest = try #require(Self.manifest)
    let own = Set(manifest.targets.map(\.name))
    for target in manifest.targets + manifest.tests {
      let imported = try target.importedModules().intersection(own)
      let undeclared = imported.subtracting(target.imports)
      #expect(undeclared.isEmpty, "\(target.name) imports \(undeclared.sorted())")
    }
  }

  @Test func libtorchIsSeenByFew() throws {
    let targets = try #require(Self.manifest).targets
    let seeing = targets.filter { $0.imports.contains { ["Torch", "CTorch"].contains($0) } }
    #expect(Set(seeing.map(\.name)) == ["Torch", "Training", "SearchTraining", "consort-train"])
  }
}

/// The targets that `Package.swift` declares by its functions `library`, `system` and `program`, and those of `tests`.
private struct Manifest {
  struct Target {
    let name, layer, directory: String
    let imports: [String]

    /// The modules that the target's Swift files import.
    func importedModules() throws -> Set<String> {
      let root = checkout.appendingPathComponent(directory)
      let paths = FileManager.default.enumerator(atPath: root.path)?.compactMap { $0 as? String }
      var modules: Set<String> = []
      for path in paths ?? [] where path.hasSuffix(".swift") {
        let text = try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
        for match in text.matches(of: /(?m)^(?:@\w+ )?import (?:\w+ )?(\w+)/) {
          modules.insert(String(match.output.1))
        }
      }
      return modules
    }
  }

  let targets, tests: [Target]

  init(text: String) {
    let declaration =
      /(library|system|program|tests)\(\s*(?:of: )?"([\w-]+)", in: "(\w+)"(?:,\s*\[([^\]]*)\])?/
    var (targets, tests) = ([Target](), [Target]())
    for match in text.matches(of: declaration) {
      let (function, name, layer) = (match.output.1, match.output.2, match.output.3)
      let imports = (match.output.4 ?? "").matches(of: /"([\w-]+)"/).map { String($0.output.1) }
      if function == "tests" {
        tests.append(
          Target(
            name: "\(name)Tests", layer: "\(layer)", directory: "Tests/\(layer)/\(name)Tests",
            imports: imports))
      } else {
        targets.append(
          Target(
            name: "\(name)", layer: "\(layer)", directory: "Sources/\(layer)/\(name)",
            imports: imports))
      }
    }
    (self.targets, self.tests) = (targets, tests)
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
