import CommandLine
import Deployment
import Files

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What options say of a prediction that several processes share.
struct Sharding {
  /// Where the shards are.
  let directory: String
  /// Which one this process predicts; nil where it puts together those that are there.
  let shard: PredictionShard?

  static let options = [
    CommandOption(
      "--shards", "DIR", help: "Share the images with other processes, which all reach DIR."),
    CommandOption(
      "--shard", "I/N",
      help:
        "Predict part I, from 1, of N. auto takes it from the place in an array of Slurm; auto/N from there, or from the "
        + "index in a Job of Kubernetes."),
    CommandOption(
      "--merge", help: "Predict nothing: put the shards together, which then have to be there all."),
  ]

  /// - Returns: nil where none of the options is given.
  init?(_ arguments: ParsedArguments) throws {
    let shard = arguments.string("--shard")
    let isMerge = arguments.isSet("--merge")
    guard let directory = arguments.directory("--shards") else {
      guard shard == nil, !isMerge else {
        throw UsageError("\(isMerge ? "--merge" : "--shard") needs --shards DIR")
      }
      return nil
    }
    guard (shard != nil) != isMerge else {
      throw UsageError("--shards DIR needs --shard I/N, or --merge, and not both")
    }
    self.directory = directory
    do {
      self.shard = try shard.map { text in
        try PredictionShard(text) { name in getenv(name).map { SystemPath.text($0) } }
      }
    } catch let error as ShardError {
      throw UsageError("\(error)")
    }
  }
}
