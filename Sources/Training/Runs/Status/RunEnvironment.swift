import Files
import Schemas

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

/// Where and with what a run was begun, or a member trained: `environment.json`.
public struct RunEnvironment: Codable, Hashable, Sendable {
  /// The command line.
  public var command: [String]
  /// When it began: ISO 8601, UTC.
  public var started: String
  /// Versions by name: consort, libtorch.
  public var versions: [String: String]
  /// The operating system's name, release and architecture.
  public var system: String
  /// The processor's name.
  public var processor: String
  /// Hardware threads that this process may use.
  public var processorCount: Int
  /// Bytes of main memory.
  public var memoryBytes: Int
  /// Where the tensors live: "cpu" or "cuda:0".
  public var device: String
  /// Threads inside one operation.
  public var threads: Int
  /// Processes that train each member together, where the bits depend on their number; nil for one, and where they do not.
  public var processes: Int?

  /// Reads this machine's system, processor and memory, and takes now for the start.
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

  /// Reads what `write` wrote; nil where there is no such file, or it holds something else.
  public init?(path: String) {
    guard let file = try? MappedFile(path: path),
      let value = try? StrictJSON.decode(Self.self, from: file.withBytes { Data($0) })
    else { return nil }
    self = value
  }

  /// Whether the same training gives the same bits: sums run in another order with other threads, processes or devices.
  public func givesSameBits(as other: RunEnvironment) -> Bool {
    threads == other.threads && device == other.device && versions == other.versions
      && processor == other.processor && processes == other.processes
  }

  /// The instruction sets of the processor by which libraries choose their kernels, such as "avx2 fma"; "" where the system does
  /// not say.
  package static func instructionSets() -> String {
    let words = Set(
      (field("flags", of: "/proc/cpuinfo") ?? field("Features", of: "/proc/cpuinfo") ?? "")
        .split(separator: " "))
    let known = [
      "avx", "avx2", "fma", "avx_vnni", "avx512f", "avx512bw", "avx512dq", "avx512vl",
      "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_tile", "amx_bf16", "asimd", "asimddp",
      "bf16", "i8mm", "sve", "sve2",
    ]
    return known.filter { words.contains($0[...]) }.joined(separator: " ")
  }

  /// Hardware threads that this process may use: online, within its affinity and its container's share.
  public static func availableProcessors() -> Int {
    let limits = [affinity(), ProcessorQuota().processors()].compactMap { $0 }
    return max(1, ([sysconf(Int32(_SC_NPROCESSORS_ONLN))] + limits).min() ?? 1)
  }

  /// Processors of a list such as "0-1,4"; nil where the system does not say.
  private static func affinity() -> Int? {
    guard let list = field("Cpus_allowed_list", of: "/proc/self/status") else { return nil }
    return list.split(separator: ",").reduce(0) { count, range in
      let ends = range.split(separator: "-").compactMap { Int($0) }
      guard let first = ends.first, let last = ends.last, last >= first else { return count }
      return count + last - first + 1
    }
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
    field("model name", of: "/proc/cpuinfo") ?? "unknown"
  }

  /// The text after the first "NAME:" of a pseudo-file.
  private static func field(_ name: String, of path: String) -> String? {
    for line in PseudoFile.lines(of: path, atMost: 200) where line.hasPrefix(name) {
      guard let colon = line.firstIndex(of: ":") else { continue }
      return String(line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" })
    }
    return nil
  }

  /// Writes it as the file at `path`.
  ///
  /// - Throws: `FileError` where it cannot be written.
  public func write(to path: String) throws {
    try DurableFile.write(readableJSON(), to: path)
  }
}
