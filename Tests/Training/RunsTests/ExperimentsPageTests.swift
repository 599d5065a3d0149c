import Foundation
import Schemas
import TestSupport
import Testing

@testable import Runs
@testable import SearchRuns

/// `docs/experiments.md` names every key that is read, with its type and default.
@Suite struct ExperimentsPageTests {
  /// A row of the page's tables.
  private struct Row {
    /// Such as "data.holdOut"; "members[].count".
    let key: String
    let type: String
    /// By the preset that they belong to; one for all, where there is one column.
    let defaults: [String]
  }

  private static let presets = ["fast", "paper", "efficientnet-official"]

  private static func rows() throws -> [Row] {
    let root = checkout
    let page = try String(contentsOf: root.appending(path: "docs/experiments.md"), encoding: .utf8)
    return page.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { line in
      let cells = line.split(separator: "|", omittingEmptySubsequences: false)
        .map { $0.trimmingCharacters(in: .whitespaces) }
      return Row(
        key: cells[1].replacing("`", with: ""), type: cells[2],
        defaults: Array(cells[3..<cells.count - 2]))
    }
  }

  /// An experiment with everything that has to be there, as JSON, and a value at a key.
  private static func json(
    preset: String = "fast", _ key: String? = nil, _ value: String = "null"
  ) throws -> Data {
    var root: [String: Any] = [
      "name": "e", "members": [["network": "resnet-20"]], "recipe": ["preset": preset],
    ]
    if let key {
      let parsed = try JSONSerialization.jsonObject(
        with: Data(value.utf8), options: .fragmentsAllowed)
      set(parsed, at: key.split(separator: ".").map(String.init)[...], in: &root)
    }
    return try JSONSerialization.data(withJSONObject: root)
  }

  /// What else an object has to have.
  private static var needed: [String: [String: Any]] {
    [
      "learningRate": ["kind": "oneCycle", "peak": 0.1, "warmUp": 0.1],
      "soups": ["name": "soup", "members": ["resnet-20-0", "resnet-20-1"]],
      "optimizer": ["kind": "rmsprop"], "distillation": ["teacher": "runs/teacher"],
    ]
  }

  private static func set(_ value: Any, at path: ArraySlice<String>, in object: inout [String: Any])
  {
    guard let first = path.first else { return }
    guard path.count > 1 else { return object[first] = value }
    let key = first.replacing("[]", with: "")
    if first.hasSuffix("[]") {
      var elements = object[key] as? [[String: Any]] ?? [needed[key] ?? [:]]
      set(value, at: path.dropFirst(), in: &elements[0])
      object[key] = elements
    } else {
      var child = object[key] as? [String: Any] ?? needed[key] ?? [:]
      set(value, at: path.dropFirst(), in: &child)
      object[key] = child
    }
  }

  private func error(_ json: Data) -> SchemaError? {
    do {
      _ = try Experiment(json: json, file: "e.json")
      return nil
    } catch {
      return error
    }
  }

  /// The keys that the reader knows in the object at `path`, whichever kind it is of.
  private func knownKeys(at path: String) throws -> Set<String> {
    var values = [try Self.json((path.isEmpty ? "" : path + ".") + "zzz", "1")]
    if path == "recipe.learningRate" {
      values = try [
        #"{"kind": "oneCycle", "peak": 1, "warmUp": 0, "zzz": 1}"#,
        #"{"kind": "steps", "initial": 1, "factor": 1, "zzz": 1}"#,
        #"{"kind": "exponential", "initial": 1, "factor": 1, "epochs": 1, "zzz": 1}"#,
        #"{"kind": "cyclicCosine", "initial": 1, "cycles": 1, "zzz": 1}"#,
      ].map { try Self.json(path, $0) }
    }
    return try values.reduce(into: []) { keys, value in
      guard case .unknownKey(_, _, let known)? = error(value) else {
        throw Missing(path: path, found: "\(String(describing: error(value)))")
      }
      keys.formUnion(known)
    }
  }

  private struct Missing: Error {
    let path, found: String
  }

  @Test func namesEveryKeyOfTheReaderAndNoOther() throws {
    let keys = try Self.rows().map(\.key)
    #expect(Set(keys).count == keys.count)
    // Objects are those that have keys, and those whose type is one.
    var objects: Set<String> = [""]
    for row in try Self.rows() where row.type == "an object" { objects.insert(row.key) }
    objects.formUnion(["members[]", "soups[]"])
    for object in objects {
      let prefix = object.isEmpty ? "" : object + "."
      let named = keys.filter { key in
        key.hasPrefix(prefix) && !key.dropFirst(prefix.count).contains(".")
      }.map { String($0.dropFirst(prefix.count)) }
      #expect(try Set(named) == knownKeys(at: object), "\(object)")
    }
  }

  @Test func theTypesAreThoseOfTheReader() throws {
    for row in try Self.rows() {
      let isRate = row.key == "recipe.learningRate.epochs"
      let value = row.type == "true or false" || row.type.contains("text") ? "1" : "true"
      let mistake = error(try Self.json(row.key, value))
      guard case .wrongType(_, let key, let expected, _)? = mistake else {
        // Only one kind of learning rate has it.
        #expect(
          row.key.hasPrefix("recipe.learningRate."), "\(row.key): \(String(describing: mistake))")
        continue
      }
      #expect(key == row.key.replacing("[]", with: "[0]"))
      let isWord = row.type.contains(" or ") && row.type.contains("`")
      let isNetwork = row.key == "members[].network"
      let isList = expected == "a list" && row.type == "a list of objects"
      #expect(
        isWord && expected == "a text" || isNetwork || isList || isRate || expected == row.type,
        "\(row.key): \(expected)")
    }
  }

  @Test func theDefaultsAreThoseOfTheReader() throws {
    var checked = 0
    for row in try Self.rows() {
      for (preset, cell) in zip(Self.presets, row.defaults) {
        guard cell.hasPrefix("`"), let value = cell.split(separator: "`").first else { continue }
        // Left out beside what the object has to have, and given.
        var parent = row.key.split(separator: ".").dropLast().joined(separator: ".")
        var kind = parent
        var text = "{}"
        if cell.hasPrefix("`[]` for `steps`") {
          text = #"{"kind": "steps", "initial": 1, "factor": 1}"#
        } else if cell.hasSuffix("for `exponential`") {
          text = #"{"kind": "exponential", "initial": 1, "factor": 1, "epochs": 1}"#
        } else if cell.hasSuffix("for `rmsprop`") {
          text = #"{"kind": "rmsprop"}"#
        } else if parent == "recipe.distillation" {
          text = #"{"teacher": "runs/teacher"}"#
        } else if parent == "recipe" || parent.isEmpty || parent == "members[]" {
          (parent, kind) = ("", "")
        }
        let without = try kind.isEmpty ? Self.json(preset: preset) : Self.json(parent, text)
        var object =
          try JSONSerialization.jsonObject(with: without) as? [String: Any] ?? [:]
        let parsed = try JSONSerialization.jsonObject(
          with: Data(value.utf8), options: .fragmentsAllowed)
        if row.key == "recipe" {
          object["recipe"] = nil
        }
        let left = try Experiment(
          json: JSONSerialization.data(withJSONObject: object), file: "e.json")
        Self.set(parsed, at: row.key.split(separator: ".").map(String.init)[...], in: &object)
        let given = try Experiment(
          json: JSONSerialization.data(withJSONObject: object), file: "e.json")
        #expect(left == given, "\(row.key), \(preset): \(value)")
        checked += 1
      }
    }
    #expect(checked >= 50)
  }
}
