import Files

/// One of several equal parts of the images, which processes predict apart from one another.
package struct PredictionShard: Hashable, Sendable {
  /// Which one, from 1, and of how many.
  package let number, count: Int

  /// The most that there may be.
  package static let mostShards = 10_000

  /// - Throws: `ShardError.unusable`.
  package init(number: Int, count: Int) throws(ShardError) {
    guard (1...Self.mostShards).contains(count), (1...count).contains(number) else {
      throw .unusable(
        "--shard \(number)/\(count)",
        expected: "I/N with I from 1 to N, N at most \(Self.mostShards)"
      )
    }
    (self.number, self.count) = (number, count)
  }

  /// Reads "I/N"; or "auto" or "auto/N", which take the place in an array of Slurm or in an Indexed Job of Kubernetes.
  ///
  /// - Parameter variable: The value of an environment variable.
  /// - Throws: `ShardError.unusable`.
  package init(
    _ text: String, variable: (String) -> String?
  ) throws(ShardError) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    let count = parts.count == 2 ? Int(parts[1]) : nil
    guard parts.count <= 2, parts.count == 1 || count != nil else { throw Self.malformed(text) }
    guard parts[0] == "auto" else {
      guard let number = Int(parts[0]), let count else { throw Self.malformed(text) }
      self = try PredictionShard(number: number, count: count)
      return
    }
    if let task = variable("SLURM_ARRAY_TASK_ID") {
      self = try Self(slurmTask: task, count: count, variable)
    } else if let index = variable("JOB_COMPLETION_INDEX").flatMap({ Int($0) }) {
      guard let count else {
        throw .unusable(
          "--shard auto",
          expected: "auto/N in Kubernetes, whose pods are not told how many they are")
      }
      self = try PredictionShard(number: index + 1, count: count)
    } else {
      throw .unusable(
        "--shard \(text)",
        expected: "SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX to be set; here say I/N")
    }
  }

  private static func malformed(_ text: String) -> ShardError {
    .unusable("--shard \(text)", expected: "I/N, such as 1/4, or auto, or auto/N")
  }

  /// A task of a whole array: of one that was submitted for some of the indices alone, nobody knows of how many.
  private init(
    slurmTask task: String, count wanted: Int?, _ variable: (String) -> String?
  ) throws(ShardError) {
    let numbers = ["MIN", "MAX", "STEP", "COUNT"].map {
      variable("SLURM_ARRAY_TASK_\($0)").flatMap { Int($0) }
    }
    guard let task = Int(task), let least = numbers[0], let most = numbers[1],
      let step = numbers[2], let count = numbers[3], step > 0,
      (least...max(least, most)).contains(task),
      (task - least) % step == 0, (most - least) / step + 1 == count
    else {
      throw .unusable(
        "--shard auto", expected: "an array such as --array=0-3, without gaps; else say I/N")
    }
    guard wanted == nil || wanted == count else {
      throw .unusable(
        "--shard auto/\(wanted ?? 0)",
        expected: "an array of as many tasks, and this one has \(count): say I/N")
    }
    self = try PredictionShard(number: (task - least) / step + 1, count: count)
  }

  /// Which images it has: whole batches, so that the images of a batch are those of a run on all images.
  package func images(of total: Int, batch: Int) -> Range<Int> {
    let batches = (total + batch - 1) / batch
    func start(_ shard: Int) -> Int { min(total, batches * shard / count * batch) }
    return start(number - 1)..<start(number)
  }

  /// What its file is called.
  var fileName: String { "shard-\(number)-of-\(count).safetensors" }

  /// What the file called `name` holds; nil where it is no shard's.
  init?(fileName name: String) {
    guard let match = name.wholeMatch(of: /shard-([0-9]{1,5})-of-([0-9]{1,5})\.safetensors/),
      let number = Int(match.output.1), let count = Int(match.output.2),
      let shard = try? PredictionShard(number: number, count: count), shard.fileName == name
    else { return nil }
    self = shard
  }
}
