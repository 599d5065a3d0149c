import Ensembles
import Predictions

/// A way to choose among members on a hold-out.
protocol Rule: Sendable {
  /// Identifies it in the record.
  var name: String { get }
  /// What it would deploy.
  func choose(_ draw: Draw) throws -> Choice
}

/// What a rule chose.
struct Choice: Hashable, Sendable {
  /// How the members become one.
  enum Method: Hashable, Sendable {
    case combination(Combination)
    /// The mean of the members' probabilities with these weights.
    case meanProbability([Double])
  }

  /// Places of the members; a cascade's in the order in which they run.
  let members: [Int]
  let method: Method
  /// Whether the rule says that the hold-out shows what it promises; nil where it promises nothing.
  var isShown: Bool?

  /// One member alone.
  init(single member: Int) {
    members = [member]
    method = .combination(Combination())
  }

  init(members: [Int], _ method: Method, isShown: Bool? = nil) {
    self.members = members
    self.method = method
    self.isShown = isShown
  }

  /// Such as "single".
  var kind: String {
    if members.count == 1 { return "single" }
    guard case .combination(let combination) = method else { return "weighted" }
    if combination.cascade != nil { return "cascade" }
    return combination.weights == nil ? "ensemble" : "weighted"
  }
}

/// What a choice does on every image of a population.
struct Judgement: Sendable {
  /// `[N]`: whether it is right.
  let isRight: [Bool]
  /// `[N]`: the multiply-accumulates that it takes; of one element where all images take as many.
  let costs: [Double]

  init(_ choice: Choice, _ population: [Predictions]) throws {
    let members = choice.members.map { population[$0] }
    let each = members.map { Double($0.multiplyAccumulates) }
    let predicted: [Int]
    switch choice.method {
    case .meanProbability(let weights):
      predicted = Self.meanProbability(members, weights)
      costs = [each.reduce(0, +)]
    case .combination(let combination) where combination.cascade == nil:
      predicted =
        members.count == 1
        ? members[0].predictedClasses()
        : try combination.combine(members, name: "choice").predictedClasses()
      costs = [each.reduce(0, +)]
    case .combination(let combination):
      let exits = try combination.exits(members)
      predicted = try combination.combine(members, exits: exits, name: "choice").predictedClasses()
      let upTo = each.indices.map { each[...$0].reduce(0, +) }
      costs = exits.map { upTo[$0] }
    }
    isRight = zip(predicted, members[0].labels).map { $0 == Int($1) }
  }

  private static func meanProbability(_ members: [Predictions], _ weights: [Double]) -> [Int] {
    var sums = [Double](repeating: 0, count: members[0].count * members[0].classes)
    for (member, weight) in zip(members, weights) {
      member.withLogProbabilities { values in
        let probabilities = exponentials(values.map(Double.init))
        for index in sums.indices { sums[index] += weight * probabilities[index] }
      }
    }
    return Choice.greatest(sums, classes: members[0].classes)
  }

  /// The share of some of the images that it is right about; of all where `images` is nil.
  func accuracy(_ images: [Int]?) -> Double {
    guard let images else { return Double(isRight.count { $0 }) / Double(isRight.count) }
    return Double(images.count { isRight[$0] }) / Double(images.count)
  }

  /// The mean cost of some of the images; of all where `images` is nil.
  func cost(_ images: [Int]?) -> Double {
    if costs.count == 1 { return costs[0] }
    guard let images else { return costs.reduce(0, +) / Double(costs.count) }
    return images.reduce(0) { $0 + costs[$1] } / Double(images.count)
  }
}

extension Choice {
  /// `[N]`: the place of the greatest value of each row of `[N, classes]`, of equals the first.
  static func greatest(_ values: [Double], classes: Int) -> [Int] {
    stride(from: 0, to: values.count, by: classes).map { start in
      (1..<classes).reduce(0) { values[start + $1] > values[start + $0] ? $1 : $0 }
    }
  }
}
