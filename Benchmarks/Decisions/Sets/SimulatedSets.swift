/// The simulated sets: each is hard for a choice in its own way.
enum SimulatedSets {
  /// Numbers of a member that tell the truth. Of ten classes they are 100,000 images, of which the standard error of an accuracy
  /// is 0.16 points at most, and that of a difference between two members or ensembles less.
  private static let judgingNumbers = 1_000_000
  /// Images of many classes take long.
  private static let fewestJudgingImages = 40_000

  /// By name, with what each is for.
  static let all: [(name: String, about: String, simulation: Simulation)] = [
    (
      "simulated-equals",
      "eight equal small members, no large one: any ensemble costs more than the best single model",
      Simulation(members: group("small", 8, 2.6, 100), shared: 0.8, family: 0.05, seed: 1)
    ),
    (
      "simulated-giant",
      "one excellent large member that costs 16 times one of the eight small ones",
      Simulation(
        members: group("giant", 1, 3.6, 1600) + group("small", 8, 2.7, 100), shared: 0.75,
        family: 0.05, seed: 2)
    ),
    (
      "simulated-mixture",
      "seven networks, each twice as dear as the one before, from weak to strong",
      Simulation(
        members: zip(0..., [1.6, 2.0, 2.35, 2.65, 2.9, 3.1, 3.2]).map { step, quality in
          Simulation.Member(
            network: "step\(step)", quality: quality, kiloMultiplyAccumulates: 50 << step)
        }, shared: 0.75, family: 0.05, seed: 3)
    ),
    (
      "simulated-ties",
      "twelve networks within half a point of each other, costs from 1 to 4: the cheap ones are as good",
      Simulation(
        members: (0..<12).map { place in
          Simulation.Member(
            network: "tie\(place)", quality: 3.2 + 0.003 * Double(place),
            kiloMultiplyAccumulates: 100 + 27 * place)
        }, shared: 0.85, family: 0.05, seed: 4)
    ),
    (
      "simulated-edge",
      "one model, and eleven networks at an eighth of its cost that all lie just beyond the tolerance below it: one of them always looks better than it is",
      Simulation(
        members: group("best", 1, 3.25, 800)
          + (0..<11).map { place in
            Simulation.Member(
              network: "cheap\(place)", quality: 3.2, kiloMultiplyAccumulates: 100 + place)
          }, shared: 0.85, family: 0.05, seed: 5)
    ),
    (
      "simulated-overconfident",
      "as the mixture, but the weak members are three times too sure of themselves: means follow them, cascades stop at them",
      Simulation(
        members: zip(0..., [1.6, 2.0, 2.35, 2.65, 2.9, 3.1, 3.2]).map { step, quality in
          Simulation.Member(
            network: "step\(step)", quality: quality, sharpness: step < 4 ? 3 * quality : nil,
            kiloMultiplyAccumulates: 50 << step)
        }, shared: 0.75, family: 0.05, seed: 6)
    ),
    (
      "simulated-diverse",
      "six small members whose errors have less in common than elsewhere, and a large one: few small ones beat it",
      Simulation(
        members: group("large", 1, 3.1, 1000) + group("small", 6, 2.6, 120), shared: 0.4,
        family: 0.05, seed: 7)
    ),
    (
      "simulated-hundred",
      "a hundred classes, two sizes of four members each",
      Simulation(
        classes: 100,
        members: group("large", 4, 4.1, 800) + group("small", 4, 3.5, 150), spread: 1.2,
        shared: 0.75, family: 0.05, seed: 8)
    ),
  ]

  /// The set of that name, with the images that tell its truth.
  static func make(_ name: String) throws -> MemberSet? {
    guard let found = all.first(where: { $0.name == name }) else { return nil }
    return MemberSet(
      name: name, origin: .simulated, about: found.about,
      population: try found.simulation.predictions(
        images: max(fewestJudgingImages, judgingNumbers / found.simulation.classes),
        split: "truth", path: [0]),
      source: .simulation(found.simulation))
  }

  private static func group(
    _ network: String, _ count: Int, _ quality: Double, _ kiloMultiplyAccumulates: Int
  ) -> [Simulation.Member] {
    let member = Simulation.Member(
      network: network, quality: quality, kiloMultiplyAccumulates: kiloMultiplyAccumulates)
    return Array(repeating: member, count: count)
  }
}
