import Datasets
import Deployment
import Ensembles
import Files
import Foundation
import Inference
import InferenceTestSupport
import TestSupport
import Testing

/// Parts of a prediction, made apart from one another and put together.
@Suite struct PredictionShardTests {
  private static let count = 61
  private static let split = ImageSplit(
    name: "test", height: 8, width: 8,
    pixels: (0..<count * 3 * 64).map { UInt8($0 * 31 % 251) },
    labels: (0..<count).map { Int64($0 % 5) }, classNames: (0..<5).map { "class \($0)" })
  /// One at whose first member about half of the images stop.
  private static func cascade() throws -> Combination {
    let found = try EnsemblePredictions(
      of: members(), on: .decoded(split), options: options())
    let surest = (0..<count).compactMap { found.logProbabilities[0][$0 * 5..<($0 + 1) * 5].max() }
    let middle = Double(exp(surest.sorted()[count / 2]))
    return Combination(
      cascade: CascadeStops(confidence: .maximumProbability, confidenceThresholds: [middle]))
  }

  private static func members() throws -> [EnsembleMember] {
    let preprocessing = Preprocessing(
      height: 8, width: 8, resizing: .none, mean: [90, 100, 110], standardDeviation: [4, 4, 4])
    return try ["logits", "half"].map {
      try EnsembleMember(ImageModel(fixture: $0), name: $0, preprocessing: preprocessing)
    }
  }

  private static func options(batch: Int = 4) -> PredictionOptions {
    PredictionOptions(inference: InferenceOptions(threads: 2, cacheDirectory: nil), batch: batch)
  }

  private static func shards(
    in directory: TemporaryDirectory, _ combination: Combination? = nil, batch: Int = 4
  ) throws -> ShardDirectory {
    try ShardDirectory(
      path: directory.path, of: members(), combinedBy: combination ?? cascade(),
      runsAllMembers: false,
      on: .decoded(split), options: options(batch: batch))
  }

  @Test(arguments: [(61, 4, 3), (61, 16, 4), (5, 16, 3), (100, 1, 7), (64, 16, 4), (1, 1, 1)])
  func everyImageIsInOneShardAndNoBatchIsDivided(total: Int, batch: Int, count: Int) throws {
    let ranges = try (1...count).map {
      try PredictionShard(number: $0, count: count).images(of: total, batch: batch)
    }
    #expect(ranges.flatMap { Array($0) } == Array(0..<total))
    #expect(ranges.allSatisfy { $0.isEmpty || $0.lowerBound % batch == 0 })
    let batches = ranges.map { ($0.count + batch - 1) / batch }
    #expect((batches.max() ?? 0) - (batches.min() ?? 0) <= 1)
  }

  private static let slurm = [
    "SLURM_ARRAY_TASK_ID": "6", "SLURM_ARRAY_TASK_MIN": "2", "SLURM_ARRAY_TASK_MAX": "8",
    "SLURM_ARRAY_TASK_STEP": "2", "SLURM_ARRAY_TASK_COUNT": "4",
  ]

  @Test(arguments: [
    ("2/4", [:], 2, 4), ("auto", slurm, 3, 4), ("auto/4", slurm, 3, 4),
    ("auto/4", ["JOB_COMPLETION_INDEX": "0"], 1, 4), ("1/4", slurm, 1, 4),
  ])
  func theShardIsSaidOrTakenFromTheEnvironment(
    text: String, variables: [String: String], number: Int, count: Int
  ) throws {
    let shard = try PredictionShard(text) { variables[$0] }
    #expect(try shard == PredictionShard(number: number, count: count))
  }

  /// Above all an array of which only some tasks were submitted again.
  @Test(arguments: [
    ("0/4", [:]), ("5/4", [:]), ("1", [:]), ("1/", [:]), ("1/2/3", [:]), ("-1/2", [:]),
    ("auto", [:]), ("auto", ["JOB_COMPLETION_INDEX": "0"]),
    ("auto/4", ["JOB_COMPLETION_INDEX": "4"]), ("auto/3", slurm),
    ("auto", slurm.merging(["SLURM_ARRAY_TASK_COUNT": "2"]) { $1 }),
    ("auto", slurm.merging(["SLURM_ARRAY_TASK_ID": "7"]) { $1 }),
  ])
  func whatNamesNoShardIsRefused(text: String, variables: [String: String]) {
    #expect(throws: ShardError.self) { _ = try PredictionShard(text) { variables[$0] } }
  }

