import Files
import Leases

/// The right to write a member's files, which another worker may take over.
package struct MemberClaim: Sendable {
  /// Makes sure that the member is still this process's; returns the number of its lease.
  ///
  /// - Throws: `LeaseLost` where it is not.
  package let confirm: @Sendable () throws -> Int
  /// Whether that is so without a look at any file.
  package let isCertain: @Sendable () -> Bool

  package init(
    confirm: @escaping @Sendable () throws -> Int, isCertain: @escaping @Sendable () -> Bool
  ) {
    (self.confirm, self.isCertain) = (confirm, isCertain)
  }

  /// The same right, which also ends with a result that another worker has published at `path`: one that had the member before
  /// may have been about to, and published it before it noticed its loss.
  package func unless(published path: String, of unit: String) -> MemberClaim {
    // Of one that is there already, and is to be made again, nothing can be said.
    guard !Directory.exists(path) else { return self }
    return MemberClaim(
      confirm: { [confirm] in
        guard !Directory.exists(path) else { throw LeaseLost(unit: unit) }
        return try confirm()
      }, isCertain: isCertain)
  }

  /// Of a member that no other process trains.
  package static let alone = MemberClaim(confirm: { 1 }, isCertain: { true })
}
