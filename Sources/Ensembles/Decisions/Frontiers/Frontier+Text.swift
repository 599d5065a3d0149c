import Files
import Schemas

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension Frontier {
  /// Reads what `readableJSON()` gave.
  ///
  /// - Throws: `StrictJSON.KeyError` or `DecodingError`.
  public init(json: String) throws {
    self = try StrictJSON.decode(Frontier.self, from: Data(json.utf8))
  }

  /// The points as CSV (RFC 4180, lines ended by a line feed): a line of names, then one line a point.
  public func csv() -> String {
    let names = [
      "network", "members", "macs", "flops", "parameters", "subsets", "sampled", "accuracy",
      "top1_mean", "top1_standard_deviation", "top1_minimum", "top1_maximum", "topk_mean",
      "negative_log_likelihood", "brier_score", "expected_calibration_error", "pareto",
    ]
    var csv = CSV(names)
    for curve in curves {
      for point in curve.points { csv.append([curve.network] + Self.csvFields(point)) }
    }
    return csv.text
  }

  private static func csvFields(_ point: Point) -> [String] {
    let integers = [
      point.memberCount, point.multiplyAccumulates, point.floatingPointOperations,
      point.parameters, point.subsetCount,
    ]
    let numbers = [
      point.accuracy, point.mean.top1Accuracy, point.top1StandardDeviation, point.top1Minimum,
      point.top1Maximum, point.mean.topKAccuracy, point.mean.negativeLogLikelihood,
      point.mean.brierScore, point.mean.expectedCalibrationError,
    ]
    return integers.map(String.init) + [String(point.isSampled)] + numbers.map { "\($0)" }
      + [String(point.isOnParetoFrontier)]
  }
}
