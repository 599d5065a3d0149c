import ArchitectureSearch
import Testing

/// Controllers on a space whose best architecture is known, over 50 seeds.
@Suite struct RegretTests {
  @Test(arguments: [
    (ControllerChoice.evolution(population: 16, sample: 4), 200),
    (.reinforce(PolicyGradient.Settings()), 1000),
  ])
  func controllersAreBetterThanRandom(
    _ choice: ControllerChoice, evaluations: Int
  ) throws {
    let gains = try (0..<50).map { (seed: UInt64) in
      let rewards = TabulatedRewards(seed: seed)
      return try rewards.regret(of: .random, evaluations: evaluations, seed: seed)
        - rewards.regret(of: choice, evaluations: evaluations, seed: seed)
    }
    #expect(WilcoxonTest.pValue(greater: gains) < 0.01)
  }

  @Test func theOptimumIsTheGreatestReward() throws {
    let rewards = TabulatedRewards(seed: 1)
    var best = -Double.infinity
    var choices = [0, 0, 0, 0, 0, 0, 0]
    for index in 0..<78_125 {
      var rest = index
      for place in choices.indices { (choices[place], rest) = (rest % 5, rest / 5) }
      best = max(best, rewards[Architecture(choices)])
    }
    #expect(best == rewards.optimum)
  }

  /// `scipy.stats.wilcoxon([3, -1, 2.5, 2, -0.5, 1, 0, 4], alternative="greater", method="approx", correction=False)` in
  /// SciPy 1.17.1.
  @Test func theSignedRankTestIsThatOfSciPy() {
    let pValue = WilcoxonTest.pValue(greater: [3, -1, 2.5, 2, -0.5, 1, 0, 4])
    #expect(abs(pValue - 0.03770178143563168) < 1e-9)
  }
}
