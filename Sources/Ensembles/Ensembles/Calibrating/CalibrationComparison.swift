import Concurrency
import Predictions
import Randomness
import Statistics

/// Which calibration is best on images that it was not fitted to: the hold-out in folds, of which each is judged by what is
/// fitted to the others.
///
/// No calibration is taken unless the temperature has the better likelihood, and nothing but these two unless it is better by
/// more than a standard error, and does not lose accuracy beyond noise: more images turn from right to wrong than the other
/// way by more than the square root of how many turn, a standard error of their difference.
///
/// The standard error is that of the mean difference over the images or, where it is greater, that which it would have if the
/// labels were drawn from the probabilities that are to be replaced: of images without an error, all say the same, and of few
/// no other is known.
public struct CalibrationComparison: Codable, Hashable, Sendable {
  /// One method on images that it was not fitted to.
  public struct Trial: Codable, Hashable, Sendable {
    /// Which.
    public let method: CalibrationMethod
    /// Why it was not tried; nil where it was.
    public let refusal: String?
    /// The mean negative log-likelihood, in nats.
    public let negativeLogLikelihood: Double?
    /// That less the one it is compared with, no calibration's for the temperature and otherwise that of the better of the
    /// two; nil for no calibration.
    public let difference: Double?
    /// The difference's standard error.
    public let standardError: Double?
    /// How many images it makes right that are wrong without.
    public let gained: Int
    /// How many images it makes wrong that are right without.
    public let lost: Int

    /// Whether it loses accuracy beyond noise.
    public var losesAccuracy: Bool {
      Double(lost - gained) > Double(lost + gained).squareRoot()
    }
  }

  /// What was chosen.
  public let chosen: CalibrationMethod
  /// Every method, in the order of `CalibrationMethod`, but members' temperatures where they have none.
  public let trials: [Trial]
  /// How many images were looked at: of a large hold-out a sample, drawn at random.
  public let images: Int
  /// Into how many folds they were divided; 0 where nothing could be compared.
  public let folds: Int

  /// The most folds.
  static let mostFolds = 5
  /// The most images that are looked at.
  private static let mostImages = 10_000
  /// The most probabilities that are looked at, where there are many classes.
  private static let mostValues = 1 << 20
  private static let leastImages = 100

  /// The trial of a method.
  public func trial(_ method: CalibrationMethod) -> Trial? {
    trials.first { $0.method == method }
  }

  /// The images that methods are compared on, in their order.
  static func sample(of data: CalibrationData, seed: UInt64) throws(EnsembleError)
    -> CalibrationData
  {
    let (count, classes) = (data.combined.count, data.combined.classes)
    let most = min(mostImages, max(leastImages, mostValues / classes))
    guard count > most else { return data }
    var generator = RandomStream(seed: seed, 0x7361_6d70)
    return try data.selecting(generator.permutation(of: count).prefix(most).sorted())
  }

  /// Compares methods on a sample.
  ///
  /// - Parameters:
  ///   - different: How many images of the whole hold-out are different; nil for all.
  ///   - refusal: Why nothing can be fitted at all; nil where it can.
  /// - Returns: With what is chosen, fitted to all of the sample.
  static func compare(
    _ data: CalibrationData, different: Int? = nil, refusal: String?, keepsAnswers: Bool,
    seed: UInt64
  ) throws(EnsembleError) -> (comparison: CalibrationComparison, fitted: FittedCalibration) {
    let (count, classes) = (data.combined.count, data.combined.classes)
    let refusal =
      refusal ?? (classes < 2 ? "there is one class" : nil)
      ?? (count < 2 ? "one image cannot be held back from itself" : nil)
    let methods = CalibrationMethod.allCases.filter {
      $0 != .memberTemperatures || !data.members.isEmpty
    }
    let reasons = methods.map { method in
      method == .none
        ? nil
        : refusal
          ?? (keepsAnswers && !method.keepsAnswers
            ? "it may change answers, of which something is shown" : nil)
          ?? method.refusal(images: min(count, different ?? count), classes: classes)
    }
    func made(_ choice: Choice, folds: Int) -> CalibrationComparison {
      CalibrationComparison(
        chosen: choice.chosen,
        trials: zip(methods, reasons).map { choice.trials[$0] ?? Trial($0, refusal: $1) },
        images: count, folds: folds)
    }
    guard refusal == nil else { return (made(Choice([:]), folds: 0), .none) }
    let folds = Folds(labels: data.combined.labels, most: mostFolds, seed: seed)
    let tried = methods.indices.filter { reasons[$0] == nil }.map { methods[$0] }
    let inverse = 1 / (try Temperature(fittedTo: data.combined).value)
    let fits = try parallelMap(tried.count) { place throws(EnsembleError) in
      try FittedCalibration(tried[place], to: data, inverse: inverse)
    }
    let fitted = Dictionary(uniqueKeysWithValues: zip(tried, fits))
    let choice = Choice(try judge(tried, data, folds, near: fitted))
    return (made(choice, folds: folds.count), fitted[choice.chosen] ?? .none)
  }

