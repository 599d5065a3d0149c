import CommandLine
import Files
import Formatting
import Runs
import Torch
import Training

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension Launch {
  /// This process's place among those that train together; nil where it trains alone.
  static func find(_ arguments: ParsedArguments) throws -> Launch? {
    try find(
      Options(
        rendezvous: arguments.string("--rendezvous"), rank: arguments.integer("--rank"),
        size: arguments.integer("--world-size")),
      environment: ProcessInfo.processInfo.environment)
  }

  /// Runs `body`; where it fails, the launcher can read why.
  func reportingFailure(_ body: () throws -> Void) throws {
    do {
      try body()
    } catch {
      if let errorFile { try? FailureReport(error).write(to: errorFile) }
      throw error
    }
  }
}

extension Rendezvous {
  /// Meets the other processes of a launch.
  convenience init(joining launch: Launch) throws {
    try self.init(
      launch, interface: ProcessInfo.processInfo.environment["GLOO_SOCKET_IFNAME"],
      observe: { missing in
        Terminal.writeError(
          "process \(launch.rank) waits at \(launch.host):\(launch.port) for "
            + missing.map(String.init).joined(separator: ", ") + " of \(launch.size)")
      })
  }
}

/// What torchrun reads of a process that failed: the earliest is to blame.
private struct FailureReport: Encodable {
  private struct Message: Encodable {
    let message: String
    let extraInfo: [String: String]
  }

  private let message: Message

  init(_ error: any Error) {
    message = Message(
      message: "\(type(of: error)): \(error)",
      extraInfo: [
        "py_callstack": "", "timestamp": "\(Int(Date().timeIntervalSince1970))",
      ])
  }

  func write(to path: String) throws {
    try DurableFile.write(Array(JSONEncoder().encode(self)), to: path)
  }
}

/// Trains an experiment's members together with other processes, which must all be started with the same command.
///
/// - Returns: The run that holds the members, in the process that writes it.
/// - Throws: `ParallelError`, and what `train` throws.
func trainTogether(
  _ experiment: Experiment, file: String, _ arguments: ParsedArguments, _ launch: Launch
) throws -> RunDirectory? {
  Interruption.install()
  let options = try TrainingOptions(arguments, for: experiment, launch)
  let rendezvous = try Rendezvous(joining: launch)
  let images = try loadImages(
    of: experiment, file: file, from: arguments.string("--data"), isQuiet: launch.rank > 0)
  let group = try rendezvous.connect(
    for: experiment.readableJSON(), experiment.recipe, on: images,
    device: options.workers.devices[0], version: consortVersion)
  guard launch.rank > 0 else {
    print("\(launch.size) processes train each member together")
    do {
      return try train(experiment, on: images, options, group)
    } catch {
      group.tellFailure(error)
      throw error
    }
  }
  let outcome = try FollowingRun(
    of: experiment, on: images, in: group, device: options.workers.devices[0],
    decoders: options.workers.decoders
  ).run()
  switch outcome {
  case .complete, .leftToOthers: return nil
  case .interrupted: throw StoppedEarly(directory: options.directory.path)
  case .membersFailed(let names):
    throw MembersFailed(names: names, directory: options.directory.path)
  }
}
