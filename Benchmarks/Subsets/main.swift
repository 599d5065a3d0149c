// Evaluates all subsets of up to LARGEST members and says how long it took, reading included: the counterpart of peer.py.
//   benchmark-subsets DIRECTORY LARGEST top1|metrics|cascade
// With cascade, finds the best thresholds of a cascade of the first LARGEST members, for each of four goals.
import Ensembles
import Predictions

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A line of /proc/self/status in MiB, such as VmHWM; 0 where there is none.
func memoryMiB(_ key: String) -> Int {
  guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else {
    return 0
  }
  let line = status.split(separator: "\n").first { $0.hasPrefix(key + ":") }
  return line.flatMap { Int($0.filter(\.isNumber)) }.map { $0 / 1024 } ?? 0
}

/// Seconds of all threads on processors so far: what other programs leave alone.
func processorSeconds() -> Double {
  var usage = rusage()
  #if canImport(Darwin)
    getrusage(RUSAGE_SELF, &usage)
  #else
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  #endif
  let times = [usage.ru_utime, usage.ru_stime]
  return times.reduce(0) { $0 + Double($1.tv_sec) + 1e-6 * Double($1.tv_usec) }
}

let arguments = CommandLine.arguments
guard arguments.count == 4, let largest = Int(arguments[2]), largest >= 1 else {
  fatalError("usage: benchmark-subsets DIRECTORY LARGEST top1|metrics|cascade")
}
let clock = ContinuousClock()
let names = try FileManager.default.contentsOfDirectory(atPath: arguments[1])
  .filter { $0.hasSuffix(".safetensors") }.sorted()
var members: [Predictions] = []
let opening = try clock.measure {
  members = try names.map { try Predictions(path: arguments[1] + "/" + $0) }
}
let openingProcessor = processorSeconds()
let all = arguments[3] == "metrics"
var sum = 0.0
var best = 0.0
var count = 0
let evaluation = try clock.measure {
  if arguments[3] == "cascade" {
    // Every member costs as much: from one to all of them an image.
    let cost = Double(members[0].multiplyAccumulates)
    for part in [0.2, 0.4, 0.6, 0.8] {
      let goal = cost * (1 + part * Double(largest - 1))
      let cascade = try Cascade(of: Array(members.prefix(largest)), goal: .cost(atMost: goal))
      sum += cascade.holdOut.accuracy
      best = max(best, cascade.holdOut.accuracy)
      count += 1
    }
    return
  }
  let scores = try SubsetScores(
    of: members, sizes: 1...largest, measure: all ? .allMetrics : .top1Accuracy)
  sum = scores.top1Accuracies.reduce(0, +)
  sum += scores.metrics.reduce(0) {
    $0 + $1.topKAccuracy + $1.negativeLogLikelihood + $1.brierScore + $1.expectedCalibrationError
  }
  best = scores.top1Accuracies.max() ?? 0
  count = scores.subsets.count
}
let evaluationProcessor = processorSeconds() - openingProcessor
print(
  """
  {"program": "Consort", "opening_seconds": \(opening / .seconds(1)), \
  "seconds": \(evaluation / .seconds(1)), "opening_processor_seconds": \(openingProcessor), \
  "processor_seconds": \(evaluationProcessor), "subsets": \(count), "sum": \(sum), "best": \(best), \
  "peak_mib": \(memoryMiB("VmHWM"))}
  """)
