// Loads a data set until it is ready to train, and says what it found. Benchmarks/run times the whole process.
//   benchmark-data-loading DIRECTORY CACHE
import Datasets

let dataset = try ImageDataset.load(
  directory: CommandLine.arguments[1], cacheDirectory: CommandLine.arguments[2])
print(
  """
  {"images": \(dataset.train.count + dataset.test.count), "fingerprint": "\(dataset.train.fingerprint)"}
  """)
