import Networks
import Schemas

extension Experiment {
  /// What an experiment becomes with another one's members.
  enum Growth {
    /// All members of both.
    case experiment(Experiment)
    /// They differ in more than further members: where, in words.
    case difference(String)
  }

  /// This experiment with the members of `other` that it lacks at its end: all others keep their random numbers.
  func growing(to other: Experiment) throws -> Growth {
    var (mine, others) = (self, other)
    (mine.members, others.members) = ([], [])
    (mine.soups, others.soups) = (nil, nil)
    if let difference = try JSONDifference.first(mine, others) { return .difference(difference) }
    let wanted = Dictionary(
      uniqueKeysWithValues: other.trainings.map { ($0.name, $0) })
    let present = trainings
    for member in present {
      guard let same = wanted[member.name] else {
        return .difference("there is \(member.name), and here not")
      }
      guard same.architecture == member.architecture else {
        return .difference("\(member.network) is another network there")
      }
      guard same.weights == member.weights else {
        return .difference("\(member.name) starts from other weights there")
      }
      guard same.derived == member.derived else {
        return .difference("\(member.name) has other snapshots or another average there")
      }
    }
    let known = Set(present.map(\.name))
    var grown = self
    for (member, group) in other.trainingsWithGroups where !known.contains(member.name) {
      grown.append(group)
    }
    guard (other.soups ?? []).starts(with: soups ?? []) else {
      return .difference("its soups are others there")
    }
    grown.soups = other.soups
    return .experiment(grown)
  }

  /// Adds one training as those of `group`.
  private mutating func append(_ group: MemberGroup) {
    var (last, added) = (members.last, group)
    last?.count = 1
    added.count = 1
    if last == added { members[members.count - 1].count += 1 } else { members.append(added) }
  }
}

/// Where two values differ, as people read their files.
package enum JSONDifference {
  /// The first line in which the two differ, for a message; nil where they are the same.
  package static func first(_ earlier: some Encodable, _ later: some Encodable) throws -> String? {
    let (old, new) = (try lines(of: earlier), try lines(of: later))
    guard old != new else { return nil }
    for (old, new) in zip(old, new) where old != new {
      return "there \(trimmed(old)), here \(trimmed(new))"
    }
    return "one is longer than the other"
  }

  private static func lines(of value: some Encodable) throws -> [String] {
    try value.readableJSON().split(separator: "\n").map { line in
      String(line.drop(while: { $0 == " " }).drop(while: { $0 == "," }))
    }
  }

  private static func trimmed(_ line: String) -> String {
    line.last == "," ? String(line.dropLast()) : line
  }
}
