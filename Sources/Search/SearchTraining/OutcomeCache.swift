import ArchitectureSearch
import Synchronization

/// What is known of members under evaluation, for all workers.
final class OutcomeCache: Sendable {
  private let outcomes = Mutex<[SearchMember: MemberOutcome]>([:])

  subscript(member: SearchMember) -> MemberOutcome? {
    get { outcomes.withLock { $0[member] } }
    set { outcomes.withLock { $0[member] = newValue } }
  }
}
