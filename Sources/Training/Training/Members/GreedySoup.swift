import Predictions
import Runs
import Torch
import Weights

/// Members' weights, of which some are averaged.
///
/// Source: arXiv:2203.05482, recipe 1.
struct GreedySoup {
  /// The names of the members, and the numbers of each by their parameters' names.
  private let members: [(name: String, weights: [String: [Float]])]
  /// On the hold-out, of each alone.
  private let accuracies: [Double]

  /// - Throws: `ExperimentError` where a member's files are not as they were written, or `EnsembleError`.
  init(
    _ names: [String], in run: RunDirectory, of experiment: Experiment, on record: DataRecord
  ) throws {
    let known = experiment.allMembers
    var members: [(name: String, weights: [String: [Float]])] = []
    var accuracies: [Double] = []
    for name in names {
      let identity = try known.first { $0.name == name }
        .map { try experiment.identity(of: $0, data: record) }
      let file = try run.member(name).weights(of: identity)
      var weights: [String: [Float]] = [:]
      for tensor in file.names { weights[tensor] = try file.floats(named: tensor) }
      members.append((name, weights))
      let said = try Predictions(path: run.member(name).predictionsPath(split: SplitName.holdOut))
      let correct = zip(said.predictedClasses(), said.labels).count { $0 == Int($1) }
      accuracies.append(Double(correct) / Double(said.count))
    }
    (self.members, self.accuracies) = (members, accuracies)
  }

  /// Chooses the members: the best one, then, from the best down, each with which the average is no worse.
  ///
  /// - Parameters:
  ///   - accuracies: Of each alone. Of equals the first comes first.
  ///   - average: The accuracy of several averaged, two or more; nil to stop.
  /// - Returns: Their places, in the order in which they were taken; nil where it was stopped.
  static func choose(
    _ accuracies: [Double], average: ([Int]) throws -> Double?
  ) rethrows -> [Int]? {
    let order = accuracies.indices.sorted {
      (-accuracies[$0], $0) < (-accuracies[$1], $1)
    }
    guard let best = order.first else { return nil }
    var (chosen, accuracy) = ([best], accuracies[best])
    for place in order.dropFirst() {
      guard let found = try average(chosen + [place]) else { return nil }
      if found >= accuracy { (chosen, accuracy) = (chosen + [place], found) }
    }
    return chosen
  }

  /// The members that were chosen, and a model of their average; nil where it was stopped.
  ///
  /// - Parameters:
  ///   - model: Is given the weights of one average after another.
  ///   - shouldStop: Asked before each.
  /// - Throws: `DatasetError` where an image cannot be read, or `TorchError`.
  func cook(
    _ model: Model, _ images: MemberImages, _ normalization: Normalization, _ recipe: Recipe,
    shouldStop: () -> Bool
  ) throws -> [String]? {
    let chosen = try Self.choose(accuracies) { places in
      guard !shouldStop(), let holdOut = images.holdOut else { return nil }
      try fill(model, places, images, normalization, recipe)
      return try holdOut.evaluate(
        model, normalization: normalization, batchSize: recipe.pieceSize
      ).evaluation.top1Accuracy
    }
    guard let chosen else { return nil }
    try fill(model, chosen, images, normalization, recipe)
    return chosen.map { members[$0].name }
  }

  /// Gives the model the members' average, with statistics of its own; a single member's stay as they are.
  private func fill(
    _ model: Model, _ places: [Int], _ images: MemberImages, _ normalization: Normalization,
    _ recipe: Recipe
  ) throws {
    for (name, tensor) in model.state {
      let values = places.compactMap { members[$0].weights[name] }
      let mean = (values.first ?? []).indices.map { index in
        Float(values.reduce(0) { $0 + Double($1[index]) } / Double(values.count))
      }
      let shape = try tensor.shape()
      try withoutGradients { try tensor.copy(from: Tensor(mean, shape: shape)) }
    }
    if places.count > 1 { try model.estimateStatistics(of: images, normalization, recipe) }
  }
}
