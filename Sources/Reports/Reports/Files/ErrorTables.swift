import Decisions
import Ensembles
import Files

/// Where the deployed candidate errs, as CSV: a line a class, a group, a pair of classes, or a candidate.
enum ErrorTables {
  /// One line a group with images, of the test images: both's accuracy, and the difference.
  ///
  /// - Parameter precisions: Of classes, how often the deployed candidate is right where it predicts them.
  static func groups(
    _ comparison: GroupComparison, called name: String, precisions: [GroupAccuracy]? = nil
  ) -> String {
    var csv = CSV(
      [name, "images", "accuracy", "accuracy_lower", "accuracy_upper"]
        + ["accuracy_lower_together", "accuracy_upper_together", "reference_accuracy"]
        + ["difference", "difference_lower_together", "difference_upper_together"]
        + ["only_deployed_right", "only_reference_right", "mcnemar_p", "holm_p", "shown"]
        + (precisions == nil
          ? []
          : ["predictions", "precision", "precision_lower_together", "precision_upper_together"]))
    let known = Dictionary((precisions ?? []).map { ($0.name, $0) }) { first, _ in first }
    for place in comparison.deployed.indices {
      let (own, other) = (comparison.deployed[place], comparison.reference[place])
      csv.append(
        [own.name, "\(own.images)", "\(own.accuracy)"]
          + ["\(own.ownInterval.lowerBound)", "\(own.ownInterval.upperBound)"]
          + ["\(own.interval.lowerBound)", "\(own.interval.upperBound)", "\(other.accuracy)"]
          + cells(comparison.differences[place])
          + (precisions == nil ? [] : cells(known[own.name])))
    }
    return csv.text
  }

  private static func cells(_ difference: GroupDifference) -> [String?] {
    [
      "\(difference.difference)", "\(difference.interval.lowerBound)",
      "\(difference.interval.upperBound)", "\(difference.onlyFirst)", "\(difference.onlySecond)",
      "\(difference.pValue)", "\(difference.correctedPValue)",
      difference.isShownLoss ? "loss" : difference.isShownGain ? "gain" : "nothing",
    ]
  }

  /// Nothing of a class that is never predicted.
  private static func cells(_ precision: GroupAccuracy?) -> [String?] {
    guard let precision else { return ["0", nil, nil, nil] }
    return [
      "\(precision.images)", "\(precision.accuracy)", "\(precision.interval.lowerBound)",
      "\(precision.interval.upperBound)",
    ]
  }

  /// One line a pair of a true and a predicted class that some image has.
  static func confusion(
    deployed: ConfusionMatrix, reference: ConfusionMatrix, names: [String]
  ) -> String {
    var csv = CSV(["label", "predicted", "images", "reference_images"])
    let (own, others) = (counts(deployed), counts(reference))
    for key in Set(own.keys).union(others.keys).sorted() {
      csv.append([
        names[key / deployed.classes], names[key % deployed.classes], "\(own[key] ?? 0)",
        "\(others[key] ?? 0)",
      ])
    }
    return csv.text
  }

  private static func counts(_ matrix: ConfusionMatrix) -> [Int: Int] {
    Dictionary(matrix.cells.map { ($0.label * matrix.classes + $0.predicted, $0.count) }) {
      first, _ in first
    }
  }

  /// One line a candidate on the frontier, after the deployed one and the best single model.
  static func costs(_ costs: ErrorCostComparison) -> String {
    var csv = CSV([
      "id", "role", "hold_out_most_probable", "hold_out_least_expected_cost",
      "test_most_probable", "test_least_expected_cost",
    ])
    let rows =
      [(costs.deployed, "deployed"), (costs.reference, "reference")]
      + costs.candidates.map { ($0, "frontier") }
    for (row, role) in rows {
      csv.append([
        row.id, role, "\(row.holdOut.mostProbable)", "\(row.holdOut.leastExpectedCost)",
        "\(row.test.mostProbable)", "\(row.test.leastExpectedCost)",
      ])
    }
    return csv.text
  }
}
