import ArchitectureSearch
import Foundation
import SearchRuns

/// A search of seconds, of a few tiny networks.
enum TinySearch {
  static let proxy = """
    {"kind": "proxy", "recipe": {"preset": "fast", "epochs": 3, "batchSize": 16}, "rungs": [1, 3]}
    """
  static let supernetwork = """
    {"kind": "supernetwork", "recipe": {"preset": "fast", "epochs": 40, "batchSize": 16}}
    """
  static let finalists = """
    {"recipe": {"preset": "fast", "epochs": 1, "batchSize": 16}, "seeds": 2}
    """

  static func write(
    in directory: String, evaluator: String = proxy, finalists: String = "null",
    channels: String = "[8, 12, 16]", measure: String = "macs", target: Double = 600_000
  ) throws {
    let json = """
      {
        "name": "tiny",
        "data": {
          "procedural": {"imageSize": 8, "trainCount": 160, "testCount": 40}, "holdOut": 64
        },
        "space": {
          "kind": "wide-resnet", "inputSize": 8,
          "groups": [
            {"blocks": [1, 2], "channels": \(channels)}, {"blocks": [1, 2], "channels": [8, 16]}
          ]
        },
        "members": 2, "cost": {"measure": "\(measure)", "target": \(target)},
        "settings": ["duplicated", "joint", "sequential"],
        "controller": {"kind": "evolution", "population": 4, "sample": 2},
        "reward": {"kind": "absolute"}, "evaluator": \(evaluator), "cohort": 4,
        "budget": {"evaluations": 8}, "finalists": \(finalists)
      }
      """
    try json.write(toFile: directory + "/plan.json", atomically: true, encoding: .utf8)
  }

  static let command = ["search", "plan.json", "--threads", "1"]

  static func records(in directory: String) throws -> [EvaluationRecord] {
    try SearchDirectory(path: directory + "/runs/tiny").evaluations().map { record in
      var record = record
      record.seconds = 0
      return record
    }
  }
}
