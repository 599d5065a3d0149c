import Foundation
import TestSupport
import Testing

/// An experiment of a second: two members on 100 images of 8 x 8 pixels.
enum TinyExperiment {
  static let members = ["wide-resnet-10-1-0", "wide-resnet-10-1-1"]
  static let procedural = #"{"imageSize": 8, "trainCount": 140, "testCount": 60, "seed": 3}"#

  static func json(
    epochs: Int = 2, count: Int = 2,
    data: String = #"{"procedural": \#(procedural), "holdOut": 40}"#, rate: String? = nil
  ) -> String {
    """
    {
      "name": "tiny", "data": \(data),
      "members": [{"network": "wide-resnet-10-1", "count": \(count)}],
      "recipe": {
        "preset": "fast", "epochs": \(epochs), "batchSize": 32, "learningRate": \(rate ?? "null")
      }, "seed": 5
    }
    """
  }

  /// Writes `text` as `tiny.json` into `directory`.
  static func write(_ text: String, in directory: String) throws {
    try Data(text.utf8).write(to: URL(filePath: "\(directory)/tiny.json"))
  }

  /// `consort train tiny.json` and its run, after all of its epochs, undisturbed.
  static func finishedRun(epochs: Int = 2) throws -> FileTree {
    try (epochs == 2 ? twoEpochs : manyEpochs).get()
  }

  /// Enough epochs to be disturbed in their middle.
  static let many = 30
  private static let twoEpochs = Result { try run(epochs: 2) }
  private static let manyEpochs = Result { try run(epochs: many) }

  private static func run(epochs: Int) throws -> FileTree {
    try finishedRun(of: json(epochs: epochs))
  }

  /// The same of another experiment, as `json` gives it.
  static func finishedRun(of text: String) throws -> FileTree {
    var tree: FileTree?
    try Consort.withDirectory { directory in
      try write(text, in: directory)
      let run = try train(in: directory)
      guard run.status == 0 else { throw TestSupportError(run.errors) }
      tree = try FileTree("\(directory)/runs/tiny")
    }
    return try #require(tree)
  }

  /// Runs `consort train tiny.json` in `directory`.
  static func train(_ arguments: [String] = [], in directory: String) throws -> Consort {
    try start(arguments, in: directory).finish()
  }

  static func start(
    _ arguments: [String] = [], in directory: String, environment: [String: String] = [:]
  ) throws -> RunningConsort {
    let cache = ["XDG_CACHE_HOME": "\(directory)/cache"]
    return try RunningConsort(
      command + arguments, environment: cache.merging(environment) { $1 }, directory: directory)
  }

  static let command = [
    "train", "tiny.json", "--threads", "1", "--jobs", "1", "--checkpoint-every", "1epoch",
  ]

  /// The names of a member's checkpoints, or of those being written, in `directory`.
  static func checkpoints(
    of member: String = members[0], in directory: String, beingWritten: Bool = false
  ) -> [String] {
    let path = "\(directory)/runs/tiny/members/\(member)"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.filter {
      $0.hasPrefix("checkpoint-") && $0.hasSuffix(beingWritten ? ".partial" : ".safetensors")
    }
  }
}

/// Expects a failure that says one thing in one line, with `pieces` in it, and leaves `directory` as it was.
func expectFailure(
  in directory: String, status: Int32 = 1, _ pieces: [String],
  sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Consort
) throws {
  let before = try FileTree(directory, without: "cache")
  let run = try body()
  #expect(run.status == status && !run.wasKilled, sourceLocation: sourceLocation)
  #expect(run.output == "", sourceLocation: sourceLocation)
  let lines = run.errors.split(separator: "\n", omittingEmptySubsequences: false)
  let hint = status == 2 ? ["usage: see 'consort help train'"] : []
  #expect(lines.dropFirst().map(String.init) == hint + [""], sourceLocation: sourceLocation)
  let message = lines.first ?? ""
  #expect(message.hasPrefix("consort: error: "), sourceLocation: sourceLocation)
  for piece in pieces {
    #expect(message.contains(piece), "\(message)", sourceLocation: sourceLocation)
  }
  #expect(try FileTree(directory, without: "cache") == before, sourceLocation: sourceLocation)
}

/// Expects the weights and predictions of an undisturbed run, and no file more or less than it has.
func expectTheBits(
  of whole: FileTree, in directory: String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let run = try FileTree("\(directory)/runs/tiny")
  #expect(run.names == whole.names, sourceLocation: sourceLocation)
  let tensors = whole.names.filter { $0.hasSuffix(".safetensors") }
  #expect(tensors.count == 6, sourceLocation: sourceLocation)
  for name in tensors {
    #expect(run.contents[name] == whole.contents[name], "\(name)", sourceLocation: sourceLocation)
  }
}

extension FileTree {
  /// Writes it all below `path`.
  func write(to path: String) throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for name in names.sorted() {
      let url = URL(filePath: "\(path)/\(name)")
      if let bytes = contents[name] ?? nil {
        try bytes.write(to: url)
      } else {
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
      }
    }
  }
}
