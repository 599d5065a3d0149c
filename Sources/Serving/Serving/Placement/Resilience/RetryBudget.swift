/// How many more requests than were asked for may be sent: a share of those that were, so that hedges and retries never double the
/// load of workers that are slow because of it.
///
/// A token bucket. Source: the retry budgets of Google's Site Reliability Engineering, chapter 21 (10 % a client).
struct RetryBudget: Hashable, Sendable {
  /// Of the requests.
  static let share = 0.1
  /// What can be saved up, and what there is before the first request.
  private static let (most, initial) = (10.0, 3.0)

  private var tokens = initial

  /// Counts a request, which earns a share of another one.
  mutating func deposit() { tokens = min(tokens + Self.share, Self.most) }

  /// Takes one more request from the budget; false, and nothing is taken, where it is used up.
  mutating func withdraw() -> Bool {
    // A tenth has no exact double, and ten of them are to be one.
    guard tokens >= 1 - 1e-9 else { return false }
    tokens -= 1
    return true
  }
}
