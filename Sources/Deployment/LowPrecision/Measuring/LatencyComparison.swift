import Inference
import Statistics

/// How long a variant takes beside the float32 model that it was made of, in turn.
package struct LatencyComparison: Codable, Hashable, Sendable {
  /// Images at a time, and threads.
  package let batch, threads: Int
  /// Milliseconds of a batch in each round: the median of its runs.
  package let milliseconds, float32Milliseconds: [Double]

  private static let rounds = 5

  /// Runs both in turn, round by round, so that a machine that is busy for a while is so for both.
  ///
  /// - Throws: `InferenceError`.
  init(
    of variant: ImageModel, precision: InferenceOptions.Precision, beside float32: ImageModel,
    batch: Int, secondsOfRound: Double
  ) throws {
    let batch = variant.input.fixedBatch ?? batch
    let first = try Classifier(
      [variant], batch: batch, options: InferenceOptions(threads: 1, precision: precision))
    let second = try Classifier([float32], batch: batch, options: InferenceOptions(threads: 1))
    var times: ([Double], [Double]) = ([], [])
    for _ in 0..<Self.rounds {
      times.0.append(1000 * (try InferenceTimes([first], seconds: secondsOfRound)).quantile(0.5))
      times.1.append(1000 * (try InferenceTimes([second], seconds: secondsOfRound)).quantile(0.5))
    }
    (self.batch, threads) = (batch, 1)
    (milliseconds, float32Milliseconds) = times
  }

  /// The medians over rounds.
  package var median: Double { Self.median(milliseconds) }
  package var float32Median: Double { Self.median(float32Milliseconds) }

  private static func median(_ times: [Double]) -> Double {
    [Double].quantile(0.5, ofSorted: times.sorted())
  }
}