  /// What each method says of the images of each fold.
  private static func judge(
    _ methods: [CalibrationMethod], _ data: CalibrationData, _ folds: Folds,
    near fits: [CalibrationMethod: FittedCalibration]
  ) throws(EnsembleError) -> [CalibrationMethod: HeldOutRows] {
    let parts = try parallelMap(folds.count) { fold throws(EnsembleError) in
      let others = try data.selecting(folds.others(than: fold))
      let held = try data.selecting(folds.images(of: fold))
      let inverse = 1 / (try Temperature(fittedTo: others.combined).value)
      var found: [HeldOutRows] = []
      for method in methods {
        let fitted = try FittedCalibration(
          method, to: others, inverse: inverse, near: fits[method])
        found.append(HeldOutRows(try fitted.apply(to: held)))
      }
      return found
    }
    var judged: [CalibrationMethod: HeldOutRows] = [:]
    for (place, method) in methods.enumerated() {
      judged[method] = HeldOutRows(joining: parts.map { $0[place] })
    }
    return judged
  }
}

extension CalibrationComparison.Trial {
  fileprivate init(_ method: CalibrationMethod, refusal: String?) {
    self.init(
      method: method, refusal: refusal, negativeLogLikelihood: nil, difference: nil,
      standardError: nil, gained: 0, lost: 0)
  }
}

/// Predictions of images by what was fitted to others.
private struct HeldOutRows: Sendable {
  let parts: [Predictions]

  init(_ predictions: Predictions) { parts = [predictions] }

  init(joining rows: [HeldOutRows]) { parts = rows.flatMap(\.parts) }

  /// `[N]`: whether each is right.
  var hits: [Bool] {
    parts.flatMap { part in zip(part.predictedClasses(), part.labels).map { $0 == Int($1) } }
  }

  /// `[N]`: minus the label's log-probability, and how much that less `other`'s varies where labels are drawn from `other`.
  func losses(against other: HeldOutRows) -> [(loss: Double, other: Double, variance: Double)] {
    zip(parts, other.parts).flatMap { own, other in
      let classes = own.classes
      let rows = own.flooredLogProbabilities(of: 0..<own.count)
      let others = other.flooredLogProbabilities(of: 0..<own.count)
      return own.labels.enumerated().map { image, label in
        var (mean, square) = (0.0, 0.0)
        for place in image * classes..<(image + 1) * classes {
          let difference = others[place] - rows[place]
          let weighted = exponential(others[place]) * difference
          mean += weighted
          square += weighted * difference
        }
        let place = image * classes + Int(label)
        return (-rows[place], -others[place], max(0, square - mean * mean))
      }
    }
  }
}

/// What the rule makes of trials.
private struct Choice {
  var chosen = CalibrationMethod.none
  var trials: [CalibrationMethod: CalibrationComparison.Trial] = [:]

  init(_ judged: [CalibrationMethod: HeldOutRows]) {
    guard let none = judged[.none] else { return }
    let hits = none.hits
    func trial(_ method: CalibrationMethod, against other: HeldOutRows) {
      guard let rows = judged[method] else { return }
      let losses = rows.losses(against: other)
      let differences = losses.map { $0.loss - $0.other }
      let count = Double(losses.count)
      let spread = differences.sampleStandardDeviation / count.squareRoot()
      let drawn = losses.reduce(0) { $0 + $1.variance }.squareRoot() / count
      let turned = zip(hits, rows.hits)
      trials[method] = CalibrationComparison.Trial(
        method: method, refusal: nil, negativeLogLikelihood: losses.map(\.loss).mean,
        difference: method == .none ? nil : differences.mean,
        standardError: method == .none ? nil : max(spread, drawn),
        gained: turned.count { !$0 && $1 }, lost: turned.count { $0 && !$1 })
    }
    trial(.none, against: none)
    trial(.temperature, against: none)
    if let difference = trials[.temperature]?.difference, difference < 0 { chosen = .temperature }
    let incumbent = judged[chosen] ?? none
    var best = trials[chosen]?.negativeLogLikelihood ?? .infinity
    for method in CalibrationMethod.allCases where method != .none && method != .temperature {
      trial(method, against: incumbent)
      guard let found = trials[method], let loss = found.negativeLogLikelihood, loss < best,
        let difference = found.difference, let error = found.standardError, difference < -error,
        !found.losesAccuracy
      else { continue }
      (chosen, best) = (method, loss)
    }
  }
}
