// Steps of one member, trained by one process or by one of several: Benchmarks/run scale starts them.
//   benchmark-data-parallel NETWORK BATCH THREADS STEPS [RANK SIZE PORT [local]]
import Datasets
import Networks
import Runs
import Torch
import Training

let arguments = CommandLine.arguments
let isLocal = arguments.last == "local"
let numbers = arguments.dropFirst(2).dropLast(isLocal ? 1 : 0).compactMap { Int($0) }
guard numbers.count == arguments.count - (isLocal ? 3 : 2), numbers.count == 3 || numbers.count == 6
else {
  fatalError("usage: benchmark-data-parallel NETWORK BATCH THREADS STEPS [RANK SIZE PORT [local]]")
}
let (batch, threads, steps) = (numbers[0], numbers[1], numbers[2])

/// The processes, as this one sees them; nil where it is alone.
func connect() throws -> TrainingGroup? {
  guard numbers.count == 6 else { return nil }
  let (rank, size) = (numbers[3], numbers[4])
  let store = try ProcessStore(
    host: "127.0.0.1", port: UInt16(clamping: numbers[5]), isHost: rank == 0, seconds: 60)
  let groups = try ["control", "gradients"].map { name in
    try ProcessGroup(
      store.prefixed(name), rank: rank, size: size, address: "127.0.0.1", seconds: 300)
  }
  return TrainingGroup(control: groups[0], gradients: groups[1])
}

let group = try connect()
try Runtime.keepMemory()
try Runtime.setThreads(threads)
try Runtime.setDeterministic(true, allowTF32: false)
var recipe = Recipe(.paper)
recipe.batchSize = batch
if isLocal { recipe.batchNorm = .local }
let experiment = Experiment(
  name: "scale",
  data: DataSelection(
    procedural: ProceduralImages(
      imageSize: 32, trainCount: batch * (steps + 4), testCount: 10, seed: 1), holdOut: 0),
  members: [.init(network: arguments[1], count: 1)], recipe: recipe)
let images = RunImages.resident(
  try ProceduralImages(
    imageSize: 32, trainCount: batch * (steps + 4), testCount: 10, seed: 1
  ).dataset())
let partition = try DataPartition(of: experiment, labels: images.trainingLabels)
let member = experiment.allMembers[0]
let network = try images.network(member.network, nil, for: experiment)
let data = try WorkerImages(DeviceImages(images, partition, device: .cpu)).memberImages(
  of: member, network, in: experiment, partition, resizing: .none,
  StreamedImages.Decoding(corruptImages: .fail, workers: 1, skipped: { _ in }))
let training = try MemberTraining(
  member, of: experiment, network: network, data: data,
  normalization: Normalization(of: images, training: partition.training), directory: nil,
  identity: "", device: .cpu, checkpointInterval: .standard, group: group)
var times: [Double] = []
for step in 0..<steps + 3 {
  // The first three warm up.
  if step == 3 { _ = group?.takeSecondsWaited() }
  let start = ContinuousClock.now
  _ = try training.step()
  if step >= 3 { times.append(start.duration(to: .now) / .seconds(1)) }
}
let waited = (group?.takeSecondsWaited() ?? 0) / times.reduce(0, +)
times.sort()
let median = (times[(steps - 1) / 2] + times[steps / 2]) / 2
print(
  """
  {"images_per_second": \(Double(batch) / median), "median_seconds": \(median), "waiting_share": \(waited)}
  """)
