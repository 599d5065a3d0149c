import Predictions

/// What turns combined probabilities into calibrated ones where a temperature does not suffice.
///
/// Log-probabilities go in and come out, normalised and above minus infinity for each class: no map rules a class out. A class
/// that was ruled out counts as `Metrics.leastLogProbability`, as it does for a temperature.
public enum CalibrationMap: Hashable, Sendable {
  /// A slope and an intercept for each class.
  case vector(VectorScaling)
  /// A matrix and an intercept for each class.
  case dirichlet(DirichletScaling)
  /// An ascending curve for each class.
  case isotonic(IsotonicCalibration)
  /// A table for each class.
  case histogram(HistogramBinning)

  /// Which method made it.
  public var method: CalibrationMethod {
    switch self {
    case .vector: .vector
    case .dirichlet: .dirichlet
    case .isotonic: .isotonic
    case .histogram: .histogram
    }
  }

  /// What is wrong with it, such as "it is made for 3 classes, not 10"; nil where nothing is.
  ///
  /// - Parameter classes: Of the predictions that it is for; nil where they are not known.
  public func fault(classes: Int? = nil) -> String? {
    let map = map
    guard map.classes > 1 else { return "its calibration has fewer than two classes" }
    if let classes, map.classes != classes {
      return "its calibration is made for \(map.classes) classes, not \(classes)"
    }
    return map.fault.map { "its calibration \($0)" }
  }

  /// The calibrated predictions.
  ///
  /// - Throws: `EnsembleError.invalidArgument` where the map does not fit the predictions.
  public func apply(to predictions: Predictions) throws(EnsembleError) -> Predictions {
    if let fault = fault(classes: predictions.classes) {
      throw .invalidArgument(
        name: "the combination", value: "unfit (\(fault))", expected: "one made for them")
    }
    let (map, classes) = (map, predictions.classes)
    let values = RowBlocks.make(of: [predictions]) { images, result in
      let rows = predictions.flooredLogProbabilities(of: images)
      Predictions.normalize(map.scores(rows), classes: classes, into: result)
    }
    return try predictions.replacing(values)
  }

  private var map: any ClassMap {
    switch self {
    case .vector(let map): map
    case .dirichlet(let map): map
    case .isotonic(let map): map
    case .histogram(let map): map
    }
  }
}

extension CalibrationMap: Codable {
  private enum CodingKeys: String, CodingKey { case vector, dirichlet, isotonic, histogram }

  /// Reads an object whose one key is the method.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    switch container.allKeys.first {
    case .vector: self = .vector(try container.decode(VectorScaling.self, forKey: .vector))
    case .dirichlet:
      self = .dirichlet(try container.decode(DirichletScaling.self, forKey: .dirichlet))
    case .isotonic:
      self = .isotonic(try container.decode(IsotonicCalibration.self, forKey: .isotonic))
    case .histogram:
      self = .histogram(try container.decode(HistogramBinning.self, forKey: .histogram))
    case nil:
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "a calibration is one of vector, dirichlet, isotonic and histogram"))
    }
  }

  /// Writes an object whose one key is the method.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .vector(let map): try container.encode(map, forKey: .vector)
    case .dirichlet(let map): try container.encode(map, forKey: .dirichlet)
    case .isotonic(let map): try container.encode(map, forKey: .isotonic)
    case .histogram(let map): try container.encode(map, forKey: .histogram)
    }
  }
}

/// What a map of a certain method does to rows of log-probabilities.
protocol ClassMap: Sendable {
  /// For how many classes it is made.
  var classes: Int { get }
  /// Such as "has a number that is not finite"; nil where nothing is wrong.
  var fault: String? { get }
  /// Calibrated logarithms, not normalised, of `[images, C]`, each finite.
  func scores(_ logProbabilities: [Double]) -> [Double]
}

extension ClassMap {
  /// What numbers of a map may be: so small that no product with a log-probability, or sum of them, is infinite.
  static var numbers: ClosedRange<Double> { -1e6...1e6 }
}

extension Predictions {
  /// `[images, C]`: log-probabilities, none below `Metrics.leastLogProbability`.
  func flooredLogProbabilities(of images: Range<Int>) -> [Double] {
    withLogProbabilities(of: images) { values in
      values.map { max(Double($0), Metrics.leastLogProbability) }
    }
  }
}
