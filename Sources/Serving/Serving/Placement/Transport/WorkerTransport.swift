/// What carries requests to other servers: HTTP, or something else in tests.
package protocol WorkerTransport: Sendable {
  /// Sends a request.
  ///
  /// - Parameter completion: Is called once, on any thread, where it must not wait.
  /// - Returns: What ends the request before its answer.
  func send(
    _ request: WorkerRequest,
    completion: @escaping @Sendable (Result<WorkerResponse, WorkerFault>) -> Void
  ) -> any WorkerSending
}

/// A request that is under way.
package protocol WorkerSending: Sendable {
  /// Ends it with `WorkerFault.cancelled`; nothing where it has ended.
  func cancel()
}

/// A request to a worker.
package struct WorkerRequest: Sendable {
  /// Where it goes.
  package let url: String
  /// What is posted; nil for GET.
  package var message: EncodedMessage?
  /// From sending it to the last byte of its answer.
  package var timeoutSeconds: Double
  /// The most bytes of the answer's body.
  package var bodyLimit = 1 << 20
  /// Whether no connection from before will do: they may lead to a machine that has gone without a word.
  package var wantsNewConnection = false

  init(url: String, message: EncodedMessage? = nil, timeoutSeconds: Double) {
    self.url = url
    self.message = message
    self.timeoutSeconds = timeoutSeconds
  }
}

/// What a worker answers, whatever its status.
package struct WorkerResponse: Sendable {
  /// Of HTTP.
  package let status: Int
  /// Not compressed.
  package let body: TensorBytes
  /// Of its header Inference-Header-Content-Length: how many of the first bytes are JSON; nil for all.
  package let headerLength: Int?
  /// Whether no connection from before carried it: another process may have answered than the one that was asked then.
  package var isNewConnection = false
  /// Of its header Retry-After, in seconds; nil where it is not there, or a date.
  package let retryAfterSeconds: Double?

  /// Puts an answer together.
  package init(
    status: Int, body: TensorBytes, headerLength: Int? = nil, retryAfterSeconds: Double? = nil
  ) {
    self.status = status
    self.body = body
    self.headerLength = headerLength
    self.retryAfterSeconds = retryAfterSeconds
  }
}
