import LeaseSimulation
import Randomness
import Testing

@testable import Leases

/// Two or three workers of one directory, step by step.
@Suite struct LeaseWorkerTests {
  /// A worker with a clock of its own.
  private struct Worker {
    var leases: LeaseWorker
    var heartbeat: Heartbeat
    let client: SimulatedClient
    let directory: SimulatedDirectory
    let offset: Double
    var now: Double { directory.clock + offset }

    init(
      _ id: String, _ units: [String], in directory: SimulatedDirectory, offset: Double = 0
    ) throws {
      let seed = id.utf8.reduce(0) { $0 &* 31 &+ UInt64($1) }
      client = SimulatedClient(directory, random: RandomStream(seed: seed))
      (self.directory, self.offset) = (directory, offset)
      _ = try client.create("\(id).json", in: .workers, [])
      heartbeat = try Heartbeat(
        of: id, leaseSeconds: 180, in: client, now: directory.clock + offset)
      leases = try LeaseWorker(
        id: id, units: LeaseUnits(units), leaseSeconds: 180, in: client,
        now: directory.clock + offset)
    }

    mutating func next() throws -> LeaseWorker.Step {
      try leases.next(pulse: heartbeat.pulse, now: now)
    }
    mutating func confirm(_ unit: String) throws -> Int {
      try leases.confirm(unit, pulse: heartbeat.pulse, now: now)
    }
    mutating func beat() throws { try heartbeat.beat(now: now) }
  }

  private let directory = SimulatedDirectory(delay: 60)

  @Test func oneWorkerTakesAllInOrder() throws {
    var worker = try Worker("a", ["x", "y", "z"], in: directory)
    for unit in ["x", "y", "z"] {
      #expect(try worker.next() == .work(unit: unit, number: 1, lostBy: nil))
      #expect(try worker.confirm(unit) == 1)
      try worker.leases.end(unit, .complete)
    }
    #expect(try worker.next() == .nothing)
  }

  @Test func whatAnotherHasIsWaitedFor() throws {
    var first = try Worker("a", ["x"], in: directory)
    var second = try Worker("b", ["x"], in: directory, offset: -50_000)
    #expect(try first.next() == .work(unit: "x", number: 1, lostBy: nil))
    #expect(try first.next() == .nothing)
    #expect(try second.next() == .wait(units: 1))
    // As long as it beats, however long that is.
    for _ in 0..<100 {
      directory.clock += 20
      try first.beat()
      #expect(try second.next() == .wait(units: 1))
    }
    try first.leases.end("x", .complete)
    directory.clock += 61
    #expect(try second.next() == .nothing)
    #expect(second.leases.board.units[0].ending == .complete)
  }

  @Test func aLostWorkersUnitIsTakenOverAndItNotices() throws {
    var first = try Worker("a", ["x", "y"], in: directory, offset: 7200)
    var second = try Worker("b", ["x", "y"], in: directory)
    #expect(try first.next() == .work(unit: "x", number: 1, lostBy: nil))
    directory.clock += 61
    #expect(try second.next() == .work(unit: "y", number: 1, lostBy: nil))
    try second.leases.end("y", .failed)
    #expect(try second.next() == .wait(units: 1))
    directory.clock += 100
    try second.beat()
    #expect(try second.next() == .wait(units: 1))
    directory.clock += 90
    try second.beat()
    #expect(try second.next() == .work(unit: "x", number: 2, lostBy: "a"))
    // It comes back, beats first, and must not believe itself.
    try first.beat()
    #expect(throws: LeaseLost(unit: "x")) { try first.confirm("x") }
    #expect(throws: LeaseLost(unit: "x")) { try first.confirm("x") }
    #expect(try second.confirm("x") == 2)
    #expect(try first.next() == .wait(units: 1))
  }

