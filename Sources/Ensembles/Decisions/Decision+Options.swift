import Ensembles
import Predictions

extension Decision.Options {
  /// Reads options; those that earlier versions did not have are the defaults.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init()
    rule = try container.decode(CombinationRule.self, forKey: .rule)
    maximumMembers = try container.decode(Int.self, forKey: .maximumMembers)
    maximumSubsets = try container.decode(Int.self, forKey: .maximumSubsets)
    isSameNetworkOnly = try container.decode(Bool.self, forKey: .isSameNetworkOnly)
    maximumStages = try container.decode(Int.self, forKey: .maximumStages)
    confidences = try container.decode([CascadeConfidence].self, forKey: .confidences)
    cost = try container.decode(CostMeasure.self, forKey: .cost)
    maximumCost = try container.decodeIfPresent(Double.self, forKey: .maximumCost)
    minimumAccuracy = try container.decodeIfPresent(Double.self, forKey: .minimumAccuracy)
    costQuantile = try container.decodeIfPresent(CostQuantile.self, forKey: .costQuantile) ?? .mean
    tolerance = try container.decodeIfPresent(Double.self, forKey: .tolerance) ?? tolerance
    confidence = try container.decodeIfPresent(Double.self, forKey: .confidence) ?? confidence
    seed = try container.decode(UInt64.self, forKey: .seed)
    limits = try container.decodeIfPresent(AnswerLimits.Options.self, forKey: .limits)
  }
}

extension Decision.Options {
  /// Whether members with weights may be deployed: they are of any network, and of as many members as it takes.
  var fitsWeights: Bool { !isSameNetworkOnly && maximumMembers > 1 }

  func check() throws(EnsembleError) {
    for (name, value) in [
      ("the most members", maximumMembers), ("the most subsets", maximumSubsets),
      ("the most stages", maximumStages), ("the number of confidences", confidences.count),
    ] where value < 1 {
      throw .invalidArgument(name: name, value: "\(value)", expected: "at least 1")
    }
    if let maximumCost, !(maximumCost > 0 && maximumCost.isFinite) {
      throw .invalidArgument(
        name: "the greatest cost", value: "\(maximumCost)", expected: "a number above 0")
    }
    guard (0...100).contains(tolerance), tolerance < 100 else {
      throw .invalidArgument(
        name: "the tolerance", value: "\(tolerance)", expected: "points in 0..<100")
    }
    guard confidence > 50, confidence < 100 else {
      throw .invalidArgument(
        name: "the confidence", value: "\(confidence)",
        expected: "percent above 50 and below 100")
    }
    try limits?.check()
    if let minimumAccuracy, !(0...1).contains(minimumAccuracy) {
      throw .invalidArgument(
        name: "the least accuracy", value: "\(minimumAccuracy)", expected: "a number in 0...1")
    }
  }
}
