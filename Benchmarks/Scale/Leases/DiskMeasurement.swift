import Leases

/// What the leases take of a worker's time in a real directory that holds many members.
struct DiskMeasurement {
  private let directory: LeaseDirectory
  private let members: Int

  init(in path: String, members: Int) throws {
    directory = LeaseDirectory(path: path)
    self.members = members
  }

  /// Seconds of one operation, the median of `count`.
  private func seconds(_ count: Int, _ body: (Int) throws -> Void) rethrows -> Double {
    var times: [Double] = []
    for number in 0..<count {
      let start = ContinuousClock.now
      try body(number)
      times.append(start.duration(to: .now) / .seconds(1))
    }
    return times.sorted()[count / 2]
  }

  /// Prints each operation's time, and what they make of a worker's.
  func run() throws {
    let names = (0..<members).map { "member-\($0)" }
    var heartbeat = try Heartbeat(of: "host-1-a", leaseSeconds: 180, in: directory, now: 0)
    _ = try directory.create("host-1-a.json", in: .workers, Array("{}".utf8))
    var worker = try LeaseWorker(
      id: "host-1-a", units: LeaseUnits(names), leaseSeconds: 180, in: directory, now: 0)
    let taking = try seconds(members) { number in
      let step = try worker.next(pulse: heartbeat.pulse, now: 0)
      guard case .work(let unit, _, _) = step else { return }
      try worker.end(unit, .complete)
    }
    _ = try directory.create("last.000001", in: .leases, [])
    let beat = try seconds(1000) { try heartbeat.beat(now: Double($0)) }
    let lookup = try seconds(1000) { _ in _ = try directory.exists("x.000002", in: .leases) }
    // A beat each 20 s, a look at the next lease a minute and an epoch (one a minute, say), a member taken every ten minutes.
    let share = beat / 20 + 2 * lookup / 60 + taking / 600
    print(
      """
      in a directory of \(members) members: a sign of life \(micro(beat)), a look for the next lease \(micro(lookup)), \
      listing, taking and ending a member \(micro(taking)): \(Double((share * 1e7).rounded()) / 1e5) % of a worker's time
      """)
  }

  private func micro(_ seconds: Double) -> String { "\(Int((seconds * 1e6).rounded())) us" }
}
