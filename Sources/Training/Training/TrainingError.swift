import Files

/// A training that cannot start or go on.
public enum TrainingError: ExitStatusError, Hashable, Sendable, CustomStringConvertible {
  /// The checkpoint does not fit the member, or is damaged.
  case unusableCheckpoint(path: String, reason: String)
  /// A network that is given as data does not fit the images.
  case networkDoesNotFit(network: String, reason: String)
  /// The weights do not fit the network.
  case unusableWeights(path: String, reason: String)
  /// What members are to learn from cannot teach them.
  case unusableTeacher(path: String, reason: String)
  /// The metrics file is not that of the checkpoint.
  case unusableMetrics(path: String, epochs: Int)
  /// Another process is at work on the run.
  case runBusy(directory: String)
  /// Another process is at work on the member.
  case memberBusy(member: String, directory: String)
  /// Workers of the run give results of other bits than this one would.
  case otherConditions(directory: String, worker: String, difference: String)
  /// The loss of a step is infinite or not a number.
  case lossNotFinite(member: String, epoch: Int, step: Int)
  /// The machine kept a member from being trained: memory ran out, or a device failed.
  case machineFailed(member: String, reason: String)
  /// No such device on this machine.
  case noDevice(name: String, reason: String)

  /// Whether the same training would fail again, whatever the machine: it concerns this network alone.
  package var isOfTheNetwork: Bool {
    switch self {
    case .lossNotFinite, .networkDoesNotFit: true
    default: false
    }
  }

  /// Another process, or the machine, may be out of the way later.
  public var exitStatus: ExitStatus {
    switch self {
    case .runBusy, .memberBusy, .machineFailed: .transient
    default: .failed
    }
  }

  /// Whether a training from its start would succeed: what it would go on from cannot be used.
  package var isOfItsFiles: Bool {
    switch self {
    case .unusableCheckpoint, .unusableMetrics: true
    default: false
    }
  }

  /// One sentence naming the file or the member, and the fix.
  public var description: String {
    switch self {
    case .unusableCheckpoint(let path, let reason):
      "'\(path)' cannot be used: \(reason); remove it to train this member from its start"
    case .networkDoesNotFit(let network, let reason): "network '\(network)': \(reason)"
    case .unusableWeights(let path, let reason):
      "'\(path)' cannot be used: \(reason); give the weights of this network"
    case .unusableTeacher(let path, let reason):
      "recipe.distillation.teacher '\(path)' cannot be used: \(reason); give a complete run on the same images, or "
        + "predictions of all training images"
    case .unusableMetrics(let path, let epochs):
      "'\(path)' does not hold epochs 1 to \(epochs), which the checkpoints beside it have finished; put it back, or "
        + "remove it and them to train this member from its start"
    case .runBusy(let directory):
      "another process is training '\(directory)': wait for its end (`\(Shell.line(["consort", "status", Shell.operand(directory)]))` shows it), or give "
        + "another --out"
    case .memberBusy(let member, let directory):
      "another process is training \(member) in '\(directory)': wait for its end, or name other --members"
    case .otherConditions(let directory, let worker, let difference):
      "'\(directory)' is trained by a worker on \(worker) with which this one would not agree to the last bit (\(difference)): "
        + "start it alike, or join all the same with --mixed"
    case .lossNotFinite(let member, let epoch, let step):
      "\(member): the loss is not finite in epoch \(epoch), step \(step); lower recipe.learningRate and give another --out"
    case .machineFailed(let member, let reason):
      "\(member) could not be trained: \(reason); run the command again, which goes on from the last checkpoints, with fewer "
        + "--jobs where memory is short"
    case .noDevice(let name, let reason):
      "there is no device '\(name)' (\(reason)): leave --devices out, or run `scripts/setup --cuda` where there is a GPU"
    }
  }
}
