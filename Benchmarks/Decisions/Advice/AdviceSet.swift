import Predictions
import Randomness
import Weights

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Members of networks of one family, some of which advice does not see.
struct AdviceSet {
  /// Such as "claim, 1,000 images".
  let name: String
  let isSimulated: Bool
  /// By all members, of the images that choose and of those that judge.
  let holdOut, test: [Predictions]
  /// By member.
  let seconds: [String: Double]

  /// The recorded ones, then the simulated ones.
  static func all(_ root: String, simulated: Int) throws -> [AdviceSet] {
    var sets: [AdviceSet] = []
    let claim = root + "/results/claim"
    for size in try FileManager.default.contentsOfDirectory(atPath: claim).sorted()
    where Int(size) != nil {
      let set = try recorded("claim, \(size) images", "\(claim)/\(size)", "\(claim)/\(size)")
      if Set(set.holdOut.map(\.network)).count > 1 || set.holdOut.count > 2 { sets.append(set) }
    }
    let mixed = root + "/results/cifar10-mixed"
    sets.append(try recorded("cifar10-mixed", mixed, mixed + "/predictions"))
    for name in ["cifar10-equals", "cifar10-scarce"] {
      sets.append(try packed(name, "\(root)/results/decisions/predictions/\(name).safetensors"))
    }
    return try sets + (0..<simulated).map { try self.simulated($0) }
  }

  // MARK: Recorded

  private static func recorded(
    _ name: String, _ run: String, _ predictions: String
  ) throws -> AdviceSet {
    let holdOut = try members(in: predictions + "/hold-out")
    return AdviceSet(
      name: name, isSimulated: false, holdOut: holdOut,
      test: try members(in: predictions + "/test"), seconds: try seconds(of: run, holdOut))
  }

  private static func members(in directory: String) throws -> [Predictions] {
    try FileManager.default.contentsOfDirectory(atPath: directory)
      .filter { $0.hasSuffix(".safetensors") }.sorted()
      .map { try Predictions(path: directory + "/" + $0) }
  }

  private struct Line: Decodable {
    let name: String?
    let seconds: Double?
  }

  /// Of the study's record, or the epochs of the metrics.
  private static func seconds(of run: String, _ members: [Predictions]) throws -> [String: Double] {
    if let data = FileManager.default.contents(atPath: run + "/members.json") {
      let lines = try JSONDecoder().decode([Line].self, from: data)
      return Dictionary(
        uniqueKeysWithValues: lines.compactMap { line in
          line.name.flatMap { name in line.seconds.map { (name, $0) } }
        })
    }
    return try Dictionary(
      uniqueKeysWithValues: members.map { member in
        let data = FileManager.default.contents(atPath: "\(run)/metrics/\(member.name).jsonl")
        let lines = try (data ?? Data()).split(separator: UInt8(ascii: "\n"))
          .map { try JSONDecoder().decode(Line.self, from: Data($0)) }
        return (member.name, lines.compactMap(\.seconds).reduce(0, +))
      })
  }

  /// A third of the images chooses; trainings take as long as their multiply-accumulates.
  private static func packed(_ name: String, _ path: String) throws -> AdviceSet {
    let set = try FileSets.packed(path)
    let images = set.population[0].count
    var generator = RandomStream(seed: 0x6164_7669, UInt64(images))
    let order = generator.permutation(of: images)
    func part(_ places: ArraySlice<Int>, _ split: String) throws -> [Predictions] {
      try set.population.map { member in
        let rows = member.withLogProbabilities { values in
          places.flatMap { values[$0 * member.classes..<($0 + 1) * member.classes] }
        }
        return try Predictions(
          name: member.name, network: member.network,
          multiplyAccumulates: member.multiplyAccumulates, parameters: member.parameters,
          split: split, fingerprint: split, logProbabilities: rows,
          labels: places.map { member.labels[$0] }, classes: member.classes)
      }
    }
    return AdviceSet(
      name: name, isSimulated: false, holdOut: try part(order[..<(images / 3)], "hold-out"),
      test: try part(order[(images / 3)...], "test"), seconds: proportional(set.population))
  }

  private static func proportional(_ members: [Predictions]) -> [String: Double] {
    Dictionary(
      uniqueKeysWithValues: members.map {
        ($0.name, Double($0.multiplyAccumulates) / 1e5)
      })
  }

  // MARK: Simulated

  /// Three networks, each four times as dear as the one before, of which everything else is drawn: how good they are, how much
  /// better the next one is, what errors have in common, and how much trainings differ. So many images judge that they tell the truth.
  private static func simulated(_ number: Int) throws -> AdviceSet {
    var generator = RandomStream(seed: 0x7369_6D75, UInt64(number))
    func draw(_ range: ClosedRange<Double>) -> Double {
      range.lowerBound + (range.upperBound - range.lowerBound) * generator.unitInterval()
    }
    let (quality, step) = (draw(1.5...3.2), draw(0.03...0.25))
    let (shared, family) = (draw(0.45...0.85), draw(0.02...0.08))
    let spread = draw(0...0.05)
    var members: [Simulation.Member] = []
    for (place, count) in [6, 5, 3].enumerated() {
      for _ in 0..<count {
        // Of about one standard deviation.
        let own = spread * draw(-1.7...1.7)
        members.append(
          Simulation.Member(
            network: "network-\(place)", quality: quality + step * Double(place) + own,
            kiloMultiplyAccumulates: 26_000 << (2 * place)))
      }
    }
    let simulation = Simulation(
      members: members, shared: shared, family: family, seed: UInt64(1000 + number))
    let holdOut = try simulation.predictions(images: 5000, split: "hold-out", path: [0])
    return AdviceSet(
      name: "simulated \(number)", isSimulated: true, holdOut: holdOut,
      test: try simulation.predictions(images: 50_000, split: "test", path: [1]),
      seconds: proportional(holdOut))
  }
}
