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
let times = try InferenceTimes(
  [Classifier(models, batch: batch, options: options)], seconds: seconds)
let median = times.quantile(0.5)
print(
  """
  {"program": "consort on \(InferenceEngine.version)", "images_per_second": \(Double(batch) / median), \
  "median_seconds": \(median)}
  """)
