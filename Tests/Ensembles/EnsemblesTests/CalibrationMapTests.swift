import EnsembleTestSupport
import Files
import Predictions
import Randomness
import TestSupport
import Testing

@testable import Ensembles
@testable import Statistics

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What `Fixtures/make_calibration.py` computed.
struct ExpectedCalibration: Decodable {
  let temperature: Double
  let vector: VectorScaling
  let dirichlet: DirichletScaling
  let isotonic: IsotonicCalibration
  let histogram: HistogramBinning
  let steps: [Double]
  let calibrated: [String: [[Double]]]
  let adaptive, classwise, expectedError, errorDeviation: Double
  let bands: [[Double]?]

  static func load() throws -> ExpectedCalibration {
    let file = try MappedFile(
      path: fixture("calibration/expected.json", of: "Ensembles/EnsemblesTests"))
    return try JSONDecoder().decode(ExpectedCalibration.self, from: file.withBytes { Data($0) })
  }

  /// The ensemble's predictions of "hold-out" or "test".
  static func predictions(_ split: String) throws -> Predictions {
    try Predictions(
      path: fixture("calibration/\(split).safetensors", of: "Ensembles/EnsemblesTests"))
  }
}

@Suite struct CalibrationMapTests {
  /// Against SciPy's minima of the published objectives.
  @Test func scalingsAreTheOptima() throws {
    let expected = try ExpectedCalibration.load()
    let holdOut = try ExpectedCalibration.predictions("hold-out")
    expectClose(try Temperature(fittedTo: holdOut).value, expected.temperature, within: 1e-6)
    let vector = try VectorScaling(fittedTo: holdOut)
    let dirichlet = try DirichletScaling(fittedTo: holdOut)
    let found = [vector.slopes, vector.intercepts, dirichlet.intercepts] + dirichlet.weights
    let optima =
      [expected.vector.slopes, expected.vector.intercepts, expected.dirichlet.intercepts]
      + expected.dirichlet.weights
    for (found, expected) in zip(found.joined(), optima.joined()) {
      expectClose(found, expected, within: 1e-6)
    }
    #expect(dirichlet.weights.count == 4 && vector.slopes.count == 4)
  }

  /// Against scikit-learn's isotonic regression and NumPy.
  @Test func curvesAndTables() throws {
    let expected = try ExpectedCalibration.load()
    let holdOut = try ExpectedCalibration.predictions("hold-out")
    let isotonic = IsotonicCalibration(fittedTo: holdOut)
    for (found, expected) in zip(isotonic.curves, expected.isotonic.curves) {
      try #require(found.given.count == expected.given.count)
      for (found, expected) in zip(
        found.given + found.calibrated, expected.given + expected.calibrated)
      {
        expectClose(found, expected, within: 1e-6)
      }
    }
    let histogram = HistogramBinning(fittedTo: holdOut)
    for (found, expected) in zip(histogram.logOdds.joined(), expected.histogram.logOdds.joined()) {
      expectClose(found, expected, within: 1e-6)
    }
    #expect(isotonic.curves.count == 4 && histogram.logOdds.joined().count == 60)
  }

  /// The regression itself, without further images and straight lines, is scikit-learn's.
  @Test func isotonicRegression() throws {
    let expected = try ExpectedCalibration.load().steps
    let holdOut = try ExpectedCalibration.predictions("hold-out")
    let given = ClassLogOdds.of(holdOut.flooredLogProbabilities(of: 0..<holdOut.count), classes: 4)
    let order = holdOut.labels.indices.sorted { given[$0 * 4] < given[$1 * 4] }
    let regression = IsotonicRegression(
      order.map { holdOut.labels[$0] == 0 ? 1 : 0 }, weights: order.map { _ in 1 })
    for block in regression.blocks {
      for place in block.range { expectClose(block.value, expected[order[place]], within: 1e-9) }
    }
    #expect(regression.blocks.map(\.weight).reduce(0, +) == 300)
    #expect(IsotonicRegression([], weights: []).blocks.isEmpty)
  }

  @Test func calibratedPredictions() throws {
    let expected = try ExpectedCalibration.load()
    let test = try ExpectedCalibration.predictions("test").selecting(Array(0..<25))
    for map in [
      CalibrationMap.vector(expected.vector), .dirichlet(expected.dirichlet),
      .isotonic(expected.isotonic), .histogram(expected.histogram),
    ] {
      let rows = try #require(expected.calibrated[map.method.rawValue]).joined()
      let combined = try Combination(calibration: map).combine([test], name: "e")
      combined.withLogProbabilities { values in
        for (found, expected) in zip(values, rows) {
          expectClose(Double(found), expected, within: 1e-6 * max(1, abs(expected)))
        }
      }
      let read = try roundTrip(Combination(calibration: map))
      #expect(read == Combination(calibration: map) && read.fault(memberCount: 1) == nil)
    }
  }

