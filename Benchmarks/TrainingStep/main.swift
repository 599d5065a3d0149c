// One training step on a fixed batch, timed: the counterpart of peer.py. Benchmarks/run compares the two.
//   benchmark-training-step NETWORK BATCH THREADS STEPS
import Networks
import Torch
import Training

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A line of /proc/self/status in KiB, such as VmRSS or VmHWM; 0 where there is none.
func memoryKiB(_ key: String) -> Int {
  guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else {
    return 0
  }
  let line = status.split(separator: "\n").first { $0.hasPrefix(key + ":") }
  return line.flatMap { Int($0.filter(\.isNumber)) } ?? 0
}

let arguments = CommandLine.arguments
guard arguments.count == 5, let batch = Int(arguments[2]), let threads = Int(arguments[3]),
  let steps = Int(arguments[4])
else {
  fatalError("usage: benchmark-training-step NETWORK BATCH THREADS STEPS")
}
try Runtime.keepMemory()
try Runtime.setThreads(threads)
try Runtime.setDeterministic(true, allowTF32: false)
let generator = try Generator(seed: 0)
let images = try Tensor.normal([batch, 3, 32, 32], standardDeviation: 1, generator: generator)
  .contiguous(.channelsLast)
let labels = try Tensor((0..<batch).map { Int64($0 % 10) }, shape: [batch])
let before = memoryKiB("VmRSS")

let model = try Model(Network(named: arguments[1]), generator: generator)
let optimizer = try StochasticGradientDescent(
  model.trainableTensors, momentum: 0.9, weightDecay: 5e-4, nesterov: true)
var times: [Double] = []
for step in 0..<steps + 3 {
  let start = ContinuousClock.now
  try model.logits(images, training: true).crossEntropy(labels).backward()
  try optimizer.step(learningRate: 0.1)
  // The first three warm up.
  if step >= 3 { times.append(start.duration(to: .now) / .seconds(1)) }
}
times.sort()
let median = (times[(steps - 1) / 2] + times[steps / 2]) / 2
let peak = memoryKiB("VmHWM")
print(
  """
  {"program": "consort on libtorch \(Runtime.version)", "images_per_second": \(Double(batch) / median), \
  "median_seconds": \(median), "peak_kib": \(peak), "peak_beside_libraries_kib": \(peak - before)}
  """)
