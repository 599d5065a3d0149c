import Runs
import Torch
import Weights

/// A member midway, as one safetensors file with a checksum.
///
/// It holds weights and running statistics under their own names, the optimizer's buffers under "momentum/NAME" and
/// "square/NAME", averages under "average/NAME", and its place in the training as metadata. There is no state of random generators to keep: every
/// number drawn belongs to (seed, member, purpose, epoch, step).
package enum Checkpoint {
  /// Epochs that are over, steps taken in the next one, that one's sums so far, and what distinguishes the metrics of
  /// those epochs from others; nil in checkpoints of earlier versions.
  package struct Position: Hashable {
    package var epoch = 0
    package var step = 0
    var totals = EpochTotals()
    package var metrics: String?
    /// Those metrics, for a worker that goes on from another's checkpoint; nil in checkpoints of earlier versions.
    var metricsText: String?

    package init(epoch: Int = 0) { self.epoch = epoch }
  }

  /// Writes a checkpoint of the training that `identity` distinguishes from others.
  ///
  /// - Throws: `WeightsError` where the file cannot be written.
  package static func write(
    _ state: [CheckpointTensor], at position: Position, of identity: String, to path: String
  ) throws {
    var metadata = position.metadata
    metadata[MemberMetadata.training] = identity
    try SafeTensors.write(
      to: path, tensors: state.map(\.content), metadata: metadata, isChecksummed: true)
  }

  /// Fills `state`, which must be that of the file, and returns the place.
  ///
  /// Where it throws, some tensors may have been filled.
  static func read(
    _ path: String, of identity: String, into state: [(name: String, tensor: Tensor)]
  ) throws(TrainingError) -> Position {
    let (file, position) = try open(path, of: identity)
    try naming(path) { try load(file, into: state) }
    return position
  }

  /// The file, which is whole, and its place.
  private static func open(
    _ path: String, of identity: String
  ) throws(TrainingError) -> (file: SafeTensors, position: Position) {
    try naming(path) {
      let file = try SafeTensors(path: path)
      try file.verifyChecksum()
      // Earlier versions did not write it.
      guard file.metadata[MemberMetadata.training] ?? identity == identity else {
        throw TrainingError.unusableCheckpoint(
          path: path, reason: "it belongs to another member or another experiment")
      }
      guard let position = Position(metadata: file.metadata) else {
        throw TrainingError.unusableCheckpoint(path: path, reason: "it does not say its place")
      }
      return (file, position)
    }
  }

  /// Writes what the checkpoint at `path` holds as one of the training that `newIdentity` distinguishes from others.
  static func copy(
    _ path: String, of identity: String, to place: String, as newIdentity: String
  ) throws {
    let (file, position) = try open(path, of: identity)
    let state = try naming(path) {
      try file.names.map { name in
        TensorContent(
          name: name, shape: try file.entry(name).shape, floats: try file.floats(named: name))
      }
    }
    var metadata = position.metadata
    metadata[MemberMetadata.training] = newIdentity
    try SafeTensors.write(to: place, tensors: state, metadata: metadata, isChecksummed: true)
  }

  /// Makes what goes wrong in reading a checkpoint an error that names it.
  private static func naming<Result>(
    _ path: String, _ body: () throws -> Result
  ) throws(TrainingError) -> Result {
    do {
      return try body()
    } catch let error as TrainingError {
      switch error {
      case .unusableWeights(_, let reason): throw .unusableCheckpoint(path: path, reason: reason)
      default: throw error
      }
    } catch {
      throw .unusableCheckpoint(path: path, reason: "\(error)")
    }
  }

  /// Fills the tensors from the file, which must hold these and no others.
  ///
  /// - Throws: `TrainingError.unusableWeights` where names, shapes or values do not fit, `WeightsError` or
  ///   `TorchError`.
  package static func load(
    _ file: SafeTensors, into state: [(name: String, tensor: Tensor)]
  ) throws {
    guard Set(file.names) == Set(state.map(\.name)) else {
      throw TrainingError.unusableWeights(path: file.path, reason: "it holds another network")
    }
    try fill(state, from: file)
  }

  /// Fills the tensors from those of the same names in the file.
  static func fill(_ state: [(name: String, tensor: Tensor)], from file: SafeTensors) throws {
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

/// One tensor's values, on their way into a file.
package struct CheckpointTensor {
  package let name: String
  package let shape: [Int]
  package let values: [Float]

  /// Copies a tensor's values out of its device.
  ///
  /// - Throws: `TorchError` where the tensor cannot be read.
  package init(_ name: String, _ tensor: Tensor) throws {
    self.name = name
    shape = try tensor.shape()
    values = try tensor.detached().elements()
  }

  package var isFinite: Bool { values.allSatisfy(\.isFinite) }
  package var content: TensorContent { TensorContent(name: name, shape: shape, floats: values) }
}

extension Checkpoint.Position {
  fileprivate var metadata: [String: String] {
    var metadata = [
      "epoch": "\(epoch)", "step": "\(step)", "lossSum": "\(totals.lossSum)",
      "correct": "\(totals.correct)", "images": "\(totals.images)", "seconds": "\(totals.seconds)",
    ]
    metadata["metrics"] = metrics
    metadata["metricsText"] = metricsText
    return metadata
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
    self.init(epoch: epoch)
    self.step = step
    totals = EpochTotals(lossSum: lossSum, correct: correct, images: images, seconds: seconds)
    metrics = metadata["metrics"]
    metricsText = metadata["metricsText"]
  }
}

extension Model {
  /// Writes weights and running statistics under their own names, as safetensors with a checksum.
  ///
  /// - Throws: `WeightsError` where the file cannot be written, or `TorchError` where a tensor cannot be read.
  public func writeWeights(to path: String, metadata: [String: String] = [:]) throws {
    let contents = try state.map { try CheckpointTensor($0.name, $0.tensor).content }
    try SafeTensors.write(to: path, tensors: contents, metadata: metadata, isChecksummed: true)
  }

  /// Reads what `writeWeights` wrote.
  ///
  /// - Throws: `WeightsError`, or `TrainingError` where names or shapes differ from the network's.
  public func readWeights(from path: String) throws {
    let file = try SafeTensors(path: path)
    try file.verifyChecksumIfPresent()
    try Checkpoint.load(file, into: state)
  }
}
