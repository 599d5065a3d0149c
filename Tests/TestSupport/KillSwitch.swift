#if os(Linux)
  /// The library that kills a program at an exact instant of its work on files: see `KillSwitch.h`.
  public enum KillSwitch {
    /// The environment of a program that sees what other workers wrote so many seconds late, as over a network.
    public static func environment(seesAfter seconds: Int) throws -> [String: String] {
      ["LD_PRELOAD": try Consort.path("libKillSwitch.so"), "CONSORT_SEE_AFTER": "\(seconds)"]
    }

    /// The environment of a program that stands still right before the `number`-th file whose name ends with `suffix` gets that name.
    public static func environment(
      stopsAt suffix: String, _ number: Int
    ) throws -> [String: String] {
      [
        "LD_PRELOAD": try Consort.path("libKillSwitch.so"),
        "CONSORT_STOP_AT": "\(suffix) \(number)",
      ]
    }

    /// The environment of a program before which another library sets a variable.
    public static func environmentSetEarly() throws -> [String: String] {
      ["LD_PRELOAD": try Consort.path("libKillSwitch.so"), "CONSORT_SET_EARLY": "1"]
    }

    /// What the program is doing to an unfinished file.
    public enum Operation: String, CaseIterable, Sendable {
      /// Half of the bytes are written.
      case write
      /// All bytes are written; none need be on the disk.
      case fsync
      /// The file is whole, and has not yet its name.
      case rename
    }

    /// The environment of a program that is to die at its `number`-th `operation`, counted from 1.
    public static func environment(
      _ operation: Operation, _ number: Int
    ) throws -> [String: String] {
      [
        "LD_PRELOAD": try Consort.path("libKillSwitch.so"),
        "CONSORT_KILL_AT": "\(operation.rawValue) \(number)",
      ]
    }
  }
#endif
