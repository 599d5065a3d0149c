import Predictions

/// How combined probabilities are calibrated.
public enum CalibrationMethod: String, Codable, CaseIterable, Sendable {
  /// They are left as they are.
  case none
  /// One temperature of the combined predictions.
  case temperature
  /// A temperature of each member, before they are combined.
  case memberTemperatures
  /// `VectorScaling`.
  case vector
  /// `DirichletScaling`.
  case dirichlet
  /// `IsotonicCalibration`.
  case isotonic
  /// `HistogramBinning`.
  case histogram

  /// Such as "isotonic regression".
  package var name: String {
    switch self {
    case .none: "none"
    case .temperature: "a temperature"
    case .memberTemperatures: "temperatures of the members"
    case .vector: "vector scaling"
    case .dirichlet: "Dirichlet scaling"
    case .isotonic: "isotonic regression"
    case .histogram: "histogram binning"
    }
  }

  /// Whether every image keeps its most probable class.
  var keepsAnswers: Bool { self == .none || self == .temperature }

  /// Fewer hold-out images for each class, on average, leave a method's numbers to chance; a temperature's prior bears with
  /// any. Ten images a number, or 50 for what counts shares.
  func leastImages(perClassOf classes: Int) -> Int {
    switch self {
    case .none, .temperature, .memberTemperatures: 0
    case .vector: 20
    case .dirichlet: 10 * (classes + 1)
    case .isotonic, .histogram: 50
    }
  }

  /// Images x classes^2 of a Dirichlet scaling's fit at most: a few seconds.
  private static let mostProducts = 1 << 21

  /// Why it is not tried; nil where it is.
  func refusal(images: Int, classes: Int) -> String? {
    let least = leastImages(perClassOf: classes)
    guard images >= least * classes else {
      return
        "it needs \(least) hold-out images a class, and \(images) were looked at for \(classes) classes"
    }
    if self == .dirichlet, images * classes * classes > Self.mostProducts {
      return "its \(classes * (classes + 1)) numbers would take too long to fit to \(images) images"
    }
    return nil
  }
}

/// What calibration is fitted to: the combined predictions of some images, and the members' where each may have its own
/// temperature.
struct CalibrationData: Sendable {
  let combined: Predictions
  /// Empty where members have no temperatures of their own: in cascades and votes, with weights, and alone.
  let members: [Predictions]
  let rule: CombinationRule

  func selecting(_ images: [Int]) throws(EnsembleError) -> CalibrationData {
    var selected: [Predictions] = []
    for member in members { selected.append(try member.selecting(images)) }
    return CalibrationData(
      combined: try combined.selecting(images), members: selected, rule: rule)
  }
}

/// A method with its numbers.
enum FittedCalibration: Sendable {
  case none
  case temperature(Double)
  case memberTemperatures([Double])
  case map(CalibrationMap)

  /// How far from the optimum a comparison's fit may end, in standard errors.
  private static let tolerance = 1e-3

  /// - Parameters:
  ///   - inverse: Of the temperature that fits the data.
  ///   - near: What was fitted to other images as well, where a search begins.
  init(
    _ method: CalibrationMethod, to data: CalibrationData, inverse: Double,
    near: FittedCalibration? = nil
  ) throws(EnsembleError) {
    let combined = data.combined
    switch method {
    case .none: self = .none
    case .temperature: self = .temperature(1 / inverse)
    case .memberTemperatures:
      var temperatures: [Double] = []
      for member in data.members { temperatures.append(try Temperature(fittedTo: member).value) }
      self = .memberTemperatures(temperatures)
    case .vector:
      var start: VectorScaling?
      if case .map(.vector(let map))? = near { start = map }
      let map = VectorScaling(
        fittedTo: combined, inverse: inverse, start: start, tolerance: Self.tolerance)
      self = .map(.vector(map))
    case .dirichlet:
      var start: DirichletScaling?
      if case .map(.dirichlet(let map))? = near { start = map }
      let map = DirichletScaling(
        fittedTo: combined, inverse: inverse, start: start, tolerance: Self.tolerance)
      self = .map(.dirichlet(map))
    case .isotonic: self = .map(.isotonic(IsotonicCalibration(fittedTo: combined)))
    case .histogram: self = .map(.histogram(HistogramBinning(fittedTo: combined)))
    }
  }

  /// The calibrated predictions.
  func apply(to data: CalibrationData) throws(EnsembleError) -> Predictions {
    switch self {
    case .none: return data.combined
    case .temperature(let value):
      var combination = Combination(rule: data.rule)
      combination.temperature = value
      return try combination.calibrate(data.combined)
    case .memberTemperatures(let values):
      let combination = Combination(rule: data.rule, memberTemperatures: values)
      return try combination.combine(data.members, name: data.combined.name)
    case .map(let map): return try map.apply(to: data.combined)
    }
  }

  /// A combination with it.
  func calibrating(_ combination: Combination) -> Combination {
    var calibrated = combination
    switch self {
    case .none: break
    case .temperature(let value): calibrated.temperature = value
    case .memberTemperatures(let values): calibrated.memberTemperatures = values
    case .map(let map): calibrated.calibration = map
    }
    return calibrated
  }
}