  /// Of hold-outs of all kinds, maps that are finite, rule no class out, and are the same after a round through JSON.
  @Test func anyHoldOutGivesAMap() throws {
    for holdOut in try difficultHoldOuts() where holdOut.classes > 1 {
      let cheap: [CalibrationMap] = [
        .vector(try VectorScaling(fittedTo: holdOut)),
        .isotonic(IsotonicCalibration(fittedTo: holdOut)),
        .histogram(HistogramBinning(fittedTo: holdOut)),
      ]
      let maps =
        holdOut.classes < 50
        ? cheap + [.dirichlet(try DirichletScaling(fittedTo: holdOut))] : cheap
      for map in maps {
        #expect(map.fault(classes: holdOut.classes) == nil, "\(holdOut.name)")
        let calibrated = try map.apply(to: holdOut)
        #expect(
          calibrated.withLogProbabilities { $0.allSatisfy(\.isFinite) },
          "\(holdOut.name), \(map.method)")
        #expect(try roundTrip(map) == map)
      }
    }
  }

  /// Without images of a class, its probability falls, but stays near what it was where few were expected.
  @Test func anAbsentClassIsNotRuledOut() throws {
    var rows = Array(repeating: [0.6, 0.38, 0.02], count: 60)
    rows += Array(repeating: [0.3, 0.68, 0.02], count: 40)
    let labels = (0..<100).map { Int64($0 % 5 < 3 ? 0 : 1) }
    let holdOut = try member("m", rows, labels: labels)
    for map in [
      CalibrationMap.vector(try VectorScaling(fittedTo: holdOut)),
      .dirichlet(try DirichletScaling(fittedTo: holdOut)),
      .isotonic(IsotonicCalibration(fittedTo: holdOut)),
      .histogram(HistogramBinning(fittedTo: holdOut)),
    ] {
      let third = try map.apply(to: holdOut).withLogProbabilities { exponential(Double($0[2])) }
      #expect((0.001..<0.02).contains(third), "\(map.method): \(third)")
    }
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let curve = IsotonicCalibration.Curve(given: [0, 1], calibrated: [0, 1])
    let falling = IsotonicCalibration.Curve(given: [0, 1], calibrated: [1, 0])
    for (map, fault) in [
      (
        CalibrationMap.vector(VectorScaling(slopes: [1], intercepts: [0])), "fewer than two classes"
      ),
      (.vector(VectorScaling(slopes: [1, 1, 1], intercepts: [0, 0, 0])), "for 3 classes, not 2"),
      (.vector(VectorScaling(slopes: [1, 1], intercepts: [0])), "one intercept"),
      (.vector(VectorScaling(slopes: [1, -1], intercepts: [0, 0])), "a slope below 0"),
      (.vector(VectorScaling(slopes: [1, .nan], intercepts: [0, 0])), "out of range"),
      (.vector(VectorScaling(slopes: [1, 1], intercepts: [0, 1e9])), "out of range"),
      (.dirichlet(DirichletScaling(weights: [[1, 0], [0]], intercepts: [0, 0])), "square"),
      (
        .dirichlet(DirichletScaling(weights: [[1, 0], [0, .infinity]], intercepts: [0, 0])),
        "out of range"
      ),
      (.isotonic(IsotonicCalibration(curves: [curve, falling])), "does not ascend"),
      (
        .isotonic(IsotonicCalibration(curves: [curve, .init(given: [], calibrated: [])])),
        "without points"
      ),
      (.histogram(HistogramBinning(logOdds: [[0, 1], [0]])), "as many bins"),
      (.histogram(HistogramBinning(logOdds: [[], []])), "as many bins"),
    ] {
      let two = try member("m", [[0.6, 0.4]], labels: [0])
      #expect(map.fault(classes: 2)?.contains(fault) == true, "\(map)")
      #expect(throws: EnsembleError.self) {
        try Combination(calibration: map).combine([two], name: "e")
      }
      #expect(throws: EnsembleError.self) { try map.apply(to: two) }
    }
    let both = Combination(
      temperature: 2, calibration: .vector(VectorScaling(slopes: [1, 1], intercepts: [0, 0])))
    #expect(both.fault(memberCount: 1)?.contains("beside") == true)
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(CalibrationMap.self, from: Data(#"{"spline": {}}"#.utf8))
    }
  }
}

/// Hold-outs that a fit may stumble over: tiny ones, classes without images, all right, all wrong, twice the same, sure to
/// the last bit, and with more classes than images.
func difficultHoldOuts() throws -> [Predictions] {
  let some = [[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.2, 0.2, 0.6], [0.5, 0.25, 0.25]]
  func rows(_ count: Int) -> [[Double]] { (0..<count).map { some[$0 % 4] } }
  func right(_ count: Int) -> [Int64] { (0..<count).map { [0, 1, 2, 0][$0 % 4] } }
  func wrong(_ count: Int) -> [Int64] { (0..<count).map { [2, 0, 1, 2][$0 % 4] } }
  func mixed(_ count: Int) -> [Int64] { (0..<count).map { Int64($0 * $0 % 3 % 2) } }
  var generator = RandomStream(seed: 5)
  let many = (0..<40).map { _ in
    let values = (0..<1000).map { _ in generator.unitInterval() + 1e-3 }
    let sum = values.reduce(0, +)
    return values.map { $0 / sum }
  }
  let zeros = Array(repeating: 0.0, count: 1000)
  var found = [
    try member("one", rows(1), labels: [0]), try member("one, wrong", rows(1), labels: [2]),
    try member("five", rows(5), labels: mixed(5)),
    try member("twenty", rows(20), labels: mixed(20)),
    try member("all right", rows(45), labels: right(45)),
    try member("all wrong", rows(45), labels: wrong(45)),
    try member("duplicates", Array(repeating: some[0], count: 60), labels: mixed(60)),
    try member("one class", Array(repeating: [1], count: 5), labels: [0, 0, 0, 0, 0]),
    try member("1,000 classes", many, labels: (0..<40).map { Int64($0 * 25) }),
    try member("sure", [[1, 0, 0], [0, 1, 0], [0, 0, 1]], labels: [0, 1, 2]),
    try member("sure and wrong", [[1, 0, 0], [0, 1, 0], [0, 0, 1]], labels: [0, 2, 2]),
    try member(
      "1,000 classes, sure",
      (0..<20).map { image in zeros.indices.map { $0 == image ? 1 : 0 } },
      labels: (0..<20).map { Int64($0) }),
  ]
  found.append(
    try member("undecided", Array(repeating: [1 / 3, 1 / 3, 1 / 3], count: 30), labels: mixed(30)))
  return found
}
