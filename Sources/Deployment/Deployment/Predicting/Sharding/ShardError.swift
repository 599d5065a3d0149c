import Files
import Formatting

/// Shards of a prediction that cannot be made or put together.
package enum ShardError: ExitStatusError, Hashable, Sendable, CustomStringConvertible {
  /// What the user says names no shard.
  case unusable(_ text: String, expected: String)
  /// Some are not there yet.
  case missing(directory: String, numbers: [Int], count: Int)
  /// None is there.
  case none(directory: String)
  /// The directory has shards of another division.
  case otherDivision(directory: String, counts: [Int], wanted: Int?)
  /// A shard is of other images, models or options.
  case otherPrediction(path: String, difference: String)
  /// A shard's file is not as it was written.
  case damaged(path: String, reason: String)

  /// Those that are missing may be there later.
  package var exitStatus: ExitStatus {
    switch self {
    case .missing, .none: .transient
    default: .failed
    }
  }

  /// One sentence: what is wrong where, and the fix.
  package var description: String {
    switch self {
    case .unusable(let text, let expected): "\(text): it takes \(expected)"
    case .missing(let directory, let numbers, let count):
      "'\(directory)' lacks \(Self.listing(numbers)) of \(count) shards: run `consort predict` with --shard I/\(count) for "
        + "each, or wait for those that run"
    case .none(let directory):
      "'\(directory)' holds no shard: run `consort predict` with --shard I/N for each of N"
    case .otherDivision(let directory, let counts, let wanted):
      "'\(directory)' has shards of a division by \(counts.map(String.init).joined(separator: " and by "))"
        + (wanted.map { ", not by \($0)" } ?? "") + ": remove those, or give another --shards"
    case .otherPrediction(let path, let difference):
      "'\(path)' is of another prediction (\(difference)): give what it was made with, remove it, or give another --shards"
    case .damaged(let path, let reason):
      "'\(path)' cannot be used: \(reason); remove it, and run its shard again"
    }
  }

  /// Such as "1-3, 7".
  package static func listing(_ numbers: [Int]) -> String {
    var ranges: [ClosedRange<Int>] = []
    for number in numbers.sorted() {
      if let last = ranges.last, last.upperBound + 1 == number {
        ranges[ranges.count - 1] = last.lowerBound...number
      } else {
        ranges.append(number...number)
      }
    }
    return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
      .joined(separator: ", ")
  }
}
