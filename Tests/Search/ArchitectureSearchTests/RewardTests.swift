import ArchitectureSearch
import Testing

@Suite struct RewardTests {
  @Test func absolute() {
    let reward = Reward.absolute(weight: -0.1)
    #expect(reward.value(accuracy: 0.8, costRatio: 1) == 0.8)
    #expect(abs(reward.value(accuracy: 0.8, costRatio: 1.5) - 0.75) < 1e-15)
    #expect(abs(reward.value(accuracy: 0.8, costRatio: 0.5) - 0.75) < 1e-15)
  }

  /// 0.8 * 2^-0.07, by Python.
  @Test func mnasNet() {
    let reward = Reward.mnasNet(exponent: -0.07)
    #expect(abs(reward.value(accuracy: 0.8, costRatio: 2) - 0.7621103984351499) < 1e-12)
    #expect(reward.value(accuracy: 0.8, costRatio: 1) == 0.8)
  }
}
