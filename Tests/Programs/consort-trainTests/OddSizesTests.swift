import Foundation
import Predictions
import TestSupport
import Testing

/// Photographs of several sizes that training resizes: whatever is deployed is fed as training fed it.
@Suite struct OddSizesTests {
  private static let images = checkout.appendingPathComponent("Tests/Data/DatasetsTests/Fixtures")
  private static let members = TinyExperiment.members

  /// A run on two classes of photographs, no two of one size, and the photographs beside it.
  private static let trained = Result { () throws -> FileTree in
    var tree: FileTree?
    try Consort.withDirectory { directory in
      let classes = [
        ["photo-large.jpg", "photo-tall.jpg", "rgb.png"],
        ["photo-wide.jpg", "photo-small.jpg", "full.jpeg", "subsampled.jpg"],
      ]
      for (label, files) in zip(["ada", "bob"], classes) {
        for split in ["train", "test"] {
          let folder = "\(directory)/pictures/\(split)/\(label)"
          try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
          for file in files {
            try FileManager.default.copyItem(
              atPath: images.appendingPathComponent(file).path, toPath: "\(folder)/\(file)")
          }
        }
      }
      try TinyExperiment.write(
        TinyExperiment.json(data: #"{"imageSize": 12, "holdOut": 1}"#), in: directory)
      let run = try TinyExperiment.train(["--data", "pictures"], in: directory)
      guard run.status == 0 else { throw TestSupportError(run.errors) }
      tree = try FileTree(directory, without: "cache")
    }
    return try #require(tree)
  }

  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
    try Self.trained.get().write(to: directory.path)
  }

  private func consort(_ arguments: [String]) throws -> Consort {
    let run = try Consort(
      arguments, environment: ["XDG_CACHE_HOME": "\(directory.path)/cache"],
      directory: directory.path)
    #expect(run.status == 0, "\(run.errors)")
    return run
  }

  /// Predicts the test images with `models` and compares with what training recorded of `members`.
  private func expectRecorded(
    _ models: [String], _ members: [String] = Self.members, note: String? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let out = "found-\(UUID().uuidString)"
    let run = try consort(["predict"] + models + ["--data", "pictures", "--out", out])
    if let note {
      #expect(run.errors.contains(note), "\(run.errors)", sourceLocation: sourceLocation)
    }
    #expect(
      run.errors.contains("bicubic") == (note != nil), "\(run.errors)",
      sourceLocation: sourceLocation)
    for (index, name) in members.enumerated() {
      let stored = try Predictions(
        path: "\(directory.path)/runs/tiny/members/\(name)/predictions-test.safetensors")
      let found = try Predictions(path: "\(directory.path)/\(out)/member-\(index).safetensors")
      #expect(found.labels == stored.labels, sourceLocation: sourceLocation)
      let differences = found.withLogProbabilities { first in
        stored.withLogProbabilities { zip(first, $0).map { abs($0 - $1) } }
      }
      #expect(
        try #require(differences.max()) < 1e-4, "\(models)", sourceLocation: sourceLocation)
    }
  }

  @Test func whatIsDeployedPredictsWhatTrainingRecorded() throws {
    try expectRecorded(["runs/tiny"])
    for member in Self.members {
      try expectRecorded(["runs/tiny/members/\(member)"], [member])
    }
    _ = try consort(["export", "runs/tiny", "--out", "onnx"])
    try expectRecorded(Self.members.map { "onnx/\($0).onnx" })
    _ = try consort(["build-ensemble", "runs/tiny", "--out", "built"])
    try expectRecorded(["built"])
    // Another interpolation gives other answers, so that the test can fail.
    let other = try consort([
      "predict", "runs/tiny", "--data", "pictures", "--interpolation", "bicubic", "--out", "other",
    ])
    #expect(other.status == 0)
    let stored = try Predictions(
      path: "\(directory.path)/runs/tiny/members/\(Self.members[0])/predictions-test.safetensors")
    let found = try Predictions(path: "\(directory.path)/other/member-0.safetensors")
    let differences = found.withLogProbabilities { first in
      stored.withLogProbabilities { zip(first, $0).map { abs($0 - $1) } }
    }
    #expect(try #require(differences.max()) > 1e-3)
  }

  /// Changes the text of a file.
  private func edit(_ file: String, _ change: (inout [String: Any]) -> Void) throws {
    let url = URL(filePath: "\(directory.path)/\(file)")
    let value = try JSONSerialization.jsonObject(with: Data(contentsOf: url))
    var object = try #require(value as? [String: Any])
    change(&object)
    try JSONSerialization.data(withJSONObject: object).write(to: url)
  }

  /// Takes the checksums out of a member's weights, as earlier versions wrote none.
  private func unseal(_ member: String) throws {
    let url = URL(filePath: "\(directory.path)/runs/tiny/members/\(member)/weights.safetensors")
    let file = try Data(contentsOf: url)
    let length = file.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    let value = try JSONSerialization.jsonObject(with: file[8..<8 + length])
    var header = try #require(value as? [String: Any])
    let metadata = try #require(header["__metadata__"] as? [String: String])
    header["__metadata__"] = metadata.filter { !$0.key.hasSuffix("sha256") }
    var text = try JSONSerialization.data(withJSONObject: header)
    text.append(contentsOf: [UInt8](repeating: 32, count: (8 - text.count % 8) % 8))
    let count = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
    try (Data(count) + text + file[(8 + length)...]).write(to: url)
  }

  /// Earlier versions said bicubic in `member.json` and nothing in `data.json`.
  @Test func runsOfEarlierVersionsAreRecognised() throws {
    try edit("runs/tiny/data.json") { $0["interpolation"] = nil }
    for member in Self.members {
      try unseal(member)
      try edit("runs/tiny/members/\(member)/member.json") { object in
        var preprocessing = object["preprocessing"] as? [String: Any]
        preprocessing?["interpolation"] = "bicubic"
        object["preprocessing"] = preprocessing
      }
    }
    let note = "images were resized bilinear in training"
    try expectRecorded(["runs/tiny"], note: "note: runs/tiny: \(note)")
    let member = "runs/tiny/members/\(Self.members[0])"
    try expectRecorded([member], [Self.members[0]], note: "note: \(member): \(note)")
    let export = try consort(["export", "runs/tiny", "--out", "onnx"])
    #expect(export.errors.contains(note))
    try expectRecorded(Self.members.map { "onnx/\($0).onnx" })
    // A member that was imported says what its publisher did.
    try FileManager.default.removeItem(atPath: "\(directory.path)/\(member)/metrics.jsonl")
    let imported = try consort(["export", member, "--out", "imported"])
    #expect(!imported.errors.contains("resized"))
  }
}
