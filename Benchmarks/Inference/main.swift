// Members on the same images, timed: the counterpart of peer.py and of benchmark-openvino. Benchmarks/run compares them.
//   benchmark-inference BATCH THREADS SECONDS ARRANGEMENT MODEL...
import Inference

let arguments = CommandLine.arguments
guard arguments.count > 5, let batch = Int(arguments[1]), let threads = Int(arguments[2]),
  let seconds = Double(arguments[3]),
  let arrangement = InferenceOptions.Arrangement(rawValue: arguments[4])
else {
  fatalError("usage: benchmark-inference BATCH THREADS SECONDS ARRANGEMENT MODEL...")
}
let options = InferenceOptions(
  threads: threads, arrangement: arrangement, cacheDirectory: nil)
let models = try arguments.dropFirst(5).map { try ImageModel(path: $0) }
let session = try InferenceSession(Classifier(models, batch: batch, options: options))
for index in session.input.indices { session.input[index] = Float(index % 255) / 127 - 1 }

var times: [Double] = []
let begin = ContinuousClock.now
var elapsed = 0.0
while elapsed < 1.2 * seconds || times.count < 5 {
  let start = ContinuousClock.now
  try session.run()
  let end = ContinuousClock.now
  elapsed = begin.duration(to: end) / .seconds(1)
  // The first sixth of the time warms up.
  if elapsed > 0.2 * seconds { times.append(start.duration(to: end) / .seconds(1)) }
}
times.sort()
let median = times[times.count / 2]
print(
  """
  {"program": "consort on \(InferenceEngine.version)", "images_per_second": \(Double(batch) / median), \
  "median_seconds": \(median)}
  """)
