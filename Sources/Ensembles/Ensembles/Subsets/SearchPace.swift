/// How long the search of a decision may take, and where it reports how far it is.
public struct SearchPace {
  /// How far a search is.
  public struct Progress: Hashable, Sendable {
    /// What is tried.
    public enum SearchKind: Hashable, Sendable {
      /// Ensembles, of which there are exactly so many.
      case ensembles
      /// Sequences of members, of which there are at most so many.
      case cascades
    }

    /// What is tried.
    public let kind: SearchKind
    /// How many are tried, and are to be.
    public let done, total: Int
    /// From the time of those that were tried; nil before there is any.
    public let secondsLeft: Double?
  }

  /// After which no further ensemble or cascade is tried: the best so far is taken; nil for no limit.
  public var seconds: Double?
  /// Of these seconds, what other work took before.
  public var used: Double
  /// Called after each part of the search, on the thread that decides.
  public var report: (Progress) -> Void
  /// What is left of `seconds`; nil for no limit.
  package var secondsLeft: Double? { seconds.map { max(0, $0 - used) } }

  /// Creates a pace; without `seconds` a search takes as long as it needs.
  public init(
    seconds: Double? = nil, used: Double = 0, report: @escaping (Progress) -> Void = { _ in }
  ) {
    self.seconds = seconds
    self.used = used
    self.report = report
  }
}

/// Measures one part of a search, and reports how far it is.
package struct SearchClock {
  private let pace: SearchPace
  private let kind: SearchPace.Progress.SearchKind
  private let start = ContinuousClock.now
  private let limit: Double?

  /// - Parameter limit: The seconds of this part; nil for no limit.
  package init(_ pace: SearchPace, _ kind: SearchPace.Progress.SearchKind, limit: Double?) {
    self.pace = pace
    self.kind = kind
    self.limit = limit
  }

  /// Whether there is a limit.
  package var isLimited: Bool { limit != nil }

  package var elapsed: Double { start.duration(to: .now) / .seconds(1) }

  /// Whether the time of this part is over.
  package var isOver: Bool { limit.map { elapsed >= $0 } ?? false }

  /// Reports that `done` of `total` are tried.
  package func report(_ done: Int, of total: Int, secondsLeft: Double?) {
    pace.report(
      SearchPace.Progress(kind: kind, done: done, total: total, secondsLeft: secondsLeft))
  }
}
