/// How the members of one ensemble are found.
public enum SearchSetting: String, Codable, Hashable, Sendable, CaseIterable {
  /// One network of the ensemble's whole cost, for comparison.
  case single
  /// One architecture of the n-th part of the cost, repeated n times.
  case duplicated
  /// n architectures together; the ensemble's accuracy counts.
  case joint
  /// One architecture after another, each of the n-th part of the cost, to complement those before.
  case sequential

  /// The searches that the setting consists of, for ensembles of `memberCount`.
  public func stages(memberCount: Int) -> [SearchStage] {
    let part = 1 / Double(memberCount)
    switch self {
    case .single:
      return [SearchStage(self, number: 1, memberCount: 1, costShare: 1, budgetShare: 1)]
    case .duplicated:
      return [SearchStage(self, number: 1, memberCount: 1, costShare: part, budgetShare: 1)]
    case .joint:
      return [SearchStage(self, number: 1, memberCount: memberCount, costShare: 1, budgetShare: 1)]
    case .sequential:
      return (1...memberCount).map {
        SearchStage(self, number: $0, memberCount: 1, costShare: part, budgetShare: part)
      }
    }
  }
}

/// One search: a setting, or one of its steps.
public struct SearchStage: Hashable, Sendable {
  /// Of which it is a part.
  public let setting: SearchSetting
  /// From 1.
  public let number: Int
  /// How many architectures are found at once.
  public let memberCount: Int
  /// Of the cost target, and of the setting's budget.
  public let costShare, budgetShare: Double

  init(
    _ setting: SearchSetting, number: Int, memberCount: Int, costShare: Double, budgetShare: Double
  ) {
    self.setting = setting
    self.number = number
    self.memberCount = memberCount
    self.costShare = costShare
    self.budgetShare = budgetShare
  }

  /// "joint", or "sequential-2".
  public var name: String {
    setting == .sequential ? "\(setting.rawValue)-\(number)" : setting.rawValue
  }
}

/// When a search ends: whichever comes first. At least one is given.
public struct SearchBudget: Codable, Hashable, Sendable {
  /// New architectures.
  public var evaluations: Int?
  /// Of wall-clock time.
  public var seconds: Double?
  /// Images passed through networks in training, each as often as it passes; what another setting has trained already
  /// counts as if it had not.
  public var trainingImages: Int?

  /// Creates a budget; nil is no limit.
  ///
  /// - Precondition: One of the three is given.
  public init(evaluations: Int? = nil, seconds: Double? = nil, trainingImages: Int? = nil) {
    precondition(
      evaluations != nil || seconds != nil || trainingImages != nil, "a search has to end")
    self.evaluations = evaluations
    self.seconds = seconds
    self.trainingImages = trainingImages
  }

  /// A part of the budget, rounded up.
  public func part(_ share: Double) -> SearchBudget {
    func part(_ count: Int?) -> Int? { count.map { Int((Double($0) * share).rounded(.up)) } }
    return SearchBudget(
      evaluations: part(evaluations), seconds: seconds.map { $0 * share },
      trainingImages: part(trainingImages))
  }

  /// The share that is spent of what is nearest to its end; from 0.
  public func spentShare(evaluations: Int, seconds: Double, trainingImages: Int) -> Double {
    let shares = [
      self.evaluations.map { Double(evaluations) / Double(max(1, $0)) },
      self.seconds.map { seconds / max($0, 1e-9) },
      self.trainingImages.map { Double(trainingImages) / Double(max(1, $0)) },
    ]
    return shares.compactMap { $0 }.max() ?? 0
  }
}
