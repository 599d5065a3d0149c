import Testing

@testable import Inference

/// What is seen in rows that a model gives where logits are expected.
@Suite struct ScoresObserverTests {
  private func found(_ rows: [[Float]]) -> ScoresKind? {
    let observer = ScoresObserver()
    for row in rows { row.withUnsafeBufferPointer { observer.add($0, classes: row.count) } }
    return observer.found
  }

  @Test func distributionsAreSeen() {
    #expect(found([[0.2, 0.3, 0.5], [1, 0, 0]]) == .probabilities)
    #expect(found([[20, 30, 50], [100, 0, 0]]) == .percentages)
    #expect(found([[1, 1, 1], [1, 1, 1]]) == .ones)
    // -ln of 0.2, 0.3 and 0.5.
    #expect(
      found([[1.609438, 1.203973, 0.693147], [0.693147, 1.203973, 1.609438]]) == .negatedLogarithms)
  }

  @Test func logitsMayBeAnythingElse() {
    // The same sum in every row, as weights of a constant sum give.
    #expect(found([[8, 0, 0], [0, 8, 0], [2, 3, 3]]) == nil)
    #expect(found([[0.2, 0.3, 0.1], [0.9, 0.1, 0.4]]) == nil)
    #expect(found([[0.2, 0.3, 0.5], [0.9, 0.9, 0.9]]) == nil)
    #expect(found([[150, -50, 0], [20, 30, 50]]) == nil)
    // e to the power of -6 and of 0 sum to 1.002.
    #expect(found([[6, 0], [0, 6]]) == nil)
    #expect(found([]) == nil)
  }
}
