import LeaseSimulation

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

// A cluster in virtual time, with the real leases: 1,000 workers and 10,000 members of four costs, by default.
// With a directory before the numbers: the operations' time there.
let words = CommandLine.arguments.dropFirst().compactMap { Int($0) }
let workers = words.first ?? 1000
let members = words.dropFirst().first ?? 10_000

if let path = CommandLine.arguments.dropFirst().first, Int(path) == nil {
  try DiskMeasurement(in: path, members: words.last ?? 1000).run()
  exit(0)
}

/// Members of four networks, each twice as costly as the next: 5 to 40 minutes.
let seconds = (0..<members).map { 300.0 * Double(1 << ($0 % 4)) }

func percent(_ share: Double) -> String {
  let hundredths = Int((share * 10_000).rounded())
  return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100) %"
}

for (title, change) in [
  ("lost workers are replaced", { (_: inout SimulatedCluster.Plan) in }),
  ("lost workers are not replaced", { $0.isReplaced = false }),
  ("and 5 % an hour stand still for ten minutes", { $0.pausesPerHour = 0.05 }),
  (
    "and their clocks stand still too",
    {
      $0.pausesPerHour = 0.05
      $0.stopsClocks = true
    }
  ),
] {
  var plan = SimulatedCluster.Plan(memberSeconds: seconds)
  plan.workers = workers
  change(&plan)
  let outcome = try SimulatedCluster(plan).run()
  let each = Double(outcome.operations.requests) / outcome.seconds
  print(
    """
    \(workers) workers, \(members) members, 5 % of workers lost an hour, 60 s of delayed sight: \(title)
      complete \(outcome.complete), trained to the end twice \(outcome.trainedTwice), forgotten \(members - outcome.complete)
      lost workers \(outcome.lost), paused \(outcome.paused), members taken over \(outcome.takenOver), \
    noticed by those who had them \(outcome.noticed)
      \(Int(outcome.seconds)) s; idle \(percent(outcome.idleShare)) of the workers' time, while a member had no worker \
    \(percent(outcome.avoidableShare)); done again \(percent(outcome.repeatedSeconds / outcome.workerSeconds))
      requests to the file server a second: \((each * 10).rounded() / 10) on average, \
    \(outcome.busiestMinute / 60) in the busiest minute (\(outcome.operations))
    """)
  fflush(nil)
}
