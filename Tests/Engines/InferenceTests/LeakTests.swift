import COpenVINO
import Inference
import Testing

@Suite struct LeakTests {
  /// Other tests run beside it and hold some handles; what leaks here grows with the rounds.
  @Test func handlesGoWithTheirOwners() throws {
    let rounds = 60
    let options = InferenceOptions(threads: 1, arrangement: .sideBySide, cacheDirectory: nil)
    let before = co_live_handles()
    for _ in 0..<rounds {
      let model = try ImageModel(fixture: "logits")
      #expect(throws: InferenceError.self) { try ImageModel(fixture: "two-inputs") }
      let session = try InferenceSession(Classifier([model, model], batch: 1, options: options))
      try session.run()
    }
    #expect(co_live_handles() - before < rounds / 2)
  }
}
