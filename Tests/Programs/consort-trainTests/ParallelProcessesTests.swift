import Foundation
import SearchRuns
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// Processes that train one member together, without a launcher.
@Suite(.serialized) struct ParallelProcessesTests {
  private static func json(epochs: Int = 2, seed: Int = 5) -> String {
    """
    {
      "name": "tiny", "data": {"procedural": \(TinyExperiment.procedural), "holdOut": 40},
      "members": [{"network": "wide-resnet-10-1", "count": 2}],
      "recipe": {"preset": "fast", "epochs": \(epochs), "batchSize": 32, "reproducible": true},
      "seed": \(seed)
    }
    """
  }

  /// A port that nothing listens at.
  private static func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(descriptor, address, length) == 0 && getsockname(descriptor, address, &length) == 0
      }
    }
    guard status else { throw TestSupportError("there is no free port") }
    return Int(UInt16(bigEndian: address.sin_port))
  }

  /// Starts one of `count` processes that meet at `port`.
  private static func start(
    _ rank: Int, of count: Int, at port: Int, in directory: String,
    environment: [String: String] = [:]
  ) throws -> RunningConsort {
    try TinyExperiment.start(
      ["--rendezvous", "127.0.0.1:\(port)", "--rank", "\(rank)", "--world-size", "\(count)"],
      in: directory, environment: environment)
  }

  private static func startAll(_ count: Int, in directory: String) throws -> [RunningConsort] {
    let port = try freePort()
    return try (0..<count).map { try start($0, of: count, at: port, in: directory) }
  }

  private static func weights(_ directory: String) throws -> [Data] {
    try TinyExperiment.members.map {
      try Data(
        contentsOf: URL(filePath: "\(directory)/runs/tiny/members/\($0)/weights.safetensors"))
    }
  }

  @Test func theyWriteTheRunOfOneProcess() throws {
    try Consort.withDirectory { alone in
      try TinyExperiment.write(Self.json(), in: alone)
      #expect(try TinyExperiment.train(in: alone).status == 0)
      try Consort.withDirectory { directory in
        try TinyExperiment.write(Self.json(), in: directory)
        let ended = try Self.startAll(2, in: directory).map { try $0.finish() }
        #expect(ended.map(\.status) == [0, 0] && ended.map(\.errors) == ["", ""])
        #expect(ended[0].output.hasPrefix("2 processes train each member together\n"))
        #expect(ended[0].output.contains("next: consort report runs/tiny"))
        #expect(ended[1].output == "")
        #expect(try Self.weights(directory) == Self.weights(alone))
      }
    }
  }

  /// A process is killed; all go on, and one of them is then asked to stop; a single process ends the run.
  @Test func aProcessThatIsKilledOrStopped() throws {
    let whole = Self.json(epochs: TinyExperiment.many)
    try Consort.withDirectory { directory in
      try TinyExperiment.write(whole, in: directory)
      var running = try Self.startAll(2, in: directory)
      #expect(running[0].wait { $0.output.contains("epoch 2/") })
      try running[1].sendToTrainer(SIGKILL)
      let first = try running[0].finish()
      #expect(first.status == 75)
      #expect(first.errors.contains("another process ended or is out of reach"))
      running = try Self.startAll(3, in: directory)
      #expect(running[0].wait { $0.output.contains("epoch 5/") })
      running[2].send(SIGTERM)
      let stopped = try running.map { try $0.finish() }
      #expect(stopped.map(\.status) == [85, 85, 85])
      #expect(stopped.allSatisfy { $0.errors.contains("everything so far is saved") })
      #expect(try TinyExperiment.train(in: directory).status == 0)
      try Consort.withDirectory { alone in
        try TinyExperiment.write(whole, in: alone)
        #expect(try TinyExperiment.train(in: alone).status == 0)
        #expect(try Self.weights(directory) == Self.weights(alone))
      }
    }
  }

  /// All members are another worker's: what becomes of one of the processes is seen while they wait for it.
  @Test(arguments: [SIGKILL, SIGTERM]) func processesThatWaitAreWatched(signal: Int32) throws {
    try Consort.withDirectory { directory in
      let whole = Self.json(epochs: TinyExperiment.many)
        .replacing("\"count\": 2", with: "\"count\": 1")
      try TinyExperiment.write(whole, in: directory)
      let other = try TinyExperiment.start(in: directory)
      #expect(other.wait { $0.output.contains("epoch 2/") })
      try other.sendToTrainer(SIGSTOP)
      let waiting = try Self.startAll(2, in: directory)
      #expect(waiting[0].wait { $0.output.contains("nothing is left to take") })
      try waiting[1].sendToTrainer(signal)
      let ended = try waiting.map { try $0.finish() }
      #expect(ended[0].status == (signal == SIGTERM ? 85 : 75))
      #expect(signal == SIGKILL ? ended[1].endedByKill : ended[1].status == 85)
      try other.sendToTrainer(SIGCONT)
      #expect(try other.finish().status == 0)
    }
  }

  @Test func differentExperimentsAreNotTrained() throws {
    try Consort.withDirectory { directory in
      try TinyExperiment.write(Self.json(), in: directory)
      try Consort.withDirectory { other in
        try TinyExperiment.write(Self.json(seed: 6), in: other)
        let port = try Self.freePort()
        let ended = try [
          Self.start(0, of: 2, at: port, in: directory),
          Self.start(1, of: 2, at: port, in: other),
        ].map { try $0.finish() }
        for process in ended {
          #expect(process.status == 1)
          #expect(process.errors.contains("process 1 has another experiment than process 0"))
        }
        #expect(!FileManager.default.fileExists(atPath: "\(directory)/runs"))
      }
    }
  }

  /// The second one has gone on with the first, or waits for the third: either is told at once.
  @Test func twoProcessesOfOneNumberAreNamed() throws {
    try Consort.withDirectory { directory in
      try TinyExperiment.write(Self.json(), in: directory)
      let port = try Self.freePort()
      let start = ContinuousClock.now
      let ended = try [0, 1, 1].map {
        try Self.start($0, of: 3, at: port, in: directory)
      }.map { try $0.finish() }
      for process in ended {
        #expect(process.status == 1)
        #expect(
          process.errors.contains("two processes have the number 1 (RANK, or --rank)"),
          "\(process.errors)")
      }
      // The processes wait ten minutes for one that is missing.
      #expect(start.duration(to: .now) < .seconds(300))
      #expect(!FileManager.default.fileExists(atPath: "\(directory)/runs"))
    }
  }

  /// Networks that share weights are searched by two processes as by one, and what is found is trained by both.
  @Test func theySearchAsOneProcess() throws {
    let evaluator = TinySearch.supernetwork.replacing(
      "\"batchSize\": 16", with: "\"batchSize\": 16, \"reproducible\": true")
    let finalists = TinySearch.finalists.replacing(
      "\"batchSize\": 16", with: "\"batchSize\": 16, \"reproducible\": true")
    func results(_ directory: String) throws -> [Data] {
      let search = SearchDirectory(path: directory + "/runs/tiny")
      let weights = try FileManager.default.contentsOfDirectory(
        atPath: search.finalists.membersPath
      ).sorted().map { search.finalists.member($0).weightsPath }
      return try ((0..<2).map { "\(search.supernetworksPath)/\($0)/weights.safetensors" } + weights)
        .map { try Data(contentsOf: URL(filePath: $0)) }
    }
    try Consort.withDirectory { alone in
      try TinySearch.write(in: alone, evaluator: evaluator, finalists: finalists)
      let whole = try Consort(TinySearch.command, directory: alone)
      #expect(whole.status == 0, "\(whole.errors)")
      try Consort.withDirectory { directory in
        try TinySearch.write(in: directory, evaluator: evaluator, finalists: finalists)
        let port = try Self.freePort()
        let command =
          TinySearch.command + ["--rendezvous", "127.0.0.1:\(port)", "--world-size", "2"]
        var running = try (0..<2).map {
          try RunningConsort(command + ["--rank", "\($0)"], directory: directory)
        }
        let weights = directory + "/runs/tiny/supernetworks/0"
        #expect(running[0].wait { _ in FileManager.default.fileExists(atPath: weights) })
        running[1].send(SIGTERM)
        #expect(try running.map { try $0.finish().status } == [85, 85])
        running = try (0..<2).map {
          try RunningConsort(command + ["--rank", "\($0)"], directory: directory)
        }
        let ended = try running.map { try $0.finish() }
        #expect(ended.map(\.status) == [0, 0], "\(ended.map(\.errors))")
        #expect(ended[0].output.contains("2 processes train shared weights together"))
        #expect(ended.contains { $0.output.contains("by another worker") })
        #expect(try TinySearch.records(in: directory) == TinySearch.records(in: alone))
        #expect(try results(directory) == results(alone))
      }
    }
  }

  @Test func processesThatTrainWholeArchitecturesAreNotNumbered() throws {
    try Consort.withDirectory { directory in
      try TinySearch.write(in: directory)
      let result = try Consort(
        TinySearch.command + ["--rendezvous", "127.0.0.1:1", "--rank", "0", "--world-size", "2"],
        directory: directory)
      #expect(result.status == 2)
      #expect(result.errors.contains("start the same command several times"))
    }
  }

  /// The third process that one of them speaks of is never there.
  @Test func differentNumbersOfProcessesAreNotWaitedFor() throws {
    try Consort.withDirectory { directory in
      try TinyExperiment.write(Self.json(), in: directory)
      let port = try Self.freePort()
      let ended = try [
        Self.start(0, of: 2, at: port, in: directory),
        Self.start(1, of: 3, at: port, in: directory),
      ].map { try $0.finish() }
      for process in ended {
        #expect(process.status == 1)
        #expect(
          process.errors.contains(
            "process 1 has another number of processes (--world-size) than process 0"))
      }
    }
  }

  @Test func aFailureIsWrittenForTheLauncher() throws {
    try Consort.withDirectory { directory in
      try TinyExperiment.write(Self.json(), in: directory)
      let file = "\(directory)/error.json"
      let ended = try TinyExperiment.start(
        ["--jobs", "2"], in: directory,
        environment: [
          "RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1",
          "TORCHELASTIC_ERROR_FILE": file,
        ]
      ).finish()
      #expect(ended.status == 1 && ended.errors.contains("--jobs trains members side by side"))
      let report = try String(contentsOfFile: file, encoding: .utf8)
      #expect(report.contains(#""message":{"#) && report.contains(#""timestamp":""#))
    }
    try Consort.withDirectory { directory in
      try TinyExperiment.write(Self.json(), in: directory)
      let ended = try TinyExperiment.start(
        in: directory, environment: ["RANK": "0", "WORLD_SIZE": "2"]
      ).finish()
      #expect(ended.status == 1)
      #expect(ended.errors.contains("WORLD_SIZE is set and MASTER_ADDR is not"))
    }
  }

  @Test func aPortInUseIsNamed() throws {
    try Consort.withDirectory { directory in
      try TinyExperiment.write(Self.json(), in: directory)
      let descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
      defer { close(descriptor) }
      var address = sockaddr_in6()
      address.sin6_family = sa_family_t(AF_INET6)
      var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
      let isTaken = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
          bind(descriptor, address, length) == 0 && listen(descriptor, 1) == 0
            && getsockname(descriptor, address, &length) == 0
        }
      }
      #expect(isTaken)
      let port = Int(UInt16(bigEndian: address.sin6_port))
      let ended = try Self.start(0, of: 2, at: port, in: directory).finish()
      #expect(ended.status == 75)
      #expect(ended.errors.contains("port \(port) is in use"), "\(ended.errors)")
    }
  }
}
