import Testing

@testable import Training

/// Which processes train together, by the variables of launchers and by options.
@Suite struct LaunchTests {
  private static let torchrun = [
    "RANK": "3", "LOCAL_RANK": "1", "WORLD_SIZE": "4", "LOCAL_WORLD_SIZE": "2",
    "MASTER_ADDR": "node0", "MASTER_PORT": "29400", "TORCHELASTIC_RUN_ID": "job",
    "TORCHELASTIC_RESTART_COUNT": "2", "TORCHELASTIC_USE_AGENT_STORE": "True",
    "TORCHELASTIC_ERROR_FILE": "/tmp/error.json",
  ]

  private static let slurm = [
    "SLURM_JOB_ID": "17", "SLURM_STEP_ID": "1", "SLURM_PROCID": "2", "SLURM_LOCALID": "0",
    "SLURM_NODEID": "1", "SLURM_STEP_NUM_TASKS": "3", "SLURM_STEP_TASKS_PER_NODE": "2,1",
    "SLURM_STEP_NODELIST": "gpu[07-08]",
  ]

  private func find(
    _ environment: [String: String], _ options: Launch.Options = Launch.Options()
  ) throws -> Launch? {
    try Launch.find(options, environment: environment)
  }

  @Test func torchrunsVariables() throws {
    let launch = try #require(try find(Self.torchrun))
    #expect((launch.rank, launch.size) == (3, 4))
    #expect((launch.localRank, launch.localSize) == (1, 2))
    #expect((launch.host, launch.port) == ("node0", 29400))
    #expect(launch.keyPrefix == "consort/job/2" && launch.errorFile == "/tmp/error.json")
    #expect(!launch.holdsStore)
    // The agent holds the store, so that the first process does not either.
    #expect(try #require(try find(Self.torchrun.merging(["RANK": "0"]) { $1 })).holdsStore == false)
    let own = Self.torchrun.merging(["RANK": "0", "TORCHELASTIC_USE_AGENT_STORE": "False"]) { $1 }
    #expect(try #require(try find(own)).holdsStore)
  }

  @Test func aProcessAloneJustTrains() throws {
    #expect(try find([:]) == nil)
    #expect(try find(["WORLD_SIZE": "1"]) == nil)
    #expect(try find(Self.torchrun.merging(["WORLD_SIZE": "1", "RANK": "0"]) { $1 }) == nil)
    // An allocation without a step, and a step of one task.
    #expect(
      try find(Self.slurm.filter { !["SLURM_STEP_ID", "SLURM_PROCID"].contains($0.key) }) == nil)
    #expect(try find(Self.slurm.merging(["SLURM_STEP_NUM_TASKS": "1"]) { $1 }) == nil)
  }

  @Test func aSlurmStep() throws {
    let launch = try #require(try find(Self.slurm))
    #expect((launch.rank, launch.size) == (2, 3))
    #expect((launch.localRank, launch.localSize) == (0, 1))
    #expect(launch.host == "gpu07" && launch.port == 15_137)
    let named = try #require(
      try find(Self.slurm.merging(["MASTER_ADDR": "a", "MASTER_PORT": "5"]) { $1 }))
    #expect((named.host, named.port) == ("a", 5))
    let onlyHost = try #require(try find(Self.slurm.merging(["MASTER_ADDR": "a"]) { $1 }))
    #expect((onlyHost.host, onlyHost.port) == ("a", 15_137))
    #expect(SlurmNodes.first(of: "a1,b[2-3]") == "a1")
    #expect(SlurmNodes.first(of: "rack[1,3-4]-node") == "rack1-node")
    #expect(SlurmNodes.first(of: "") == nil)
    #expect(SlurmNodes.tasks("2(x3),1") == [2, 2, 2, 1])
  }

  @Test func optionsGoFirst() throws {
    let options = Launch.Options(rendezvous: "[::1]:29500", rank: 1, size: 2)
    let launch = try #require(try find(Self.slurm, options))
    #expect((launch.rank, launch.size, launch.host, launch.port) == (1, 2, "::1", 29500))
    #expect(!launch.holdsStore)
    // In place of an address that torchrun gives and this host cannot resolve.
    let other = try #require(
      try find(Self.torchrun, Launch.Options(rendezvous: "10.0.0.1:29400")))
    #expect((other.rank, other.host) == (3, "10.0.0.1"))
  }

  @Test(arguments: [
    (["WORLD_SIZE": "2", "RANK": "0"], "WORLD_SIZE is set and MASTER_ADDR is not"),
    (["WORLD_SIZE": "2"], "WORLD_SIZE is set and RANK is not"),
    (
      ["WORLD_SIZE": "2", "RANK": "0", "MASTER_ADDR": "a"],
      "WORLD_SIZE is set and MASTER_PORT is not"
    ),
    (["WORLD_SIZE": "two", "RANK": "0"], "WORLD_SIZE is 'two': it takes a whole number"),
    (["WORLD_SIZE": "2", "RANK": "2", "MASTER_ADDR": "a", "MASTER_PORT": "1"], "RANK is '2'"),
  ])
  func whatMakesNoSense(environment: [String: String], message: String) throws {
    let error = #expect(throws: ParallelError.self) { try find(environment) }
    #expect(error?.description.hasPrefix(message) ?? false, "\(String(describing: error))")
  }

  @Test func aHostWithoutAddressNamesTheVariableAndTheWayRound() throws {
    let launch = try #require(
      try find(Self.torchrun.merging(["MASTER_ADDR": "no-such-host.invalid"]) { $1 }))
    let error = #expect(throws: ParallelError.self) {
      try Rendezvous(launch, interface: nil)
    }
    let text = error?.description ?? ""
    #expect(text.hasPrefix("MASTER_ADDR is 'no-such-host.invalid'"))
    #expect(text.contains("--rendezvous HOST:PORT"))
  }

  @Test func partsOfABatchCoverItOnce() {
    for (count, pieceSize, shards) in [(128, 128, 12), (5, 5, 12), (26, 13, 3), (1, 64, 4)] {
      for processes in 1...3 {
        let cuts = (0..<processes).map { rank in
          BatchCut(
            shards: shards, own: shards * rank / processes..<shards * (rank + 1) / processes,
            pieceSize: pieceSize)
        }
        #expect(cuts.flatMap { $0.places(of: count) }.sorted() == Array(0..<count))
      }
    }
  }
}
