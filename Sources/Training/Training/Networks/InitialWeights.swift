import Files
import Networks
import Runs
import Torch
import Weights

/// Weights that a training starts from in place of random ones: those of a member that was trained or imported before.
struct InitialWeights {
  private let file: SafeTensors
  /// The parameters that stay as they were drawn: a last layer for other classes.
  let drawnAnew: Set<String>

  /// Finds the weights for `network`.
  ///
  /// - Parameter path: A safetensors file, or a directory with a `weights.safetensors`.
  /// - Throws: `TrainingError.unusableWeights` where the file is of another network; its last layer may have another
  ///   number of classes.
  init(path: String, for network: Network) throws {
    let file: SafeTensors
    if Directory.isDirectory(path) {
      file = try MemberDirectory(path: path).weights()
    } else {
      file = try SafeTensors(path: path)
      try file.verifyChecksumIfPresent()
    }
    self.file = file
    let parameters = network.parameters
    let last = network.layers.last?.name ?? ""
    let head = parameters.filter { $0.name.hasPrefix("\(last).") && $0.kind.isLinear }
    let headFits = try head.allSatisfy {
      try file.names.contains($0.name) && file.entry($0.name).shape == $0.shape
    }
    let drawnAnew = headFits ? [] : Set(head.map(\.name))
    self.drawnAnew = drawnAnew
    var shapes: [String: [Int]] = [:]
    for name in file.names where !drawnAnew.contains(name) {
      shapes[name] = try file.entry(name).shape
    }
    let wanted = parameters.filter { !drawnAnew.contains($0.name) }
    if let mismatch = ParameterMismatch(of: shapes, with: wanted) {
      throw TrainingError.unusableWeights(path: file.path, reason: "\(mismatch)")
    }
  }

  /// Puts the weights into a model of the network.
  func load(into model: Model) throws {
    try Checkpoint.fill(model.state.filter { !drawnAnew.contains($0.name) }, from: file)
  }
}

extension Parameter.Kind {
  fileprivate var isLinear: Bool { self == .linearWeight || self == .linearBias }
}
