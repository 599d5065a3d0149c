import Torch
import Weights

/// A member midway: weights under their own names, momenta under "momentum/NAME", and where it stands.
enum Checkpoint {
  /// Epochs that are over, steps taken in the next one, and that one's sums so far.
  struct Position: Hashable {
    var epoch = 0
    var step = 0
    var totals = EpochTotals()
  }

  static func write(
    _ model: Model, _ optimizer: StochasticGradientDescent, at position: Position, to path: String
  ) throws {
    try SafeTensors.write(
      to: path, tensors: contents(of: model.state) + contents(of: momenta(model, optimizer)),
      metadata: position.metadata)
  }

  static func read(
    _ path: String, into model: Model, _ optimizer: StochasticGradientDescent
  ) throws -> Position {
    do {
      let file = try SafeTensors(path: path)
      guard let position = Position(metadata: file.metadata) else {
        throw TrainingError.unusableCheckpoint(path: path, reason: "it does not say its place")
      }
      try load(file, into: model.state + momenta(model, optimizer))
      return position
    } catch let error as WeightsError {
      throw TrainingError.unusableCheckpoint(path: path, reason: "\(error)")
    } catch TrainingError.unusableWeights(_, let reason) {
      throw TrainingError.unusableCheckpoint(path: path, reason: reason)
    }
  }

  private static func momenta(
    _ model: Model, _ optimizer: StochasticGradientDescent
  ) -> [(name: String, tensor: Tensor)] {
    zip(model.parameters.filter(\.isTrainable), optimizer.momenta).map {
      ("momentum/\($0.name)", $1)
    }
  }

  fileprivate static func contents(
    of state: [(name: String, tensor: Tensor)]
  ) throws -> [TensorContent] {
    try state.map { name, tensor in
      TensorContent(
        name: name, shape: try tensor.shape(), floats: try tensor.detached().elements())
    }
  }

  /// Fills the tensors from the file, which must hold these and no others.
  fileprivate static func load(
    _ file: SafeTensors, into state: [(name: String, tensor: Tensor)]
  ) throws {
    guard Set(file.names) == Set(state.map(\.name)) else {
      throw TrainingError.unusableWeights(path: file.path, reason: "it holds another network")
    }
    for (name, tensor) in state {
      let shape = try tensor.shape()
      guard try file.entry(name).shape == shape else {
        throw TrainingError.unusableWeights(path: file.path, reason: "'\(name)' has another shape")
      }
      let values = try file.floats(named: name)
      guard values.allSatisfy(\.isFinite) else {
        throw TrainingError.unusableWeights(
          path: file.path, reason: "'\(name)' holds what is not a finite number")
      }
      try withoutGradients { try tensor.copy(from: Tensor(values, shape: shape)) }
    }
  }
}

extension Checkpoint.Position {
  fileprivate var metadata: [String: String] {
    [
      "epoch": "\(epoch)", "step": "\(step)", "lossSum": "\(totals.lossSum)",
      "correct": "\(totals.correct)", "images": "\(totals.images)", "seconds": "\(totals.seconds)",
    ]
  }

  fileprivate init?(metadata: [String: String]) {
    func number<T: LosslessStringConvertible>(_ key: String) -> T? {
      metadata[key].flatMap { T($0) }
    }
    guard let epoch: Int = number("epoch"), let step: Int = number("step"),
      let lossSum: Double = number("lossSum"), let correct: Int = number("correct"),
      let images: Int = number("images"), let seconds: Double = number("seconds"), epoch >= 0,
      step >= 0, lossSum.isFinite, seconds.isFinite
    else { return nil }
    let totals = EpochTotals(lossSum: lossSum, correct: correct, images: images, seconds: seconds)
    self.init(epoch: epoch, step: step, totals: totals)
  }
}

extension Model {
  /// Weights and running statistics under their own names.
  fileprivate var state: [(name: String, tensor: Tensor)] {
    parameters.compactMap { parameter in self[parameter.name].map { (parameter.name, $0) } }
  }

  /// Writes weights and running statistics under their own names, as safetensors.
  public func writeWeights(to path: String, metadata: [String: String] = [:]) throws {
    try SafeTensors.write(to: path, tensors: Checkpoint.contents(of: state), metadata: metadata)
  }

  /// Reads what `writeWeights` wrote.
  ///
  /// - Throws: `WeightsError`, or `TrainingError` where names or shapes differ from the network's.
  public func readWeights(from path: String) throws {
    try Checkpoint.load(SafeTensors(path: path), into: state)
  }
}
