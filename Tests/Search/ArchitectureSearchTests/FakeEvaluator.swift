import ArchitectureSearch
import Networks
import Predictions
import Randomness

/// Predictions of made-up members: each is right about images that its network's name, its place and the rung select.
final class FakeEvaluator: MemberEvaluator {
  let trainingImages: [Int]
  /// Networks that fail, by name.
  var failing: Set<String> = []
  /// How many calls are answered before all others are refused, as if the user stopped.
  var callsLeft = Int.max
  /// What was asked for, each time.
  private(set) var asked: [(member: SearchMember, rung: Int)] = []
  static let imageCount = 200

  init(trainingImages: [Int] = [100, 300]) {
    self.trainingImages = trainingImages
  }

  func evaluate(
    _ members: [SearchMember], rung: Int, deadline: ContinuousClock.Instant?
  ) throws -> [MemberOutcome]? {
    if let deadline, ContinuousClock.now >= deadline { return nil }
    guard callsLeft > 0 else { return nil }
    callsLeft -= 1
    asked += members.map { ($0, rung) }
    return try members.map { member in
      failing.contains(member.network.name)
        ? .failed(reason: "the loss is not finite")
        : .predicted(try predictions(of: member, rung: rung))
    }
  }

  func predictions(of member: SearchMember, rung: Int) throws -> Predictions {
    let name = member.network.name.utf8.reduce(UInt64(7)) { $0 &* 31 &+ UInt64($1) }
    var stream = RandomStream(seed: name, UInt64(member.place), UInt64(rung))
    let labels = (0..<Self.imageCount).map { Int64($0 % 2) }
    let logProbabilities = labels.flatMap { label in
      let isRight = stream.integer(below: 10) < 6
      let row: [Float] = [-0.10536052, -2.3025851]
      return isRight == (label == 0) ? row : row.reversed()
    }
    return try Predictions(
      name: "\(member.network.name)-\(member.place)", network: member.network.name,
      multiplyAccumulates: 1, parameters: 1, split: "hold-out", fingerprint: "f",
      logProbabilities: logProbabilities, labels: labels, classes: 2)
  }
}
