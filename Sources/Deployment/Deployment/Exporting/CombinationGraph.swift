import Ensembles
import ONNX

/// What `Combination` does, as operations of ONNX, for all members but a cascade's.
///
/// Numbers are float32 in log space. A class that a member rules out counts as -1e12, in which float32 would lose the other
/// members' numbers: how many rule it out is therefore counted apart.
struct CombinationGraph {
  private(set) var graph: ONNXGraph
  let operatorSet: Int
  let members, classes: Int

  /// The logarithm of a probability of 0. Not minus infinity: no constant of a model may be infinite, and JSON has none.
  static let ruledOut: Float = -1e12
  /// No probability but 0 has a logarithm below this.
  private static let leastLogarithm: Float = -1e11
  /// The step between two neighbouring numbers, as a part of them.
  private static let hair: Float = 1.1920929e-7

  init(graph: ONNXGraph, operatorSet: Int, members: Int, classes: Int) {
    self.graph = graph
    self.operatorSet = operatorSet
    self.members = members
    self.classes = classes
  }

  /// Adds the combination of `scores`, `[N, M, C]`, logits or log-probabilities.
  ///
  /// - Parameter outputs: The names of the probabilities and their logarithms, both `[N, C]`.
  mutating func append(_ combination: Combination, of scores: String, outputs: [String]) {
    logSoftmax("members.normalized", scores, axis: 2)
    let scaled = scale("members.normalized", by: combination.memberTemperatures)
    switch combination.rule {
    case .majorityVote: vote(scaled, combination.temperature, outputs)
    case .arithmeticMean: finish(arithmeticMean(scaled), combination, outputs)
    case .geometricMean, .logitMean:
      let mean = combination.weights.map { weightedMean(scaled, $0) } ?? geometricMean(scaled)
      finish(mean, combination, outputs)
    }
  }

  // MARK: - Rules

  private mutating func scale(_ values: String, by temperatures: [Double]?) -> String {
    guard let temperatures, temperatures.contains(where: { $0 != 1 }) else { return values }
    let floors = temperatures.map { $0 == 1 ? Self.ruledOut : Float(Metrics.leastLogProbability) }
    graph.append(constant: "members.floor", shape: [1, members, 1], floors)
    graph.append(
      constant: "members.inverse", shape: [1, members, 1], temperatures.map { Float(1 / $0) })
    graph.append("Max", "members.raised", [values, "members.floor"])
    graph.append("Mul", "members.divided", ["members.raised", "members.inverse"])
    logSoftmax("members.scaled", "members.divided", axis: 2)
    return "members.scaled"
  }

  /// `[N, C]`: the mean, without what is ruled out by more members than another class.
  private mutating func geometricMean(_ values: String) -> String {
    let (mean, zeros) = meanAndZeros(values)
    reduce("ReduceMin", "zeros.fewest", zeros, axis: 1, keepsAxis: true)
    graph.append("Less", "zeros.more", ["zeros.fewest", zeros])
    return ruleOut("zeros.more", of: mean)
  }

  /// `[N, C]` both: the mean over the members that do not rule a class out, and how many do.
  private mutating func meanAndZeros(_ values: String) -> (mean: String, zeros: String) {
    scalar("least", Self.leastLogarithm)
    scalar("zero", 0)
    scalar("share", 1 / Float(members))
    graph.append("Less", "zeros", [values, "least"])
    graph.append("Where", "finite", ["zeros", "zero", values])
    graph.append("Mul", "shares", ["finite", "share"])
    reduce("ReduceSum", "mean", "shares", axis: 1, keepsAxis: false)
    graph.append("Cast", "zeros.numbers", ["zeros"], [("to", .integer(ONNXGraph.float32))])
    reduce("ReduceSum", "zeros.count", "zeros.numbers", axis: 1, keepsAxis: false)
    return ("mean", "zeros.count")
  }

