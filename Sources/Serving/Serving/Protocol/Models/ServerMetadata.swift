/// What the server says of itself: `GET /v2`.
package struct ServerMetadata: Hashable, Sendable, Encodable {
  /// Its name.
  package let name: String
  /// Its version.
  package let version: String
  /// The protocol's extensions that it has, by Triton's names; clients ask for nothing else.
  package let extensions: [String]

  /// Those that every one of our servers has.
  package static let standardExtensions = [
    "binary_tensor_data", "classification", "model_configuration", "parameters",
    "schedule_policy", "statistics",
  ]

  /// What others rely on is said here alone: shared memory, sequences, traces and logs are not among it.
  ///
  /// - Parameter hasRepository: Whether models may be loaded and unloaded.
  package init(name: String, version: String, hasRepository: Bool = false) {
    (self.name, self.version) = (name, version)
    extensions =
      (Self.standardExtensions + (hasRepository ? ["model_repository"] : [])).sorted()
  }
}

/// Whether the server is ready: KServe's client reads it, others look at the status alone.
package struct Readiness: Hashable, Sendable, Encodable {
  /// For `GET /v2/health/ready`.
  package let ready: Bool

  /// Says it.
  package init(ready: Bool) { self.ready = ready }
}

/// That the server is live: `GET /v2/health/live`.
package struct Liveness: Hashable, Sendable, Encodable {
  /// Whether it is.
  package let live: Bool

  /// Says it.
  package init(live: Bool) { self.live = live }
}

/// The body of every answer that is no success.
package struct ErrorBody: Hashable, Sendable, Encodable {
  /// What is wrong, and the fix.
  package let error: String

  /// Says it.
  package init(_ error: ProtocolError) { self.error = error.description }
}
