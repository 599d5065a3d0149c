/// The names of the files of runs, members and searches.
package enum RunFile: String {
  // Of a run.
  case experiment = "experiment.json"
  // Of a run or a search.
  case environment = "environment.json"
  case data = "data.json"
  // Of a run.
  case teacher = "teacher.safetensors"
  // Of a study.
  case study = "study.json"
  // Of a study's record.
  case recordedMembers = "members.json"
  // Of a member.
  case network = "network.json"
  case description = "member.json"
  case metrics = "metrics.jsonl"
  case progress = "progress.json"
  case failure = "failure.json"
  case weights = "weights.safetensors"
  // Of a search.
  case plan = "search.json"
  case latencies = "latencies.json"
  case evaluations = "evaluations.jsonl"
  case found = "found.json"
  case finalistLatencies = "finalists-latencies.json"

  package func path(in directory: String) -> String { "\(directory)/\(rawValue)" }

  /// Whether the name is that of this file while it is written: by a process that was killed, or by one that shares the
  /// directory.
  package func isBeingWritten(as name: String) -> Bool {
    name.hasPrefix(rawValue + ".") && name.hasSuffix(".partial")
  }

  /// The name of a member's predictions of a split.
  static func predictions(split: String) -> String { "predictions-\(split).safetensors" }

  private static let epochsPrefix = "epochs"
  private static let epochsSuffix = ".jsonl"

  /// The name of the lines of a member's epochs so far, which become its metrics once it is complete.
  ///
  /// - Parameter token: The number of the lease under which it is written. The first number does not show.
  static func epochs(token: Int = 1) -> String {
    "\(epochsPrefix)\(token > 1 ? ".\(padded(token, 6))" : "")\(epochsSuffix)"
  }

  /// The token of such a file by its name; nil where the name is another file's.
  static func token(ofEpochs name: String) -> Int? {
    guard name.hasPrefix(epochsPrefix), name.hasSuffix(epochsSuffix) else { return nil }
    let middle = name.dropFirst(epochsPrefix.count).dropLast(epochsSuffix.count)
    if middle.isEmpty { return 1 }
    return middle.hasPrefix(".") ? Int(middle.dropFirst()) : nil
  }

  private static let checkpointPrefix = "checkpoint-"
  private static let checkpointSuffix = ".safetensors"

  /// The name of a member's checkpoint after so many steps; names sort as steps do, up to 8 digits.
  ///
  /// - Parameter token: The number of the lease under which it is written, so that a worker that has lost its member writes
  ///   over no other's. The first number does not show.
  static func checkpoint(step: Int, token: Int = 1) -> String {
    "\(checkpointPrefix)\(padded(step, 8))\(token > 1 ? ".\(padded(token, 6))" : "")\(checkpointSuffix)"
  }

  private static func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  /// The steps of a whole checkpoint by its name; nil where the name is another file's.
  static func step(ofCheckpoint name: String) -> Int? { place(ofCheckpoint: name)?.step }

  /// The steps and the token of a whole checkpoint by its name; nil where the name is another file's.
  package static func place(ofCheckpoint name: String) -> (step: Int, token: Int)? {
    guard name.hasPrefix(checkpointPrefix), name.hasSuffix(checkpointSuffix) else { return nil }
    let numbers = name.dropFirst(checkpointPrefix.count).dropLast(checkpointSuffix.count)
      .split(separator: ".", omittingEmptySubsequences: false)
    guard numbers.count <= 2, let step = numbers.first.flatMap({ Int($0) }) else { return nil }
    guard let token = numbers.count == 2 ? Int(numbers[1]) : 1 else { return nil }
    return (step, token)
  }
}
