import Reports
import Testing

@Suite struct TrainingCostsTests {
  private static let costs = TrainingCosts([
    "a": [("run/a", .init(multiplyAccumulates: 100, seconds: 7))],
    "a.snapshot-1": [("run/a", .init(multiplyAccumulates: 100, seconds: 7))],
    "b": [("run/b", .init(multiplyAccumulates: 30, seconds: nil))],
    "soup": [
      ("run/a", .init(multiplyAccumulates: 100, seconds: 7)),
      ("run/c", .init(multiplyAccumulates: 5, seconds: 1)),
    ],
  ])

  @Test func aTrainingCountsOnce() {
    #expect(
      Self.costs.sum(of: ["a", "a.snapshot-1"])
        == .init(trainings: 1, multiplyAccumulates: 100, seconds: 7))
    #expect(
      Self.costs.sum(of: ["soup", "a"])
        == .init(trainings: 2, multiplyAccumulates: 105, seconds: 8))
    #expect(
      Self.costs.sum(of: ["a", "b"])
        == .init(trainings: 2, multiplyAccumulates: 130, seconds: nil))
    #expect(Self.costs.sum(of: ["a", "other"]) == nil)
  }
}
