#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What tells a machine, and the time since its last start, from all others.
public struct MachineIdentity: Codable, Hashable, Sendable {
  /// The host's name.
  public var host: String
  /// A number that the system drew when it started; "" where it does not say.
  public var boot: String
  /// A number of the installed system; "" where it has none.
  public var system: String

  /// Names a machine as it is recorded.
  public init(host: String, boot: String, system: String) {
    (self.host, self.boot, self.system) = (host, boot, system)
  }

  /// This machine.
  public static let current = MachineIdentity(
    host: hostName(), boot: bootIdentity(),
    system: firstLine(of: "/etc/machine-id") ?? "")

  /// This process's number on it.
  public static var process: Int { Int(getpid()) }

  /// Whether both are one running system: its locks and processes are then seen by both.
  public func isSameBoot(as other: MachineIdentity) -> Bool {
    !boot.isEmpty && boot == other.boot
  }

  /// Whether `other` is this machine before it was last started: all of its processes are gone.
  public func isEarlierBoot(_ other: MachineIdentity) -> Bool {
    !boot.isEmpty && !other.boot.isEmpty && boot != other.boot && !system.isEmpty
      && system == other.system && host == other.host
  }

  /// The host's name as part of a file's name.
  public var nameOfHost: String {
    let name = host.prefix { $0 != "." }.map { character in
      character.isASCII && (character.isLetter || character.isNumber) ? character : "-"
    }
    return name.isEmpty ? "host" : String(name.prefix(40))
  }

  /// Distinguishes the running system from others in the names of unfinished files; never 0.
  var tag: UInt32 {
    (boot.isEmpty ? host : boot).utf8.reduce(0x811C_9DC5) { ($0 ^ UInt32($1)) &* 0x0100_0193 } | 1
  }

  private static func hostName() -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard gethostname(&buffer, buffer.count - 1) == 0 else { return "" }
    return SystemPath.text(buffer)
  }

  private static func bootIdentity() -> String {
    #if canImport(Darwin)
      var buffer = [CChar](repeating: 0, count: 64)
      var size = buffer.count - 1
      guard sysctlbyname("kern.bootsessionuuid", &buffer, &size, nil, 0) == 0 else { return "" }
      return SystemPath.text(buffer)
    #else
      return firstLine(of: "/proc/sys/kernel/random/boot_id") ?? ""
    #endif
  }

  /// Of a file that may have no size to map.
  private static func firstLine(of path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 256)
    guard fgets(&buffer, Int32(buffer.count), file) != nil else { return nil }
    return SystemPath.text(buffer).filter { $0.isLetter || $0.isNumber || $0 == "-" }
  }
}
