import Schemas

/// Ends of epochs of one training: every so many, and of these the last.
public struct EpochSelection: Hashable, Sendable {
  /// So many epochs lie between two of them; nil for one, or, where the learning rate has cycles, for a cycle.
  public var every: Int?
  /// So many of them; nil for all.
  public var last: Int?

  /// Selects every end that there is, unless told otherwise.
  public init(every: Int? = nil, last: Int? = nil) {
    (self.every, self.last) = (every, last)
  }

  /// The epochs, from 1, in their order; the training's last one is always the last of them.
  public func epochs(of recipe: Recipe) -> [Int] {
    let distance = distance(in: recipe)
    let all = recipe.epochs / distance
    return ((all - min(all, last ?? all))..<all).map { ($0 + 1) * distance }
  }

  private func distance(in recipe: Recipe) -> Int { every ?? recipe.epochsPerCycle ?? 1 }

  /// The key that does not go with the recipe, and why; nil where both do.
  func fault(with recipe: Recipe) -> (key: String, reason: String)? {
    let (distance, epochs) = (distance(in: recipe), recipe.epochs)
    guard distance <= epochs, epochs % distance == 0 else {
      return (
        "every",
        "is \(distance), but must divide recipe.epochs, which is \(epochs): the training's end is the last of them"
      )
    }
    let all = epochs / distance
    guard last ?? 1 <= all else {
      return (
        "last",
        "is \(last ?? 1), but there \(all == 1 ? "is" : "are") \(all): \(epochs) epochs, and one every \(distance)"
      )
    }
    return nil
  }
}

extension EpochSelection: SchemaObject {
  /// Both numbers.
  public mutating func walk(_ fields: inout ObjectFields) throws(SchemaError) {
    try fields.field("every", &every, .integer(1...100_000))
    try fields.field("last", &last, .integer(1...10_000))
  }
}

extension Experiment {
  /// Makes sure that the ends of epochs that members are taken at are those of the recipe's epochs; `file` names the experiment
  /// in errors.
  func checkSelections(file: String) throws(SchemaError) {
    for (index, group) in members.enumerated() {
      for (key, selection) in [("snapshots", group.snapshots), ("average", group.average)] {
        guard let fault = selection?.fault(with: recipe) else { continue }
        throw .invalid(
          file: file, key: "members[\(index)].\(key).\(fault.key)", reason: fault.reason)
      }
    }
  }
}
