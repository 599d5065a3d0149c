import Schemas

/// A member that is the average of the weights of others of the same network, chosen greedily on the hold-out: their accuracies in
/// one network, at one network's cost.
///
/// Source: arXiv:2203.05482, recipe 1.
public struct Soup: Hashable, Sendable {
  /// What the member is called.
  public var name: String
  /// The names of the members that it is chosen of.
  public var members: [String]

  /// Describes a soup; an experiment checks it.
  public init(name: String, members: [String]) { (self.name, self.members) = (name, members) }
}

extension Soup: SchemaObject {
  /// The name and the members.
  public mutating func walk(_ fields: inout ObjectFields) throws(SchemaError) {
    try fields.field("name", &name, .directoryName, isRequired: true)
    try fields.field("members", &members, .options(of: .text), isRequired: true)
  }
}

extension Experiment {
  /// The members that are soups, in order. Those whose own members are not there are left out.
  public var soupMembers: [Member] {
    guard let soups, !soups.isEmpty else { return [] }
    let known = Dictionary(
      trainings.flatMap { [$0] + $0.derived }.map { ($0.name, $0) },
      uniquingKeysWith: { first, _ in first })
    return soups.compactMap { soup in
      soup.members.first.flatMap { known[$0] }.map { Member(soup, like: $0) }
    }
  }

  /// Makes sure that soups are of members of one network, and are chosen on a hold-out; `file` names the experiment in errors.
  func checkSoups(file: String) throws(SchemaError) {
    guard let soups else { return }
    let known = Dictionary(
      trainings.flatMap { [$0] + $0.derived }.map { ($0.name, $0.network) },
      uniquingKeysWith: { first, _ in first })
    for (index, soup) in soups.enumerated() {
      let key = "soups[\(index)].members"
      guard data.holdsOut else {
        throw .invalid(
          file: file, key: "soups[\(index)]",
          reason: "is chosen on the hold-out, but data.holdOut is 0: raise it, or remove the soup")
      }
      guard soup.members.count > 1 else {
        throw .invalid(file: file, key: key, reason: "needs at least two members")
      }
      for name in soup.members {
        guard let network = known[name] else {
          throw .invalid(
            file: file, key: key, reason: "has '\(name)', which no training of the experiment gives"
          )
        }
        guard network == known[soup.members[0]] else {
          throw .invalid(
            file: file, key: key,
            reason:
              "mixes networks, '\(soup.members[0])' and '\(name)': weights of different networks have no average"
          )
        }
      }
    }
  }
}
