/// What a search was to try, and tried.
public struct SearchRecord: Codable, Hashable, Sendable {
  /// How many of what there was.
  public struct Share: Codable, Hashable, Sendable {
    /// How many there were to try.
    public let planned: Int
    /// How many were tried.
    public let tried: Int

    /// Whether time was over before all were tried.
    public var isCut: Bool { tried < planned }
  }

  /// The seconds that the search was given; nil for no limit.
  public let seconds: Double?
  /// Ensembles, single members among them.
  public let ensembles: Share
  /// The most members of an ensemble that was tried.
  public let largestEnsemble: Int
  /// Budgets and accuracies for each of which the best cascade was searched.
  public let cascadeGoals: Share
  /// How many of the hold-out's images, drawn at random, thresholds were searched on; nil for all.
  public let cascadeImages: Int?

  /// Whether time was over before all was tried.
  public var isCut: Bool { ensembles.isCut || cascadeGoals.isCut }
}
