// What a search costs besides its evaluations, and how far controllers come on tables of known optimum.

import ArchitectureSearch
import Networks
import Randomness

/// Networks a second that are drawn, built, validated and costed on one thread, a number a round, sorted.
func networksPerSecond(
  _ space: any SearchSpace, rounds: Int = 9, count: Int = 2000
) throws -> [Double] {
  let optionCounts = space.decisions.map(\.options.count)
  var stream = RandomStream(seed: 0)
  return try (0..<rounds).map { _ in
    let start = ContinuousClock.now
    var sum = 0.0
    for _ in 0..<count {
      let architecture = Architecture(optionCounts.map { stream.integer(below: $0) })
      sum += try CostModel.multiplyAccumulates.cost(of: space.network(architecture)) ?? 0
    }
    precondition(sum > 0, "every network costs something")
    return Double(count) / (start.duration(to: .now) / .seconds(1))
  }.sorted()
}

func median(_ values: [Double]) -> Double {
  let sorted = values.sorted()
  return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
}

func rounded(_ value: Double) -> Double { (value * 1e4).rounded() / 1e4 }

print("networks a second, drawn, built, validated and costed, one thread: median (range), n = 9")
for (name, space) in [
  ("wide-resnet-32", WideResNetSpace.cifar as any SearchSpace), ("mobile-32", MobileSpace.cifar),
  ("mobile-224", MobileSpace.imageNet),
] {
  let rates = try networksPerSecond(space)
  print("  \(name): \(Int(median(rates))) (\(Int(rates[0])) to \(Int(rates[rates.count - 1])))")
}

let seeds = 0..<50
let tables = seeds.map { TabulatedRewards(seed: UInt64($0)) }
let size = TabulatedRewards.optionCounts.reduce(1, *)
print("regret on \(tables.count) tables of \(size) architectures: median, mean; better than random")
for evaluations in [50, 100, 200, 500, 1000, 2000] {
  func regrets(_ choice: ControllerChoice) throws -> [Double] {
    try seeds.map { seed in
      try tables[seed].regret(of: choice, evaluations: evaluations, seed: UInt64(seed))
    }
  }
  let random = try regrets(.random)
  for choice in [
    ControllerChoice.random, .evolution(population: 16, sample: 4),
    .reinforce(PolicyGradient.Settings()),
  ] {
    let regrets = try regrets(choice)
    let better = zip(regrets, random).count { $0 < $1 }
    let mean = regrets.reduce(0, +) / Double(regrets.count)
    print(
      "  \(choice.name) after \(evaluations): \(rounded(median(regrets))), \(rounded(mean)); "
        + "\(better) of \(tables.count)")
  }
}
