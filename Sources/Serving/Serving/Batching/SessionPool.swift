import Inference
import Synchronization

/// The sessions of one member that no thread uses at the moment.
///
/// Each has a compiled model of its own, of one stream: OpenVINO binds and unbinds the threads of several streams at every
/// batch, which takes longer than a small network's convolutions.
///
/// `@unchecked Sendable`: a session is taken out with the lock held, used by one thread, and put back.
final class SessionPool: @unchecked Sendable {
  private let lock = Mutex(())
  private var sessions: [InferenceSession] = []

  /// Compiles a model for batches of one size, and creates `count` sessions, each of which has computed once.
  ///
  /// - Throws: `InferenceError`, `.answersByBatch` where an image's answer depends on those beside it.
  init(
    _ model: ImageModel, batch: Int, options: InferenceOptions, count: Int
  ) throws(InferenceError) {
    for number in 0..<count {
      let session = try InferenceSession(Classifier([model], batch: batch, options: options))
      for index in session.input.indices { session.input[index] = Float(index % 255) / 127 - 1 }
      try session.run()
      if number == 0 { try session.checkIndependence() }
      sessions.append(session)
    }
  }

  /// How long a batch takes, in seconds: the shortest of a few times.
  ///
  /// - Throws: `InferenceError`.
  func secondsPerBatch() throws(InferenceError) -> Double {
    try withSession { (session) throws(InferenceError) in
      var shortest = Double.infinity
      for _ in 0..<Self.timedRuns {
        let start = ContinuousClock.now
        try session.run()
        shortest = min(shortest, start.duration(to: .now) / .seconds(1))
      }
      return shortest
    }
  }

  private static let timedRuns = 5

  /// Calls `body` with a session that no other thread uses; at most `count` calls may be under way.
  ///
  /// - Throws: `InferenceError`.
  func withSession<Result>(
    _ body: (InferenceSession) throws(InferenceError) -> Result
  ) throws(InferenceError) -> Result {
    guard let session = lock.withLock({ _ in sessions.popLast() }) else {
      preconditionFailure("no more threads than sessions")
    }
    defer { lock.withLock { _ in sessions.append(session) } }
    return try body(session)
  }
}
