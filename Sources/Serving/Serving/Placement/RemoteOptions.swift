/// How members on other servers are asked.
package struct RemoteOptions: Sendable {
  /// Which members, and where.
  package var placement: Placement
  /// What carries the requests.
  package var transport: any WorkerTransport
  /// How long a worker may take for one request at most, in seconds: it is how long a machine that has gone without a word is waited
  /// for.
  package var timeoutSeconds = 2.0
  /// Requests to a worker that are under way at a time; the images of others gather.
  package var requestsPerWorker = 4
  /// How often a worker that serves must show that it still computes its member, in seconds: what is loaded there may change.
  package var checkSeconds = 20.0
  /// Is called where a worker's state changes, on any thread.
  package var report: @Sendable (WorkerChange) -> Void = { _ in }

  /// Asks the workers of a placement.
  package init(_ placement: Placement, over transport: any WorkerTransport) {
    self.placement = placement
    self.transport = transport
  }
}
