import Networks
import Schemas

extension Experiment {
  /// One member: what a training leaves at its end, or what else of it is kept.
  public struct Member: Hashable, Sendable {
    /// Unique in the experiment: the network's name and the number in its group, from 0, and which part it is, if not the end.
    public let name: String
    /// The network's name.
    public let network: String
    /// The network itself, where it is given as data; nil where its name says it all.
    public let architecture: Network?
    /// Over all trainings, from 0; with the experiment's seed it selects the training's random numbers.
    public let index: Int
    /// The weights that it starts from; nil for random ones.
    public let weights: String?
    /// Which part of its training it is.
    public let part: Part
    /// The name of the member that is its training's end: itself, for one that is that.
    public let training: String
    /// The other members of the training that it is the end of, in the order in which they are made; none for those.
    public var derived: [Member] { parts.map { Member($0.name, part: $0.part, of: self) } }
    private let parts: [NamedPart]

    /// The ends of epochs, before the last, that become members as well.
    package var snapshotEpochs: [Int] {
      parts.compactMap { if case .snapshot(let epoch) = $0.part { epoch } else { nil } }
    }

    /// The ends of epochs whose average becomes a member; nil where none does.
    package var averagedEpochs: [Int]? {
      parts.lazy.compactMap { if case .average(let epochs) = $0.part { epochs } else { nil } }.first
    }

    private struct NamedPart: Hashable, Sendable {
      let name: String
      let part: Part
    }

    /// What of a training a member is.
    public enum Part: Hashable, Sendable {
      /// The weights at its end.
      case end
      /// The weights at the end of that epoch, from 1.
      case snapshot(epoch: Int)
      /// The average of the weights at the ends of these epochs.
      case average(epochs: [Int])
      /// The average of the weights of some of these members, and of no training of its own.
      case soup(members: [String])

      /// The epochs, from 1, at whose ends the weights are taken; nil for the end of the training.
      public var epochs: [Int]? {
        switch self {
        case .end, .soup: nil
        case .snapshot(let epoch): [epoch]
        case .average(let epochs): epochs
        }
      }

      /// The names of the members that a soup is chosen of; none for others.
      package var ingredients: [String] {
        if case .soup(let members) = self { members } else { [] }
      }
    }

    /// Describes a training's end.
    ///
    /// - Parameters:
    ///   - snapshots: The ends of epochs, before the last, that become members as well.
    ///   - averaged: The ends of epochs whose average becomes one; none for no such member.
    public init(
      name: String, network: String, architecture: Network?, index: Int, weights: String? = nil,
      snapshots: [Int] = [], averaged: [Int] = []
    ) {
      self.name = name
      self.network = network
      self.architecture = architecture
      self.index = index
      self.weights = weights
      (part, training) = (.end, name)
      parts =
        snapshots.enumerated().map { number, epoch in
          NamedPart(name: "\(name).snapshot-\(number + 1)", part: .snapshot(epoch: epoch))
        }
        + (averaged.isEmpty
          ? [] : [NamedPart(name: "\(name).average", part: .average(epochs: averaged))])
    }

    init(_ soup: Soup, like member: Member) {
      (name, training, part) = (soup.name, soup.name, .soup(members: soup.members))
      (network, architecture) = (member.network, member.architecture)
      (index, weights, parts) = (member.index, nil, [])
    }

    private init(_ name: String, part: Part, of training: Member) {
      (self.name, self.part, self.training) = (name, part, training.name)
      (network, architecture) = (training.network, training.architecture)
      (index, weights, parts) = (training.index, training.weights, [])
    }
  }

  /// All members, in order: those of a training follow its end, and soups all others.
  public var allMembers: [Member] { trainings.flatMap { [$0] + $0.derived } + soupMembers }

  /// The ends of all trainings, in order.
  public var trainings: [Member] { trainingsWithGroups.map(\.member) }

  /// Each training's end, with the group that it is of.
  var trainingsWithGroups: [(member: Member, group: MemberGroup)] {
    var numbers: [String: Int] = [:]
    var result: [(Member, MemberGroup)] = []
    for group in members {
      let snapshots = group.snapshots ?? recipe.epochsPerCycle.map { _ in EpochSelection() }
      let taken = (snapshots?.epochs(of: recipe) ?? []).filter { $0 != recipe.epochs }
      let averaged = group.average?.epochs(of: recipe) ?? []
      for _ in 0..<group.count {
        let number = numbers[group.network, default: 0]
        numbers[group.network] = number + 1
        let member = Member(
          name: "\(group.network)-\(number)", network: group.network,
          architecture: group.architecture, index: result.count, weights: group.weights,
          snapshots: taken, averaged: averaged)
        result.append((member, group))
      }
    }
    return result
  }

  /// Whether what a step does, or which weights are kept, depends on how many epochs there are.
  var dependsOnEpochs: Bool {
    recipe.learningRate.dependsOnEpochs
      || members.contains { $0.snapshots != nil || $0.average != nil }
  }

  /// Makes sure that no two members share a name; `file` names the experiment in errors.
  func checkNames(file: String) throws(SchemaError) {
    var names: Set<String> = []
    guard let twice = allMembers.first(where: { !names.insert($0.name).inserted }) else { return }
    throw .invalid(
      file: file, key: "members",
      reason: "make two that are called '\(twice.name)': give one of their networks another name")
  }
}
