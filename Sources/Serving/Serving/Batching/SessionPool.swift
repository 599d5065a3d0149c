import Inference
import Synchronization

/// The sessions of one compiled member that no thread uses at the moment.
///
/// `@unchecked Sendable`: a session is taken out with the lock held, used by one thread, and put back.
final class SessionPool: @unchecked Sendable {
  private let classifier: Classifier
  private let lock = Mutex(())
  private var sessions: [InferenceSession] = []

  /// Creates `count` sessions, each of which has computed once.
  ///
  /// - Throws: `InferenceError`, `.answersByBatch` where an image's answer depends on those beside it.
  init(_ classifier: Classifier, count: Int) throws(InferenceError) {
    self.classifier = classifier
    for number in 0..<count {
      let session = try InferenceSession(classifier)
      for index in session.input.indices { session.input[index] = Float(index % 255) / 127 - 1 }
      try session.run()
      if number == 0 { try session.checkIndependence() }
      sessions.append(session)
    }
  }

  /// Calls `body` with a session that no other thread uses.
  ///
  /// - Throws: `InferenceError`.
  func withSession<Result>(
    _ body: (InferenceSession) throws(InferenceError) -> Result
  ) throws(InferenceError) -> Result {
    let spare = lock.withLock { _ in sessions.popLast() }
    let session: InferenceSession
    if let spare { session = spare } else { session = try InferenceSession(classifier) }
    defer { lock.withLock { _ in sessions.append(session) } }
    return try body(session)
  }
}