  private mutating func ruleOut(_ condition: String, of values: String) -> String {
    scalar("ruled-out", Self.ruledOut)
    graph.append("Where", "\(values).left", [condition, "ruled-out", values])
    return "\(values).left"
  }

  private mutating func weightedMean(_ values: String, _ weights: [Double]) -> String {
    scalar("floor", Float(Metrics.leastLogProbability))
    graph.append(constant: "weights", shape: [1, members, 1], weights.map { Float($0) })
    graph.append("Max", "raised", [values, "floor"])
    graph.append("Mul", "weighted", ["raised", "weights"])
    reduce("ReduceSum", "mean", "weighted", axis: 1, keepsAxis: false)
    return "mean"
  }

  /// `[N, C]`: the logarithm of the sum of the probabilities, by way of the greatest, so that none becomes 0 by rounding.
  private mutating func arithmeticMean(_ values: String) -> String {
    reduce("ReduceMax", "greatest", values, axis: 1, keepsAxis: true)
    graph.append("Sub", "shifted", [values, "greatest"])
    graph.append("Exp", "relative", ["shifted"])
    reduce("ReduceSum", "relative.sum", "relative", axis: 1, keepsAxis: true)
    graph.append("Log", "relative.logarithm", ["relative.sum"])
    graph.append("Add", "mean.row", ["relative.logarithm", "greatest"])
    graph.append("Flatten", "mean", ["mean.row"], [("axis", .integer(1))])
    return "mean"
  }

  // MARK: - The vote

  private mutating func vote(_ values: String, _ temperature: Double?, _ outputs: [String]) {
    graph.append(constant: "places", shape: [classes], (0..<classes).map { Float($0) })
    scalar("behind", Float(classes))
    select("voted", values, axis: 2)
    reduce("ReduceSum", "votes", "voted", axis: 1, keepsAxis: false)
    reduce("ReduceMax", "votes.most", "votes", axis: 1, keepsAxis: true)
    graph.append("Less", "votes.fewer", ["votes", "votes.most"])
    // Of classes of as many votes, that which fewest members rule out, then the most probable, then the first.
    let (mean, zeros) = meanAndZeros(values)
    scalar("many", Float(members + 1))
    graph.append("Where", "votes.zeros", ["votes.fewer", "many", zeros])
    reduce("ReduceMin", "zeros.fewest", "votes.zeros", axis: 1, keepsAxis: true)
    graph.append("Less", "votes.behind", ["zeros.fewest", "votes.zeros"])
    let ranked = ruleOut("votes.behind", of: mean)
    select("chosen", ranked, axis: 1)
    // The other ones of as many votes get a hair less.
    graph.append("Not", "votes.as-many", ["votes.fewer"])
    graph.append("Cast", "tied", ["votes.as-many"], [("to", .integer(ONNXGraph.float32))])
    graph.append("Sub", "tied.other", ["tied", "chosen"])
    scalar("hair", Self.hair)
    graph.append("Mul", "tied.hair", ["tied.other", "hair"])
    graph.append("Mul", "votes.shares", ["votes", "share"])
    graph.append("Log", "votes.logarithm", ["votes.shares"])
    graph.append("Max", "votes.finite", ["votes.logarithm", "ruled-out"])
    let scaled = divide("votes.finite", by: temperature)
    logSoftmax("votes.normalized", scaled, axis: 1)
    graph.append("Exp", "votes.probabilities", ["votes.normalized"])
    scalar("one", 1)
    graph.append("Sub", "tied.less", ["one", "tied.hair"])
    graph.append("Add", "tied.more", ["one", "tied.hair"])
    // A logarithm is negative: a hair more of it is a hair less.
    graph.append("Mul", outputs[0], ["votes.probabilities", "tied.less"])
    graph.append("Mul", outputs[1], ["votes.normalized", "tied.more"])
  }

