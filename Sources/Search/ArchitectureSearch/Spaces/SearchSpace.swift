import Networks

/// A set of networks, each made by one option for every decision.
///
/// To add one: say which decisions there are and how a network follows from them. Every combination must be a valid
/// network; `validate()` tries each option once.
public protocol SearchSpace: Sendable {
  /// What has to be decided, in order.
  var decisions: [SearchDecision] { get }

  /// What networks of this space are called, before their codes, such as "mobile".
  var namePrefix: String { get }

  /// The network of an architecture, called `name(of:)`.
  ///
  /// - Parameter architecture: One of this space.
  func network(_ architecture: Architecture) throws(NetworkError) -> Network

  /// The first of all architectures that are the same network: options that change nothing are those of number 0.
  func canonical(_ architecture: Architecture) -> Architecture
}

/// One thing to decide.
public struct SearchDecision: Hashable, Sendable {
  /// What it is about, such as the group or stage; decisions of one part follow one another.
  public let part: String
  /// What is decided, such as "kernel size".
  public let name: String
  /// What may be chosen, in words; at least one.
  public let options: [String]

  /// Creates a decision among `options`, at least one.
  public init(part: String, name: String, options: [String]) {
    self.part = part
    self.name = name
    self.options = options
  }
}

/// One option for every decision of a space.
public struct Architecture: Hashable, Sendable {
  /// The options' numbers, from 0, in the order of the decisions.
  public var choices: [Int]

  /// Takes one option's number, from 0, for each decision of a space, in their order.
  public init(_ choices: [Int]) {
    self.choices = choices
  }
}

extension Architecture: Codable {
  /// Decodes a list of numbers.
  ///
  /// - Throws: `DecodingError` where it is no list of whole numbers.
  public init(from decoder: any Decoder) throws {
    choices = try decoder.singleValueContainer().decode([Int].self)
  }

  /// Encodes the list of numbers.
  ///
  /// - Throws: `EncodingError`, as the encoder does.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(choices)
  }
}

extension SearchSpace {
  /// The architecture itself: every option of every decision changes something.
  public func canonical(_ architecture: Architecture) -> Architecture { architecture }

  /// How many architectures there are, in a Double: spaces outgrow integers.
  public var size: Double { decisions.reduce(1) { $0 * Double($1.options.count) } }

  /// The prefix, then one digit a decision, a dot between parts: "wrn-13.20.01".
  public func name(of architecture: Architecture) -> String {
    var name = namePrefix + "-"
    var part: String?
    for (decision, choice) in zip(decisions, architecture.choices) {
      if let part, part != decision.part { name += "." }
      part = decision.part
      name += String(choice, radix: 36)
    }
    return name
  }

  /// What is chosen, by part: "group 1: 2 blocks, 16 channels".
  public func description(of architecture: Architecture) -> [String] {
    var parts: [(name: String, options: [String])] = []
    for (decision, choice) in zip(decisions, architecture.choices) {
      let option = decision.options[choice]
      if parts.last?.name == decision.part {
        parts[parts.count - 1].options.append(option)
      } else {
        parts.append((decision.part, [option]))
      }
    }
    return parts.map { "\($0.name): \($0.options.joined(separator: ", "))" }
  }

  /// Whether the architecture has one option of each decision.
  public func contains(_ architecture: Architecture) -> Bool {
    architecture.choices.count == decisions.count
      && zip(architecture.choices, decisions).allSatisfy { $1.options.indices.contains($0) }
  }

  /// Makes sure that there is something to choose from, and that each option gives a valid network.
  ///
  /// - Throws: `SearchError.emptySpace` or `.contradictorySpace`.
  public func validate() throws(SearchError) {
    let decisions = decisions
    guard decisions.contains(where: { $0.options.count > 1 }) else {
      throw .emptySpace(reason: "nothing is left to choose")
    }
    for decision in decisions where decision.options.count > 36 {
      throw .contradictorySpace(
        reason: "\(decision.part), \(decision.name): more than 36 options")
    }
    let first = Architecture([Int](repeating: 0, count: decisions.count))
    for (index, decision) in decisions.enumerated() {
      for option in decision.options.indices {
        var architecture = first
        architecture.choices[index] = option
        do {
          _ = try network(architecture)
        } catch {
          throw .contradictorySpace(
            reason: "\(decision.part), \(decision.options[option]) gives no network: \(error)")
        }
      }
    }
  }
}
