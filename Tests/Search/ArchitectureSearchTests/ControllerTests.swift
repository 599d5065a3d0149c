import ArchitectureSearch
import Foundation
import Randomness
import Testing

@Suite struct ControllerTests {
  private static let choices: [ControllerChoice] = [
    .random, .evolution(population: 16, sample: 4), .reinforce(PolicyGradient.Settings()),
  ]

  private func controller(_ choice: ControllerChoice, seed: UInt64 = 1) -> any Controller {
    choice.controller(
      optionCounts: [3, 1, 4, 2], evaluations: 100, stream: RandomStream(seed: seed),
      target: "a cost")
  }

  /// Plays so many cohorts with a reward that depends on the options alone.
  private func proposals(_ choice: ControllerChoice, seed: UInt64) throws -> [Architecture] {
    var controller = controller(choice, seed: seed)
    var all: [Architecture] = []
    for _ in 0..<20 {
      let proposed = try controller.propose(5, where: { _ in true })
      controller.learn(
        proposed.map { (architecture: $0, reward: Double($0.choices.reduce(0, +))) })
      all += proposed
    }
    return all
  }

  @Test(arguments: choices) func proposalsFollowFromTheSeed(_ choice: ControllerChoice) throws {
    #expect(try proposals(choice, seed: 3) == proposals(choice, seed: 3))
    #expect(try proposals(choice, seed: 3) != proposals(choice, seed: 4))
  }

  @Test(arguments: choices) func aSmallerCohortIsTheBeginningOfALargerOne(
    _ choice: ControllerChoice
  ) throws {
    var (small, large) = (controller(choice), controller(choice))
    let few = try small.propose(3, where: { _ in true })
    #expect(few == Array(try large.propose(7, where: { _ in true }).prefix(3)))
  }

  @Test(arguments: choices) func onlyWantedArchitecturesAreProposed(
    _ choice: ControllerChoice
  ) throws {
    var controller = controller(choice)
    for _ in 0..<10 {
      let proposed = try controller.propose(5, where: { $0.choices[0] + $0.choices[2] == 4 })
      #expect(proposed.allSatisfy { $0.choices[0] + $0.choices[2] == 4 })
      controller.learn(proposed.map { (architecture: $0, reward: Double($0.choices[3])) })
    }
  }

  @Test(arguments: choices) func whereNothingIsWantedTheSearchEndsWithAnError(
    _ choice: ControllerChoice
  ) {
    var controller = controller(choice)
    #expect(throws: SearchError.noArchitecture(draws: 20_000, target: "a cost")) {
      _ = try controller.propose(1, where: { _ in false })
    }
  }

  /// By hand: after one cohort of two, rewards 1 and 0, the baseline is 1, then 0.95; the first has no advantage, the
  /// second has -1. Adam without a first moment then moves each logit by the learning rate along the gradient's sign.
  @Test func aPolicyStepGoesTowardsTheBetterOption() throws {
    var controller = PolicyGradient(
      Draws(optionCounts: [2, 3], stream: RandomStream(seed: 0), target: ""),
      PolicyGradient.Settings(learningRate: 0.1, warmUp: 0), expectedEvaluations: 0)
    controller.learn([
      (architecture: Architecture([0, 1]), reward: 1),
      (architecture: Architecture([1, 2]), reward: 0),
    ])
    let first = 1 / (1 + exp(-0.2))
    #expect(abs(controller.probabilities[0][0] - first) < 1e-6)
    let power = exp(0.1)
    #expect(abs(controller.probabilities[1][2] - 1 / power / (2 * power + 1 / power)) < 1e-6)
  }

  @Test func thePolicyRestsDuringTheWarmUp() throws {
    var controller = PolicyGradient(
      Draws(optionCounts: [2], stream: RandomStream(seed: 0), target: ""),
      PolicyGradient.Settings(learningRate: 0.1, warmUp: 0.5), expectedEvaluations: 8)
    // Two evaluations each: the first half of eight are over after two.
    for _ in 0..<3 {
      #expect(controller.probabilities == [[0.5, 0.5]])
      controller.learn([
        (architecture: Architecture([0]), reward: 1), (architecture: Architecture([1]), reward: 0),
      ])
    }
    #expect(controller.probabilities[0][0] > 0.5)
  }

  /// Of a population of two with rewards 0 and 1, a sample of many always has the second; its children differ from it in
  /// one decision, and the older of the two is the first to die.
  @Test func theBestOfTheSampleHasTheChildAndTheOldestDies() throws {
    var controller = RegularizedEvolution(
      Draws(optionCounts: [9, 9, 9], stream: RandomStream(seed: 5), target: ""), population: 2,
      sample: 64)
    let founders = try controller.propose(2, where: { _ in true })
    controller.learn([
      (architecture: founders[0], reward: 0), (architecture: founders[1], reward: 1),
    ])
    let children = try controller.propose(10, where: { _ in true })
    for child in children {
      #expect(zip(child.choices, founders[1].choices).count { $0 != $1 } == 1)
    }
    controller.learn([
      (architecture: children[0], reward: 0.5), (architecture: children[1], reward: 0.25),
    ])
    for child in try controller.propose(10, where: { _ in true }) {
      #expect(zip(child.choices, children[0].choices).count { $0 != $1 } == 1)
    }
  }
}
