import GuaranteeSimulations

/// Simulations of what is promised: 10,000 draws each, or as many as are asked for.
struct GuaranteesPart {
  let draws: Int
  /// Names of parts; nil for all.
  let only: Set<String>?

  /// All of them, as text: a line a setting.
  func run(_ report: (String) -> Void) throws {
    for (name, part) in [
      ("tests", runTests), ("promise", runPromise), ("limits", runLimits), ("kept", runKept),
      ("trainings", runTrainings),
    ] as [(String, ((String) -> Void) throws -> Void)] where only?.contains(name) ?? true {
      try part(report)
    }
  }

  private func runTests(_ report: (String) -> Void) {
    for (images, tolerance, differing) in [
      (20, 0, 0.3), (20, 0.02, 0.1), (100, 0, 0.05), (100, 0.005, 0.02), (100, 0.02, 0.1),
      (300, 0, 0.01), (300, 0.005, 0.03), (300, 0.02, 0.1), (1000, 0, 0.05), (1000, 0.005, 0.01),
      (1000, 0.005, 0.08), (5000, 0.005, 0.05), (5000, 0.02, 0.1),
    ] as [(Int, Double, Double)] {
      report(
        line(
          StatisticsSimulation.nonInferiority(
            images: images, tolerance: tolerance, differing: differing, draws: draws)))
    }
    for (images, things) in [(100, 5), (300, 10), (1000, 20)] {
      for result in StatisticsSimulation.simultaneous(images: images, things: things, draws: draws)
      {
        report(line(result))
      }
    }
  }

  private func runPromise(_ report: (String) -> Void) throws {
    for images in [100, 300, 1000] {
      for (name, simulation) in Self.settings {
        let population = try simulation.predictions(images: 20_000, split: "all", path: [1])
        report(line(try PromiseSimulation(name, population, images: images, draws: draws).run()))
      }
    }
  }

  private func runLimits(_ report: (String) -> Void) throws {
    for check in try LimitsSimulation.checks(draws: draws) { report(line(check)) }
  }

  private func runTrainings(_ report: (String) -> Void) throws {
    for check in try TrainingsSimulation.checks(draws: draws) { report(line(check)) }
  }

  /// Beside what is promised what would be where the same images chose.
  private func runKept(_ report: (String) -> Void) throws {
    let settings = Self.settings
    for (images, kept, stages, setting) in [
      (200, 100, 1, settings[0]), (100, 0, 1, settings[0]), (200, 100, 2, settings[1]),
    ] {
      let checks = try KeptImagesSimulation(
        name: setting.0, simulation: setting.1, images: images, kept: kept, stages: stages,
        draws: draws
      ).run()
      for check in checks { report(line(check)) }
    }
  }

  private func line(_ check: GuaranteeCheck) -> String {
    "\(check.name): broken \(check.violations) (standard error \(check.standardError)), level \(check.level), "
      + "\(check.draws) draws"
  }

  /// Two networks, the cheaper a little worse; and three, two of them alike.
  static var settings: [(String, Simulation)] {
    func member(_ network: String, _ quality: Double, _ cost: Int) -> Simulation.Member {
      Simulation.Member(
        network: network, quality: quality, sharpness: nil, kiloMultiplyAccumulates: cost)
    }
    return [
      (
        "a small and a large one",
        Simulation(
          members: [member("small", 2.4, 10), member("large", 2.6, 100)], shared: 0.5, family: 0.1,
          seed: 31)
      ),
      (
        "two small and a large one",
        Simulation(
          members: [
            member("small", 2.4, 10), member("small", 2.42, 10), member("large", 2.55, 100),
          ], shared: 0.6, family: 0.1, seed: 32)
      ),
    ]
  }

  private func line(_ result: StatisticsSimulation.Result) -> String {
    "\(result.setting): \(result.images) images, \(result.failures) of \(result.draws) draws fail, "
      + "level \(result.level)\(result.isExact ? "" : " (asymptotic)")"
  }

  private func line(_ result: PromiseSimulation.Result) -> String {
    "promise, \(result.setting): \(result.images) images, tolerance \(result.tolerance), "
      + "\(result.confidence) %: shown in \(result.shown), broken in \(result.broken) of \(result.draws) draws; "
      + "cascades against the best single model shown in \(result.cascadesShown[0]), broken in "
      + "\(result.cascadesBroken[0]); against all members shown in \(result.cascadesShown[1]), broken in "
      + "\(result.cascadesBroken[1])"
  }
}
