extension RunDirectory {
  /// Whether a complete member could learn more by more epochs, as far as its metrics say: its training loss fell to the end, and it
  /// does not fit its training images yet.
  package func lossStillFell(of member: String) -> Bool {
    let lines = EpochLine.read(self.member(member).metricsPath)
    let losses = lines.compactMap(\.trainingLoss)
    guard lines.count > 1, losses.count == lines.count,
      let last = losses.last, let accuracy = lines.last?.trainingAccuracy
    else { return false }
    let earlier = losses.dropLast(max(1, losses.count / 5)).min() ?? last
    return last < earlier && RecordedMember.isUnfinished(trainingAccuracy: accuracy)
  }
}

extension RecordedMember {
  /// Of the training images, what a network gets right that fits them.
  private static let fittedAccuracy = 0.98

  /// Whether a network that gets so many of its training images right does not fit them yet.
  static func isUnfinished(trainingAccuracy: Double) -> Bool { trainingAccuracy < fittedAccuracy }

  /// The same of this member, whose losses by epoch are not on record; false where nothing is known.
  package var isUnfinished: Bool {
    trainingAccuracy.map(Self.isUnfinished(trainingAccuracy:)) ?? false
  }
}
