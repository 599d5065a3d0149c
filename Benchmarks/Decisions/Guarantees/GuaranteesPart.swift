import GuaranteeSimulations

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Simulations of what is promised: so many draws of each setting, going on with what is not on record.
struct GuaranteesPart {
  /// Where records are, one a part.
  let out: String
  let draws: Int
  /// Names of parts; nil for all.
  let only: Set<String>?
  /// In words, for the record.
  let machine: String

  /// What is checked, the fastest first.
  private static let parts: [(name: String, settings: @Sendable () throws -> [GuaranteeSetting])] =
    [
      ("limits", { LimitsSimulation.settings() }),
      ("tests", { StatisticsSimulation.settings() }),
      ("trainings", { TrainingsSimulation.settings() }),
      ("kept", keptSettings), ("promise", promiseSettings),
    ]

  /// - Parameter report: Is told what was done, line by line.
  func run(_ report: (String) -> Void) throws {
    try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
    for (name, settings) in Self.parts where only?.contains(name) ?? true {
      var record = try GuaranteeRecord.begun(name, machine, at: "\(out)/\(name).json")
      for setting in try settings() {
        try GuaranteeRun(setting: setting, draws: draws, path: "\(out)/\(name).json")
          .run(&record, report)
      }
    }
  }

  @Sendable private static func promiseSettings() throws -> [GuaranteeSetting] {
    try members.flatMap { name, simulation in
      let population = try simulation.predictions(images: 20_000, split: "all", path: [1])
      return try [100, 300, 1000].map {
        try PromiseSimulation(name, population, images: $0).setting
      }
    }
  }

  /// Beside what is promised what would be where the same images chose.
  @Sendable private static func keptSettings() throws -> [GuaranteeSetting] {
    try [(200, 100, 1, 0), (100, 0, 1, 0), (200, 100, 2, 1)].map { images, kept, stages, place in
      try KeptImagesSimulation(
        name: members[place].name, simulation: members[place].simulation, images: images,
        kept: kept, stages: stages
      ).setting()
    }
  }

  /// Two networks, the cheaper a little worse; and three, two of them alike.
  private static var members: [(name: String, simulation: Simulation)] {
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
}

/// The draws of one setting, some at a time.
private struct GuaranteeRun {
  let setting: GuaranteeSetting
  let draws: Int
  /// Of the record.
  let path: String

  /// The first draws, which show how long the others take, and the seconds between two writings of the record.
  private static let (firstDraws, secondsOfBlock) = (100, 15.0)

  func run(_ record: inout GuaranteeRecord, _ report: (String) -> Void) throws {
    let place = record.place(of: setting)
    let start = record.settings[place].draws
    let clock = ContinuousClock()
    var seconds = 0.0
    while record.settings[place].draws < draws {
      let begun = record.settings[place].draws
      let each = seconds / Double(max(1, begun - start))
      let size = begun == start ? Self.firstDraws : max(1, Int(Self.secondsOfBlock / each))
      let block = begun..<min(begun + size, draws)
      let taken = try clock.measure {
        try setting.add(block, to: &record.settings[place].checks)
      }
      seconds += taken / .seconds(1)
      record.settings[place].draws = block.upperBound
      record.settings[place].seconds += taken / .seconds(1)
      try record.write(to: path)
      report(progress(block.upperBound, seconds, block.upperBound - start))
    }
    guard record.settings[place].draws > start else { return }
    for check in record.settings[place].checks { report("  \(line(check))") }
  }

  private func progress(_ done: Int, _ seconds: Double, _ count: Int) -> String {
    let left = seconds / Double(count) * Double(draws - done)
    return "\(setting.name): \(done) of \(draws) draws, \(Int(left.rounded())) s left"
  }

  private func line(_ check: GuaranteeCheck) -> String {
    let bounds = check.interval
    return
      "\(check.name): broken \(check.violations) (\(bounds.lowerBound) to \(bounds.upperBound)), "
      + "level \(check.level), made in \(check.made) of \(check.draws) draws"
  }
}
