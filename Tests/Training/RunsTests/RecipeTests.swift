import Runs
import Testing

@Suite struct RecipeTests {
  /// The published recipe: 0.1, divided by five at the start of (1-based) epochs 60, 120 and 160, of 200.
  @Test func thePapersRecipe() {
    let recipe = Recipe(.paper)
    #expect(recipe.epochs == 200)
    #expect(recipe.batchSize == 128)
    #expect(recipe.momentum == 0.9)
    #expect(recipe.weightDecay == 5e-4)
    #expect(recipe.cropPadding == 4 && recipe.flips && recipe.labelSmoothing == 0)
    let expected = [(1, 0.1), (59, 0.1), (60, 0.02), (119, 0.02), (120, 0.004), (160, 0.0008)]
    for (epoch, rate) in expected {
      let first = recipe.learningRate.value(at: (epoch - 1) * 391, stepsPerEpoch: 391, epochs: 200)
      let last = recipe.learningRate.value(at: epoch * 391 - 1, stepsPerEpoch: 391, epochs: 200)
      #expect(abs(first - rate) < 1e-12 && abs(last - rate) < 1e-12, "epoch \(epoch)")
    }
  }

  /// Source: arXiv:1905.11946 and its official code.
  @Test func theOfficialRecipeOfEfficientNet() {
    let recipe = Recipe(.efficientNetOfficial)
    #expect(
      recipe.epochs == 350 && recipe.batchSize == 256 && recipe.gradientAccumulationSteps == 1)
    #expect(recipe.optimizer == .rmsProp(decay: 0.9, epsilon: 1e-3) && recipe.momentum == 0.9)
    #expect(recipe.weightDecay == 1e-5 && !recipe.decaysNormalization)
    #expect(recipe.labelSmoothing == 0.1 && recipe.emaDecay == 0.9999 && recipe.flips)
    #expect(recipe.cropPadding == 0)
    #expect(recipe.randomResizedCrop?.area == 0.08...1)
    #expect(recipe.randomResizedCrop?.aspectRatio == 3.0 / 4...4.0 / 3)
    #expect(
      recipe.learningRate
        == .exponential(initial: 0.016, factor: 0.97, epochs: 2.4, warmUpEpochs: 5))
  }

  /// 0.016 after five epochs of warm-up, times 0.97 for every 2.4 epochs since the start, in steps.
  @Test func exponentialWarmsUpAndFallsInSteps() {
    let rate = LearningRate.exponential(
      initial: 0.016, factor: 0.97, epochs: 2.4, warmUpEpochs: 5)
    let values = (0..<100).map { rate.value(at: $0, stepsPerEpoch: 10, epochs: 10) }
    #expect(values[0] == 0 && values[25] == 0.008)
    #expect(abs(values[50] - 0.016 * 0.97 * 0.97) < 1e-15)
    #expect(values[71] == values[50] && values[72] < values[71])
    let immediate = LearningRate.exponential(
      initial: 1, factor: 0.5, epochs: 1, warmUpEpochs: 0)
    #expect(immediate.value(at: 0, stepsPerEpoch: 4, epochs: 2) == 1)
    #expect(immediate.value(at: 4, stepsPerEpoch: 4, epochs: 2) == 0.5)
  }

  @Test func oneCycleRisesToItsPeakAndFallsToNearlyNothing() {
    let rate = LearningRate.oneCycle(peak: 0.4, warmUp: 0.25)
    let values = (0..<40).map { rate.value(at: $0, stepsPerEpoch: 10, epochs: 4) }
    #expect(abs(values[0] - 0.04) < 1e-12)
    #expect(values[9] == 0.4 && values.max() == 0.4)
    #expect(zip(values[9...], values[10...]).allSatisfy { $0 > $1 })
    #expect(values[39] > 0 && values[39] < 0.02)
    let immediate = LearningRate.oneCycle(peak: 1, warmUp: 0)
    #expect(immediate.value(at: 0, stepsPerEpoch: 1, epochs: 4) == 1)
  }
}
