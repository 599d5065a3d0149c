import SearchRuns
import Torch
import Training

/// Where and with what a search evaluates candidates.
public struct SearchSetup: Sendable {
  /// The search's directory.
  public var directory: SearchDirectory
  /// The CPU, or one or more GPUs that members are spread over.
  public var devices: [Device]
  /// Members side by side.
  public var jobs: Int
  /// Threads inside one operation on the CPU.
  public var threads: Int
  /// Threads that decode images for one member, where they are decoded as they are needed.
  public var decoders: Int
  /// Asked after every step; the search then saves where it stands and ends.
  public var shouldStop: @Sendable () -> Bool
  /// Receives everything that happens, one event at a time, on any thread.
  public var observe: @Sendable (SearchEvent) -> Void

  /// Gathers the circumstances.
  public init(
    directory: SearchDirectory, devices: [Device] = [.cpu], jobs: Int = 1, threads: Int = 1,
    decoders: Int = 1, shouldStop: @escaping @Sendable () -> Bool = { Interruption.isRequested },
    observe: @escaping @Sendable (SearchEvent) -> Void = { _ in }
  ) {
    self.directory = directory
    self.devices = devices
    self.jobs = jobs
    self.threads = threads
    self.decoders = decoders
    self.shouldStop = shouldStop
    self.observe = observe
  }
}
