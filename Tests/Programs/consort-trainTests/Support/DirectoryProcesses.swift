#if os(Linux)
  import Foundation
  import Testing

  /// The processes of which a directory is the working directory.
  enum DirectoryProcesses {
    static func working(in directory: String) throws -> Int {
      try states(in: directory).count
    }

    /// How many of them a signal has stopped.
    static func stopped(in directory: String) throws -> Int {
      try states(in: directory).count { $0 == "T" }
    }

    /// Waits until a signal has stopped so many of them.
    static func waitUntilStopped(
      _ count: Int = 1, in directory: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      for _ in 0..<30_000 where try stopped(in: directory) < count { usleep(10_000) }
      #expect(try stopped(in: directory) == count, sourceLocation: sourceLocation)
    }

    static func waitForEnd(
      in directory: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      for _ in 0..<3000 where try working(in: directory) > 0 { usleep(10_000) }
      #expect(try working(in: directory) == 0, sourceLocation: sourceLocation)
    }

    private static func states(in directory: String) throws -> [Character] {
      let own = URL(filePath: directory).resolvingSymlinksInPath().path
      return try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { name in
        guard
          let place = try? FileManager.default.destinationOfSymbolicLink(
            atPath: "/proc/\(name)/cwd"), place == own,
          let text = try? String(contentsOfFile: "/proc/\(name)/stat", encoding: .utf8)
        else { return nil }
        // After the program's name in brackets.
        return text.split(separator: ")").last?.dropFirst().first
      }
    }
  }
#endif
