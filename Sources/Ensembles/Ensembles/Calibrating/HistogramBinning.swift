import CKernels
import Concurrency
import Predictions
import Statistics

/// A table for each class against all others, then normalised: the probability of a class becomes the share of the hold-out
/// images of the class among those to which it was given a probability in the same bin, of equal width.
///
/// Each share counts further images (`OutcomeBlock.smoothed`), so that none is 0 or 1; a bin without images keeps its middle.
/// Probabilities of one bin become equal.
///
/// Source: Zadrozny and Elkan, ICML 2001; arXiv:1706.04599, section 4.1.
public struct HistogramBinning: Codable, Hashable, Sendable {
  /// `[C][B]`: for each class the calibrated log-odds of probabilities in (i / B, (i + 1) / B]; 0 is in the first.
  public let logOdds: [[Double]]

  /// Creates a binning; `CalibrationMap.fault(classes:)` says what is wrong with it.
  public init(logOdds: [[Double]]) { self.logOdds = logOdds }

  /// Counts hold-out predictions of two classes or more, in as many bins as the calibration error has.
  ///
  /// Complexity: O(N C).
  public init(fittedTo holdOut: Predictions) {
    let (classes, bins) = (holdOut.classes, Metrics.calibrationBinCount)
    let given = ClassLogOdds.of(
      holdOut.flooredLogProbabilities(of: 0..<holdOut.count), classes: classes)
    logOdds = parallelMap(classes) { c in
      var blocks = [OutcomeBlock](repeating: OutcomeBlock(), count: bins)
      for (image, label) in holdOut.labels.enumerated() {
        let value = given[image * classes + c]
        let probability = ClassLogOdds.probability(value)
        let one = OutcomeBlock(
          count: 1, hits: label == Int64(c) ? 1 : 0, probability: probability,
          complement: ClassLogOdds.probability(-value))
        blocks[Int(consort_confidence_bin(probability, Int64(bins)))].add(one)
      }
      return blocks.enumerated().map { bin, block in
        let (hits, misses) =
          block.count > 0
          ? block.smoothed : (Double(bin) + 0.5, Double(bins - bin) - 0.5)
        return naturalLogarithm(hits / misses)
      }
    }
  }
}

extension HistogramBinning: ClassMap {
  var classes: Int { logOdds.count }

  private static let mostBins = 10_000

  var fault: String? {
    let bins = logOdds.first?.count ?? 0
    guard (1...Self.mostBins).contains(bins), logOdds.allSatisfy({ $0.count == bins }) else {
      return "has not as many bins for each class"
    }
    return logOdds.allSatisfy { $0.allSatisfy(Self.numbers.contains) }
      ? nil : "has a number out of range"
  }

  func scores(_ logProbabilities: [Double]) -> [Double] {
    let bins = Int64(logOdds[0].count)
    let tables = logOdds.map { $0.map(ClassLogOdds.logProbability) }
    var scores = ClassLogOdds.of(logProbabilities, classes: classes)
    for place in scores.indices {
      let probability = ClassLogOdds.probability(scores[place])
      scores[place] = tables[place % classes][Int(consort_confidence_bin(probability, bins))]
    }
    return scores
  }
}
