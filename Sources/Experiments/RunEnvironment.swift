import Files

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif
#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Where and with what a run was last worked on: `environment.json`.
public struct RunEnvironment: Codable, Hashable, Sendable {
  /// The command line.
  public var command: [String]
  /// When it began: ISO 8601, UTC.
  public var started: String
  /// Versions by name: consort, libtorch.
  public var versions: [String: String]
  /// The operating system's name, release and architecture.
  public var system: String
  /// The processor's name, and how many of its threads this process may use.
  public var processor: String
  /// Hardware threads.
  public var processorCount: Int
  /// Bytes of main memory.
  public var memoryBytes: Int
  /// Where the tensors live: "cpu" or "cuda:0".
  public var device: String
  /// Threads inside one operation.
  public var threads: Int

  /// Describes this machine.
  public init(command: [String], versions: [String: String], device: String, threads: Int) {
    self.command = command
    self.versions = versions
    self.device = device
    self.threads = threads
    started = Date.now.ISO8601Format()
    system = Self.systemName()
    processor = Self.processorName()
    processorCount = Self.availableProcessors()
    memoryBytes = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
  }

  /// Hardware threads that are online.
  public static func availableProcessors() -> Int {
    max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
  }

  private static func systemName() -> String {
    var name = utsname()
    guard uname(&name) == 0 else { return "unknown" }
    func text<T>(_ field: T) -> String {
      withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
    return [text(name.sysname), text(name.release), text(name.machine)].joined(separator: " ")
  }

  private static func processorName() -> String {
    // Reading a pseudo-file whole: it has no size to map.
    guard let file = fopen("/proc/cpuinfo", "r") else { return "unknown" }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 1024)
    while fgets(&line, Int32(line.count), file) != nil {
      let text = String(
        decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      if text.hasPrefix("model name"), let colon = text.firstIndex(of: ":") {
        return String(text[text.index(after: colon)...].drop { $0 == " " }.prefix { $0 != "\n" })
      }
    }
    return "unknown"
  }

  /// Writes it into the run's directory.
  public func write(to directory: RunDirectory) throws {
    let lock = try DirectoryLock(waitingFor: directory.path)
    defer { withExtendedLifetime(lock) {} }
    try DurableFile.write(readableJSON(), to: directory.environmentPath)
  }
}
