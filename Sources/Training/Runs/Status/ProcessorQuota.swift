#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What control groups grant of the processors, as containers and batch systems set it.
///
/// Source: Linux, Documentation/admin-guide/cgroup-v2.rst (cpu.max) and scheduler/sched-bwc.rst (cpu.cfs_quota_us).
struct ProcessorQuota {
  /// The directory that stands for "/", elsewhere in tests.
  var root = ""

  /// Whole processors, at least 1, by the tightest limit of the process's groups and those above them; nil without one.
  func processors() -> Int? {
    var limits: [Int] = []
    for line in PseudoFile.lines(of: "\(root)/proc/self/cgroup", atMost: 100) {
      // HIERARCHY:CONTROLLERS:PATH, where version 2 has no controllers.
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      if parts[1].isEmpty {
        // Where both versions are mounted, version 2 has a directory of its own.
        for mount in ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"] {
          limits += directories(parts[2], below: mount).compactMap(unified)
        }
      } else if parts[1].split(separator: ",").contains("cpu") {
        for mount in ["/sys/fs/cgroup/cpu", "/sys/fs/cgroup/\(parts[1])"] {
          limits += directories(parts[2], below: mount).compactMap(legacy)
        }
      }
    }
    return limits.min()
  }

  /// The group's directory and those above it, up to the mount: in a container, whose mount is its own group, the path may
  /// be that of the host, and only the last is there.
  private func directories(_ path: Substring, below mount: String) -> [String] {
    var parts = path.split(separator: "/")
    var directories: [String] = []
    while true {
      directories.append(([root + mount] + parts.map(String.init)).joined(separator: "/"))
      guard parts.popLast() != nil else { return directories }
    }
  }

  /// From "QUOTA PERIOD" or "max PERIOD".
  private func unified(_ directory: String) -> Int? {
    guard let line = PseudoFile.lines(of: "\(directory)/cpu.max", atMost: 1).first else {
      return nil
    }
    let numbers = line.split(separator: " ").map { Int($0) }
    guard numbers.count == 2 else { return nil }
    return Self.whole(quota: numbers[0], period: numbers[1])
  }

  /// A quota of -1 is none.
  private func legacy(_ directory: String) -> Int? {
    func number(_ name: String) -> Int? {
      PseudoFile.lines(of: "\(directory)/\(name)", atMost: 1).first.flatMap { Int($0) }
    }
    return Self.whole(quota: number("cpu.cfs_quota_us"), period: number("cpu.cfs_period_us"))
  }

  private static func whole(quota: Int?, period: Int?) -> Int? {
    guard let quota, let period, quota > 0, period > 0 else { return nil }
    return max(1, quota / period)
  }
}

/// The system's files, which have no size to map.
enum PseudoFile {
  /// Reads line by line.
  static func lines(of path: String, atMost count: Int) -> [String] {
    guard let file = fopen(path, "r") else { return [] }
    defer { fclose(file) }
    var lines: [String] = []
    var buffer = [CChar](repeating: 0, count: 4096)
    while lines.count < count, fgets(&buffer, Int32(buffer.count), file) != nil {
      let bytes = buffer.prefix { $0 != 0 && $0 != 10 }
      lines.append(String(decoding: bytes.map(UInt8.init(bitPattern:)), as: UTF8.self))
    }
    return lines
  }
}