  /// 1 at the greatest number along the last axis, at the first of equals, and 0 elsewhere.
  ///
  /// Not by ArgMax: what follows it has lost the classes' order as far as a reader of the graph can see.
  private mutating func select(_ name: String, _ values: String, axis: Int) {
    reduce("ReduceMax", "\(name).greatest", values, axis: axis, keepsAxis: true)
    graph.append("Less", "\(name).smaller", [values, "\(name).greatest"])
    graph.append("Where", "\(name).places", ["\(name).smaller", "behind", "places"])
    reduce("ReduceMin", "\(name).first", "\(name).places", axis: axis, keepsAxis: true)
    graph.append("Less", "\(name).before", ["places", "\(name).first"])
    graph.append("Less", "\(name).after", ["\(name).first", "places"])
    graph.append("Or", "\(name).others", ["\(name).before", "\(name).after"])
    graph.append("Not", "\(name).place", ["\(name).others"])
    graph.append("Cast", name, ["\(name).place"], [("to", .integer(ONNXGraph.float32))])
  }

  // MARK: - The end

  private mutating func finish(_ values: String, _ combination: Combination, _ outputs: [String]) {
    var last = values
    if let calibration = combination.calibration {
      logSoftmax("combined", values, axis: 1)
      last = calibrate("combined", by: calibration)
    } else if let temperature = combination.temperature, temperature != 1 {
      logSoftmax("combined", values, axis: 1)
      last = divide("combined", by: temperature)
    }
    graph.append("Softmax", outputs[0], [last], [("axis", .integer(1))])
    logSoftmax(outputs[1], last, axis: 1)
  }

  private mutating func divide(_ values: String, by temperature: Double?) -> String {
    guard let temperature, temperature != 1 else { return values }
    scalar("temperature.floor", Float(Metrics.leastLogProbability))
    scalar("temperature.inverse", Float(1 / temperature))
    graph.append("Max", "temperature.raised", [values, "temperature.floor"])
    graph.append("Mul", "temperature.divided", ["temperature.raised", "temperature.inverse"])
    return "temperature.divided"
  }

  /// What a scaling makes of log-probabilities, not normalised; `JoinedEnsemble.fault(of:)` refuses other maps.
  private mutating func calibrate(_ values: String, by calibration: CalibrationMap) -> String {
    scalar("calibration.floor", Float(Metrics.leastLogProbability))
    graph.append("Max", "calibration.raised", [values, "calibration.floor"])
    let intercepts: [Double]
    switch calibration {
    case .vector(let map):
      intercepts = map.intercepts
      graph.append(
        constant: "calibration.slopes", shape: [1, classes], map.slopes.map { Float($0) })
      graph.append("Mul", "calibration.scaled", ["calibration.raised", "calibration.slopes"])
    case .dirichlet(let map):
      intercepts = map.intercepts
      // A product from the left takes the weights of one given class in a row.
      let columns = (0..<classes).flatMap { given in map.weights.map { Float($0[given]) } }
      graph.append(constant: "calibration.weights", shape: [classes, classes], columns)
      graph.append("MatMul", "calibration.scaled", ["calibration.raised", "calibration.weights"])
    case .isotonic, .histogram: return values
    }
    graph.append(
      constant: "calibration.intercepts", shape: [1, classes], intercepts.map { Float($0) })
    graph.append(
      "Add", "calibration.moved", ["calibration.scaled", "calibration.intercepts"])
    return "calibration.moved"
  }

  /// Over the last axis, which means the same in all sets of operators.
  private mutating func logSoftmax(_ name: String, _ values: String, axis: Int) {
    graph.append("LogSoftmax", name, [values], [("axis", .integer(axis))])
  }

  private mutating func scalar(_ name: String, _ value: Float) {
    graph.append(constant: name, shape: [], [value])
  }

  private mutating func reduce(
    _ operation: String, _ name: String, _ values: String, axis: Int, keepsAxis: Bool
  ) {
    graph.append(
      reduction: operation, name, of: values, axis: axis, keepsAxis: keepsAxis,
      operatorSet: operatorSet)
  }
}
