import COpenVINO
import Inference
import InferenceTestSupport
import Testing

@Suite struct LeakTests {
  /// In a process of its own, where no other test holds a handle.
  @Test func handlesGoWithTheirOwners() async {
    await #expect(processExitsWith: .success) {
      func use() throws {
        let options = InferenceOptions(
          threads: 1, arrangement: .sideBySide, cacheDirectory: nil)
        let model = try ImageModel(fixture: "logits")
        #expect(throws: InferenceError.self) { try ImageModel(fixture: "two-inputs") }
        let session = try InferenceSession(Classifier([model, model], batch: 1, options: options))
        try session.run()
        #expect(co_live_handles() > 0)
      }
      // The engine itself stays.
      try use()
      let before = co_live_handles()
      for _ in 0..<3 { try use() }
      #expect(co_live_handles() == before)
    }
  }
}
