import Statistics

/// Something to be proved: that it is no more than the tolerance less accurate than each of its rivals.
struct Claim {
  /// The images that it is right about, of the whole hold-out.
  let isRight: ImageBits
  /// By how much its accuracy on the images that design is flattered.
  var flattery = 0.0
  let cost: Double
  /// What it is compared with.
  let rivals: [Rival]

  struct Rival {
    /// Identifies it among others.
    let index: Int
    let isRight: ImageBits
    var flattery = 0.0
  }

  /// Against the rival that it is least sure against; nil where it has none.
  func test(
    in part: ImageBits, tolerance: Double
  ) -> (rival: Int, test: NonInferiorityTest, pValue: Double)? {
    var worst: (rival: Int, test: NonInferiorityTest, pValue: Double)?
    for rival in rivals {
      let test = NonInferiorityTest(
        onlyFirst: isRight.count(without: rival.isRight, in: part),
        onlySecond: rival.isRight.count(without: isRight, in: part), images: part.count,
        tolerance: tolerance)
      let pValue = test.pValue
      if worst.map({ pValue > $0.pValue }) ?? true { worst = (rival.index, test, pValue) }
    }
    return worst
  }

  /// How many standard errors the images that prove are expected to show it above minus the tolerance, against the rival
  /// that it is least sure against: by the images that design, less what flatters it there.
  func sureness(_ parts: HoldOutParts, tolerance: Double) -> Double {
    let images = Double(max(1, parts.design.count))
    return rivals.map { rival in
      let gained = Double(isRight.count(without: rival.isRight, in: parts.designBits))
      let lost = Double(rival.isRight.count(without: isRight, in: parts.designBits))
      let difference = (gained - lost) / images - flattery + rival.flattery
      let share = (gained + lost + 1) / (images + 1)
      return (difference + tolerance) * Double(parts.proofBits.count).squareRoot()
        / share.squareRoot()
    }.min() ?? .infinity
  }
}

/// Claims that are tested one after another, each with the whole error, as long as all pass: the surest first, and each next
/// one cheaper. The order is the design's, so that the chance of a wrong one among those that pass is that of one test.
struct FixedSequence {
  struct Step {
    /// The place among the claims.
    let claim: Int
    /// Of the rival that it is least sure against; nil where there is none.
    let rival: Int?
    let test: NonInferiorityTest?
    let pValue: Double
    let isShown: Bool
  }

  let steps: [Step]

  /// By how much each next one is cheaper at least.
  private static let leastSaving = 0.03

  /// The last that passes: the cheapest.
  var shown: Step? { steps.last { $0.isShown } }

  /// - Parameters:
  ///   - tolerance: In `0..<1`.
  ///   - level: The error that is accepted.
  init(_ claims: [Claim], _ parts: HoldOutParts, tolerance: Double, level: Double) {
    guard parts.proofBits.count > 0 else {
      steps = []
      return
    }
    var isPassing = true
    var steps: [Step] = []
    for place in Self.shortList(claims, parts, tolerance) {
      let found = claims[place].test(in: parts.proofBits, tolerance: tolerance)
      let pValue = found?.pValue ?? 0
      isPassing = isPassing && pValue <= level
      steps.append(
        Step(
          claim: place, rival: found?.rival, test: found?.test, pValue: pValue,
          isShown: isPassing))
    }
    self.steps = steps
  }

  private static func shortList(
    _ claims: [Claim], _ parts: HoldOutParts, _ tolerance: Double
  ) -> [Int] {
    let sureness = claims.map { $0.sureness(parts, tolerance: tolerance) }
    let order = claims.indices.sorted {
      (sureness[$0], -claims[$0].cost, -$0) > (sureness[$1], -claims[$1].cost, -$1)
    }
    var list: [Int] = []
    for place in order {
      let most = list.last.map { claims[$0].cost * (1 - leastSaving) } ?? .infinity
      if claims[place].cost <= most { list.append(place) }
    }
    return list
  }
}
