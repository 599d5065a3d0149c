import Decisions
import Files
import Schemas
import Statistics

/// A study's figures as CSV and JSON.
struct StudyFiles {
  let content: StudyContent

  /// - Throws: `FileError`; `EncodingError` where a number is not finite.
  func write(to directory: String) throws {
    try DurableFile.write(content.analysis.readableJSON(), to: ReportFile.study.path(in: directory))
    try DurableFile.write(comparisons, to: ReportFile.studyComparisons.path(in: directory))
    try DurableFile.write(curves, to: ReportFile.studyCurves.path(in: directory))
    try DurableFile.write(trainings, to: ReportFile.studyTrainings.path(in: directory))
  }

  private static func bounds(_ interval: ConfidenceInterval?) -> [String?] {
    [interval.map { "\($0.lowerBound)" }, interval.map { "\($0.upperBound)" }]
  }

  /// One line an ensemble against a larger network on a number of training images.
  var comparisons: String {
    var csv = CSV([
      "training_images", "small_network", "members", "large_network", "cost_share",
      "at_equal_cost", "difference", "lower", "upper", "lower_over_images", "upper_over_images",
      "verdict",
    ])
    for size in content.analysis.sizes {
      for comparison in size.comparisons {
        csv.append(
          [
            "\(size.trainingImages)", comparison.smallNetwork, "\(comparison.smallCount)",
            comparison.largeNetwork, "\(comparison.costShare)", "\(comparison.isAtEqualCost)",
            "\(comparison.difference)",
          ] + Self.bounds(comparison.interval) + Self.bounds(comparison.imageInterval)
            + [comparison.verdict.rawValue])
      }
    }
    return csv.text
  }

  /// One line a number of members of a network on a number of training images.
  var curves: String {
    var csv = CSV([
      "training_images", "network", "members", "macs", "milliseconds", "accuracy", "lower", "upper",
      "gain", "gain_lower", "gain_upper",
    ])
    for size in content.analysis.sizes {
      for curve in size.curves {
        for point in curve.points {
          let milliseconds = content.milliseconds[curve.network].map {
            "\($0 * Double(point.memberCount))"
          }
          csv.append(
            [
              "\(size.trainingImages)", curve.network, "\(point.memberCount)",
              "\(point.multiplyAccumulates)", milliseconds, "\(point.accuracy)",
            ] + Self.bounds(point.interval) + [point.gain.map { "\($0)" }]
              + Self.bounds(point.gainInterval))
        }
      }
    }
    return csv.text
  }

  /// One line a network on a number of training images.
  var trainings: String {
    var csv = CSV(["training_images", "network", "members", "seconds", "training_accuracy"])
    for line in content.trainings {
      csv.append([
        "\(line.trainingImages)", line.network, "\(line.members)", line.seconds.map { "\($0)" },
        line.trainingAccuracy.map { "\($0)" },
      ])
    }
    return csv.text
  }
}