  /// It stood still while it published its result, and knows of nothing.
  @Test func whatThePredecessorEndedAfterAllIsLeft() throws {
    var first = try Worker("a", ["x"], in: directory)
    var second = try Worker("b", ["x"], in: directory)
    #expect(try first.next() == .work(unit: "x", number: 1, lostBy: nil))
    #expect(try second.next() == .wait(units: 1))
    directory.clock += 200
    try second.beat()
    #expect(try second.next() == .work(unit: "x", number: 2, lostBy: "a"))
    #expect(try second.confirm("x") == 2)
    try first.leases.end("x", .complete)
    directory.clock += 61
    try second.beat()
    #expect(throws: LeaseLost(unit: "x")) { try second.confirm("x") }
    #expect(try second.next() == .nothing)
    #expect(second.leases.board.units[0].ending == .complete)
  }

  /// Nobody has taken its unit over: it goes on under the next number, and those who thought of it come too late.
  @Test func aPausedWorkerKeepsWhatNobodyTook() throws {
    var first = try Worker("a", ["x"], in: directory)
    var second = try Worker("b", ["x"], in: directory)
    #expect(try first.next() == .work(unit: "x", number: 1, lostBy: nil))
    #expect(try second.next() == .wait(units: 1))
    directory.clock += 300
    #expect(try first.confirm("x") == 2)
    #expect(try second.next() == .wait(units: 1))
    try first.beat()
    // It does not know of the beats in between: once more.
    #expect(try first.confirm("x") == 3)
    #expect(try first.confirm("x") == 3)
  }

  @Test func anEndInOrderFreesAtOnce() throws {
    var first = try Worker("a", ["x"], in: directory)
    #expect(try first.next() == .work(unit: "x", number: 1, lostBy: nil))
    try first.heartbeat.end()
    var second = try Worker("b", ["x"], in: directory)
    #expect(try second.next() == .work(unit: "x", number: 2, lostBy: nil))
  }

  /// The worker died between its two files.
  @Test func aLeaseWithoutAHoldersNameIsRead() throws {
    let client = SimulatedClient(directory, random: RandomStream(seed: 1))
    _ = try client.create("x.000001", in: .leases, Array("gone\n".utf8))
    _ = try client.create("gone.0.180.alive", in: .workers, [])
    var worker = try Worker("b", ["x"], in: directory)
    #expect(try worker.next() == .wait(units: 1))
    directory.clock += 100
    try worker.beat()
    #expect(try worker.next() == .wait(units: 1))
    directory.clock += 100
    try worker.beat()
    #expect(try worker.next() == .work(unit: "x", number: 2, lostBy: "gone"))
  }

  @Test func aWorkerThatCannotWriteDoesNotBelieveItHasAUnit() throws {
    var worker = try Worker("a", ["x"], in: directory)
    #expect(try worker.next() == .work(unit: "x", number: 1, lostBy: nil))
    worker.client.isWritable = false
    directory.clock += 170
    #expect(throws: SimulatedClient.Failure.self) { try worker.beat() }
    #expect(throws: SimulatedClient.Failure.self) { try worker.confirm("x") }
    worker.client.isWritable = true
    #expect(try worker.confirm("x") == 2)
  }

  /// Nobody relies on what is said to be complete: a new round looks at it again.
  @Test func whoIsAloneLooksAtEverythingAgain() throws {
    var first = try Worker("a", ["x", "y"], in: directory)
    #expect(try first.next() == .work(unit: "x", number: 1, lostBy: nil))
    try first.leases.end("x", .complete)
    #expect(try first.next() == .work(unit: "y", number: 1, lostBy: nil))
    try first.leases.end("y", .failed)
    var beside = try Worker("b", ["x", "y"], in: directory)
    #expect(try beside.next() == .nothing)
    try first.heartbeat.end()
    try beside.heartbeat.end()
    directory.clock += 61
    var later = try Worker("c", ["x", "y"], in: directory)
    #expect(try later.next() == .work(unit: "x", number: 2, lostBy: nil))
    #expect(try later.next() == .work(unit: "y", number: 2, lostBy: nil))
  }
}
