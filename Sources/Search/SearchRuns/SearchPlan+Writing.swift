import ArchitectureSearch

// Each choice is an object with its kind and its numbers side by side, as it is read.

private enum KindKey: CodingKey {
  case kind
}

extension SearchPlan.SpaceChoice: Encodable {
  /// Encodes the kind and the space's own numbers.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: KindKey.self)
    switch self {
    case .wideResNet(let space):
      try container.encode(Kind.wideResNet, forKey: .kind)
      try space.encode(to: encoder)
    case .mobile(let space):
      try container.encode(Kind.mobile, forKey: .kind)
      try space.encode(to: encoder)
    }
  }
}

extension ControllerChoice: Encodable {
  private enum Key: CodingKey {
    case population, sample
  }

  /// Encodes the kind and its numbers.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: KindKey.self)
    try container.encode(name, forKey: .kind)
    switch self {
    case .random: break
    case .evolution(let population, let sample):
      var numbers = encoder.container(keyedBy: Key.self)
      try numbers.encode(population, forKey: .population)
      try numbers.encode(sample, forKey: .sample)
    case .reinforce(let settings): try settings.encode(to: encoder)
    }
  }
}

extension Reward: Encodable {
  private enum Key: CodingKey {
    case kind, weight, exponent
  }

  /// Encodes the kind and its number.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    switch self {
    case .absolute(let weight):
      try container.encode("absolute", forKey: .kind)
      try container.encode(weight, forKey: .weight)
    case .mnasNet(let exponent):
      try container.encode("mnasnet", forKey: .kind)
      try container.encode(exponent, forKey: .exponent)
    }
  }
}

extension SearchPlan.EvaluatorChoice: Encodable {
  private enum Key: CodingKey {
    case kind, recipe, rungs, kept
  }

  /// Encodes the kind, the recipe and the numbers.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    switch self {
    case .proxy(let recipe, let rungs, let kept):
      try container.encode("proxy", forKey: .kind)
      try container.encode(recipe, forKey: .recipe)
      try container.encode(rungs, forKey: .rungs)
      try container.encode(kept, forKey: .kept)
    case .supernetwork(let recipe):
      try container.encode("supernetwork", forKey: .kind)
      try container.encode(recipe, forKey: .recipe)
    }
  }
}
