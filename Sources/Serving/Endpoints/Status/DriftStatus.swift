import Serving

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Whether a model's traffic looks like its hold-out.
struct DriftStatus: Encodable {
  /// `unknown`, `gathering`, `as expected` or `drifted`.
  let state: String
  /// Images that were compared since the model was loaded.
  let images: Int
  /// Images that were answered and not compared, since members were lost or answers late beside them.
  let omittedImages: Int
  /// Bounds between the bins of `confidences`.
  let confidenceBounds: [Double]
  /// What the latest images looked like, and the hold-out; absent where that is not known.
  let observed, expected: Counts?
  /// What is compared.
  let figures: [Figure]

  private enum CodingKeys: String, CodingKey {
    case state, images, observed, expected, figures
    case omittedImages = "omitted_images"
    case confidenceBounds = "confidence_bounds"
  }

  struct Counts: Encodable {
    let images: Int
    /// How many stopped after each member; empty where all run on all images.
    let exits: [Int]
    /// How many have the probability of their class in each bin.
    let confidences: [Int]
    /// Of how many not all members that ran predict one class.
    let disagreements: Int

    init(_ counts: TrafficCounts) {
      images = counts.images
      exits = counts.exits
      confidences = counts.confidences
      disagreements = counts.disagreements
    }
  }

  struct Figure: Encodable {
    /// `exits`, `confidence` or `disagreement`.
    let figure: String
    /// When it began to differ, as ISO 8601; absent where it does not.
    let since: String?
    /// 0 where nothing differs, from 1 on an alarm.
    let strength: Double
    /// The greatest difference: shares of so many images and of the hold-out, and in words.
    let images: Int?
    let observed, expected: Double?
    let sentence: String?

    init(_ figure: DriftReport.Figure, confidenceBounds: [Double]) {
      self.figure = figure.figure.rawValue
      since = figure.since.map { Date(timeIntervalSince1970: $0).formatted(.iso8601) }
      strength = figure.strength
      images = figure.comparison?.images
      (observed, expected) = (figure.comparison?.observed, figure.comparison?.expected)
      sentence = figure.comparison?.sentence(confidenceBounds: confidenceBounds)
    }
  }

  init(_ report: DriftReport) {
    state = report.state.rawValue
    images = report.images
    omittedImages = report.omittedImages
    confidenceBounds = report.confidenceBounds
    (observed, expected) = (report.observed.map(Counts.init), report.expected.map(Counts.init))
    figures = report.figures.map {
      Figure($0, confidenceBounds: report.confidenceBounds)
    }
  }
}
