import Foundation

/// A built program, by default `consort`, that runs. It is killed when the value goes, and when it takes too long.
public final class RunningConsort {
  /// Seconds after which a program hangs rather than works: many times what the longest takes on a loaded machine.
  public static let timeLimit = 300.0

  private let process = Process()
  // Files, not pipes: what is printed may be more than a pipe holds.
  private let outputFile, errorFile: URL

  /// Starts `consort` with `arguments`, or `program` in its place.
  ///
  /// - Parameters:
  ///   - environment: Goes before the tests' own.
  ///   - directory: Where it works; the tests' own where it is nil.
  public init(
    _ arguments: [String], program: String? = nil, environment: [String: String] = [:],
    directory: String? = nil
  ) throws {
    let prefix = FileManager.default.temporaryDirectory
      .appendingPathComponent("consort-\(UUID().uuidString)")
    outputFile = prefix.appendingPathExtension("out")
    errorFile = prefix.appendingPathExtension("err")
    process.executableURL = URL(filePath: try program ?? Consort.path())
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    if let directory { process.currentDirectoryURL = URL(filePath: directory) }
    for file in [outputFile, errorFile] { try Data().write(to: file) }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: outputFile)
    process.standardError = try FileHandle(forWritingTo: errorFile)
    try process.run()
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    for file in [outputFile, errorFile] { try? FileManager.default.removeItem(at: file) }
  }

  /// What it printed so far.
  public var output: String { (try? String(contentsOf: outputFile, encoding: .utf8)) ?? "" }

  /// What it printed to standard error so far.
  public var errors: String { (try? String(contentsOf: errorFile, encoding: .utf8)) ?? "" }

  /// Whether it has not yet ended.
  public var isRunning: Bool { process.isRunning }

  /// Sends it a signal, such as SIGINT.
  public func send(_ signal: Int32) {
    kill(process.processIdentifier, signal)
  }

  /// Waits until a trainer works for it; returns whether one does.
  public func waitForTrainer() -> Bool { wait { $0.trainer != nil } }

  private var trainer: pid_t? {
    // Of a process that has just ended nothing can be read.
    (try? Self.children(of: process.processIdentifier))?.first
  }

  /// Kills the trainer, unless it is done already.
  public func killTrainer() {
    if let trainer { kill(trainer, SIGKILL) }
  }

  /// Sends a signal to the trainer that it started, such as SIGKILL.
  ///
  /// - Throws: `TestSupportError` where there is none.
  public func sendToTrainer(_ signal: Int32) throws {
    guard let trainer else {
      throw TestSupportError("no trainer works for \(process.arguments ?? [])")
    }
    kill(trainer, signal)
  }

  private static func children(of parent: pid_t) throws -> [pid_t] {
    #if os(Linux)
      let list = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(parent)/task")
        .map { try String(contentsOfFile: "/proc/\(parent)/task/\($0)/children", encoding: .utf8) }
        .joined(separator: " ")
    #else
      let pgrep = try RunningConsort(["-P", "\(parent)"], program: "/usr/bin/pgrep")
      let list = try pgrep.finish().output
    #endif
    return list.split { $0.isWhitespace }.compactMap { pid_t($0) }
  }

  /// Waits until `condition` holds, the process ends or the time limit is over; returns whether it held.
  public func wait(until condition: (RunningConsort) -> Bool) -> Bool {
    let deadline = ContinuousClock.now + .seconds(Self.timeLimit)
    while process.isRunning, ContinuousClock.now < deadline {
      if condition(self) { return true }
      usleep(1000)
    }
    return condition(self)
  }

  /// Waits for its end.
  ///
  /// - Throws: `TestSupportError`, with what it printed, where it is killed at the time limit.
  public func finish() throws -> Consort {
    guard wait(until: { !$0.isRunning }) else {
      send(SIGKILL)
      process.waitUntilExit()
      throw TestSupportError(
        "\(process.arguments ?? []) did not end in \(Self.timeLimit) s; it printed: "
          + output.suffix(2000))
    }
    process.waitUntilExit()
    return Consort(
      status: process.terminationStatus, wasKilled: process.terminationReason == .uncaughtSignal,
      bytes: try Data(contentsOf: outputFile),
      errors: try String(contentsOf: errorFile, encoding: .utf8))
  }
}
