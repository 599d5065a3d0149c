// What a search costs besides its evaluations, and how far controllers come on tables of known optimum.

import ArchitectureSearch
import Networks
import Randomness

/// Networks a second that are drawn, built, validated and costed on one thread: the median of several rounds.
func networksPerSecond(_ space: any SearchSpace, rounds: Int = 9, count: Int = 2000) throws
  -> [Double]
{
  let optionCounts = space.decisions.map(\.options.count)
  var stream = RandomStream(seed: 0)
  return try (0..<rounds).map { _ in
    let start = ContinuousClock.now
    var sum = 0.0
    for _ in 0..<count {
      let architecture = Architecture(optionCounts.map { stream.integer(below: $0) })
      sum += try CostModel.macs.cost(of: space.network(architecture)) ?? 0
    }
    precondition(sum > 0, "every network costs something")
    return Double(count) / (start.duration(to: .now) / .seconds(1))
  }.sorted()
}

/// One sixth significant digit is more than enough here.
func text(_ value: Double) -> String { "\((value * 1e4).rounded() / 1e4)" }

func median(_ sorted: [Double]) -> Double {
  (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
}

print(
  "networks drawn, built, validated and costed a second, one thread: median (least to most), n = 9")
for (name, space) in [
  ("wide-resnet-32", WideResNetSpace.cifar as any SearchSpace), ("mobile-32", MobileSpace.cifar),
  ("mobile-224", MobileSpace.imageNet),
] {
  let rates = try networksPerSecond(space)
  print("  \(name): \(Int(median(rates))) (\(Int(rates[0])) to \(Int(rates[rates.count - 1])))")
}

print(
  "regret on tables of \(TabulatedRewards.optionCounts.reduce(1, *)) architectures, 50 seeds: median, mean, no regret"
)
let tables = (0..<50).map { TabulatedRewards(seed: $0) }
for evaluations in [50, 100, 200, 500, 1000, 2000] {
  for choice in [
    ControllerChoice.random, .evolution(population: 16, sample: 4),
    .reinforce(PolicyGradient.Settings()),
  ] {
    let regrets = try tables.enumerated().map { seed, table in
      try table.regret(of: choice, evaluations: evaluations, seed: UInt64(seed))
    }.sorted()
    print(
      "  \(choice.name) after \(evaluations): \(text(median(regrets))), "
        + "\(text(regrets.reduce(0, +) / 50)), \(regrets.count { $0 == 0 }) of 50")
  }
}