  @Test(arguments: [1, 3, 20])
  func shardsTogetherSayWhatOneRunSays(count: Int) throws {
    let directory = try TemporaryDirectory()
    let shards = try Self.shards(in: directory)
    // The last ones come first.
    for number in (1...count).reversed() {
      if number < count {
        #expect(throws: ShardError.self) { try shards.merge() }
        #expect(try shards.progress().missing == Array(1...number))
      }
      #expect(try shards.predict(PredictionShard(number: number, count: count)))
      #expect(try !shards.predict(PredictionShard(number: number, count: count)))
    }
    let whole = try EnsemblePredictions(
      of: Self.members(), combinedBy: Self.cascade(), on: .decoded(Self.split),
      options: Self.options())
    // Whoever believes to be the last gets the same.
    for found in try [shards.merge(), shards.merge()] {
      #expect(found.logProbabilities == whole.logProbabilities)
      #expect(found.places == whole.places && found.exits == whole.exits)
      #expect(found.indices == whole.indices && found.fingerprint == whole.fingerprint)
    }
    #expect(whole.exitFractions[0] > 0.1 && whole.exitFractions[0] < 0.9)
  }

  @Test func shardsOfOtherPredictionsAreRefused() throws {
    let directory = try TemporaryDirectory()
    let first = try PredictionShard(number: 1, count: 2)
    #expect(try Self.shards(in: directory).predict(first))
    let second = try PredictionShard(number: 2, count: 2)
    let file = "\(directory.path)/shard-1-of-2.safetensors"
    #expect(
      throws: ShardError.otherPrediction(path: file, difference: "other batch: '4', not '8'")
    ) { try Self.shards(in: directory, batch: 8).predict(second) }
    #expect(throws: ShardError.otherPrediction(path: file, difference: "other combination")) {
      try Self.shards(in: directory, Combination()).predict(second)
    }
    #expect(
      throws: ShardError.otherDivision(directory: directory.path, counts: [2], wanted: 3)
    ) { try Self.shards(in: directory).predict(PredictionShard(number: 2, count: 3)) }
    #expect(try directory.names() == ["shard-1-of-2.safetensors"])
  }

  @Test(arguments: [0, 40, 2000, -1]) func damagedShardsAreRefused(place: Int) throws {
    let directory = try TemporaryDirectory()
    let shards = try Self.shards(in: directory)
    #expect(try shards.predict(PredictionShard(number: 1, count: 1)))
    let file = URL(filePath: "\(directory.path)/shard-1-of-1.safetensors")
    var bytes = try Data(contentsOf: file)
    bytes[place < 0 ? bytes.count - 1 : place] ^= 1
    try bytes.write(to: file)
    do {
      _ = try shards.merge()
      Issue.record("a damaged shard is taken")
    } catch ShardError.damaged(let path, _) {
      #expect(path == file.path)
    }
  }

  /// Its file would say the same of any numbers beside it.
  @Test func aModelThatIsNotAllInItsFileIsRefused() throws {
    let directory = try TemporaryDirectory()
    let preprocessing = Preprocessing(
      height: 8, width: 8, resizing: .none, mean: [90, 100, 110], standardDeviation: [4, 4, 4])
    let member = try EnsembleMember(ImageModel(fixture: "beside"), preprocessing: preprocessing)
    #expect(throws: InferenceError.externalData(source: member.model.source)) {
      try ShardDirectory(
        path: directory.path, of: [member], combinedBy: Combination(), runsAllMembers: false,
        on: .decoded(Self.split), options: Self.options())
    }
  }

  @Test func numbersAreListedInRanges() {
    #expect(ShardError.listing([7, 1, 2, 3, 9, 10]) == "1-3, 7, 9-10")
  }
}
