/// What becomes of a request where a member is lost.
package enum LossPolicy: String, Hashable, Sendable, CaseIterable {
  /// It is answered by the others where the ensemble was measured without the member, and refused otherwise.
  case degrade
  /// It is refused.
  case fail
}

/// Why a member is lost for some images.
enum LossReason: String, Hashable, Sendable, CaseIterable {
  /// The server that runs it does not answer.
  case unreachable
  /// It could not be computed.
  case failed
  /// What it gave is no distribution.
  case noDistribution = "no_distribution"
}
