import Ensembles
import Formatting
import Predictions

/// What an ensemble's answers leave open, of predicted images.
struct PredictedLimits {
  /// What is promised.
  let limits: AnswerLimits
  /// `[n]`: the classes in each image's set, the most probable first.
  let sets: [[Int]]
  /// `[n]`: whether an answer is given; nil where no rule of abstention is promised.
  let isAnswered: [Bool]?
  /// Whether the class is in the set, and how many answers are wrong; nil without labels.
  let measured: (sets: ConformalReport, answers: AbstentionReport?)?
  /// Whether the answer is the class with the least expected cost, of whose errors nothing is promised.
  let isDecidedByCosts: Bool

  /// - Parameters:
  ///   - ensemble: What it says of the images.
  ///   - hasLabels: Whether their labels are known.
  ///   - isDecidedByCosts: Whether the answer is the class with the least expected cost.
  init(
    _ limits: AnswerLimits, of ensemble: Predictions, hasLabels: Bool, isDecidedByCosts: Bool
  ) throws {
    self.limits = limits
    self.isDecidedByCosts = isDecidedByCosts
    sets = ensemble.withLogProbabilities { values in
      (0..<ensemble.count).map { row in
        limits.sets.classes(
          Array(values[row * ensemble.classes..<(row + 1) * ensemble.classes]))
      }
    }
    let greatest = zip(ensemble.predictedClasses(), 0...).map { label, row in
      ensemble.withLogProbabilities { $0[row * ensemble.classes + label] }
    }
    isAnswered = limits.abstention.map { rule in
      greatest.map { rule.answers(logProbability: $0) }
    }
    measured =
      hasLabels
      ? (
        try ConformalReport(of: limits.sets, on: ensemble),
        limits.abstention.map { AbstentionReport(of: $0, on: ensemble) }
      ) : nil
  }

  /// The figures as they stand in JSON.
  struct Summary: Encodable {
    struct Sets: Encodable {
      /// The share of the images whose class is to be in the set.
      let coverage: Double
      let meanSize: Double
      /// nil without labels.
      let measuredCoverage: MeasuredShare?
    }

    struct Abstention: Encodable {
      let threshold, error, confidence: Double
      let answered: Int
      /// nil without labels, and where nothing is answered.
      let measuredError: MeasuredShare?
    }

    /// Whether the figures are promised of images like the calibration's; otherwise these also chose the ensemble.
    let isPromised: Bool
    let calibrationImages: Int
    let sets: Sets
    let abstention: Abstention?
  }

  var summary: Summary {
    Summary(
      isPromised: limits.isPromised, calibrationImages: limits.images,
      sets: Summary.Sets(
        coverage: 1 - limits.sets.missRate, meanSize: meanSize,
        measuredCoverage: measured?.sets.coverage),
      abstention: limits.abstention.map {
        Summary.Abstention(
          threshold: $0.threshold, error: $0.error, confidence: $0.confidence,
          answered: answeredCount, measuredError: measured?.answers?.error)
      })
  }

  private var meanSize: Double {
    Double(sets.reduce(0) { $0 + $1.count }) / Double(sets.count)
  }

  private var answeredCount: Int { isAnswered?.count { $0 } ?? 0 }

  /// The figures as sentences.
  var lines: [String] {
    let promised = limits.isPromised ? "promised" : "expected"
    var sets =
      "sets: \(NumberFormat.fixed(meanSize, 2)) classes on average, "
      + "\(percent(self.sets.count { $0.count == 1 })) % of one class"
    if let coverage = measured?.sets.coverage {
      sets += "; \(NumberFormat.percent(coverage.value)) % hold the class"
    }
    sets += " (\(NumberFormat.shortPercent(1 - limits.sets.missRate)) \(promised))"
    var answers: String
    if let rule = limits.abstention {
      answers =
        "answers: \(percent(answeredCount)) % given, above a probability of "
        + NumberFormat.short(rule.threshold)
      if let error = measured?.answers?.error {
        answers += "; \(NumberFormat.percent(error.value)) % of them wrong"
      }
      answers +=
        " (at most \(NumberFormat.shortPercent(rule.error)) \(promised), with "
        + "\(NumberFormat.shortPercent(rule.confidence)) confidence)"
    } else {
      answers =
        "answers: all given; no error can be promised with \(limits.images.counted("image"))"
    }
    let assumption =
      limits.isPromised
      ? "Promised of images drawn as the \(limits.images.counted("image")) that calibrated them, and of the whole ensemble."
      : "No promise: the \(limits.images.counted("image")) that calibrated this also chose the ensemble."
    let other =
      isDecidedByCosts && limits.abstention != nil
      ? [
        "The error is that of the most probable class as the answer; of the class with the least expected cost nothing is promised."
      ] : []
    return [sets, answers] + other + [assumption]
  }

  private func percent(_ count: Int) -> String {
    NumberFormat.percent(Double(count) / Double(sets.count))
  }
}
