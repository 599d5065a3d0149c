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

  /// Of a member that no other process trains.
  package static let alone = MemberClaim(confirm: { 1 }, isCertain: { true })
}
