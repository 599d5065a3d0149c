import Foundation
import TestSupport
import Testing

/// A study of seconds: two networks, two sizes, on images of 8 x 8 pixels.
enum TinyStudy {
  static let sizes = [(images: 40, epochs: 2), (images: 80, epochs: 1)]

  static func json(
    counts: (Int, Int) = (3, 2), sizes: [(images: Int, epochs: Int)] = sizes, more: String = ""
  ) -> String {
    let list = sizes.map { #"{"trainingImages": \#($0.images), "epochs": \#($0.epochs)}"# }
    return """
      {
        "name": "tiny", "data": \(data()), "sizes": [\(list.joined(separator: ", "))],
        "members": \(members(counts)), "recipe": {"preset": "fast", "batchSize": 16}, "seed": 5\(more)
      }
      """
  }

  /// The experiment that one of the sizes is.
  static func experiment(_ size: (images: Int, epochs: Int)) -> String {
    """
    {
      "name": "tiny-\(size.images)", "data": \(data(#", "trainingImages": \#(size.images)"#)),
      "members": \(members((3, 2))),
      "recipe": {"preset": "fast", "batchSize": 16, "epochs": \(size.epochs)}, "seed": 5
    }
    """
  }

  private static func data(_ more: String = "") -> String {
    """
    {"procedural": {"imageSize": 8, "trainCount": 400, "testCount": 60, "seed": 3}, "holdOut": 40, "balanced": true\(more)}
    """
  }

  private static func members(_ counts: (Int, Int)) -> String {
    """
    [{"network": "wide-resnet-10-1", "count": \(counts.0)}, {"network": "wide-resnet-10-2", "count": \(counts.1)}]
    """
  }

  static let options = ["--threads", "1", "--jobs", "1"]
  static let command = ["study", "tiny.json"] + options

  static func write(_ text: String, as name: String = "tiny.json", in directory: String) throws {
    try Data(text.utf8).write(to: URL(filePath: "\(directory)/\(name)"))
  }

  /// The weights and predictions of a run.
  static func tensors(of run: String) throws -> [String: Data] {
    try FileTree(run).contents.compactMapValues { $0 }
      .filter { $0.key.hasSuffix(".safetensors") }
  }
}
