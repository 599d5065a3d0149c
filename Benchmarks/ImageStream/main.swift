// Streams training crops of a directory's images, and prints how many a second. The first pass is not timed.
//   benchmark-image-stream DIRECTORY IMAGES WORKERS
import Datasets
import Foundation
import Randomness

let arguments = CommandLine.arguments
guard arguments.count >= 4, let wanted = Int(arguments[2]), let workers = Int(arguments[3]) else {
  print("usage: benchmark-image-stream DIRECTORY IMAGES WORKERS")
  exit(2)
}
let batchSize = 64
let split = try EncodedSplit.load(directory: arguments[1])

/// Streams `count` images, epoch after epoch, and returns the seconds from the first batch's request to the last.
func stream(_ count: Int, seed: UInt64) throws -> (seconds: Double, sum: Int) {
  let epochs = (count + split.count - 1) / split.count
  let order = (0..<epochs).flatMap { epoch in
    var random = RandomStream(seed: seed, UInt64(epoch))
    return split.epochOrder(of: Array(0..<split.count), from: &random)
  }.prefix(count).map { $0 }
  let start = ContinuousClock.now
  let images = ImageStream(
    split, height: 224, width: 224, corruptImages: .fail, workers: workers, prefetchedBatches: 4
  ) { number in
    let first = number * batchSize
    guard first < order.count else { return nil }
    return (first..<min(first + batchSize, order.count)).map { position in
      ImageRequest(
        index: order[position],
        geometry: .randomResizedCrop(
          RandomResizedCrop(), flips: true,
          stream: RandomStream(seed: seed, 1 << 32, UInt64(position))))
    }
  }
  var (seen, sum) = (0, 0)
  while let batch = try images.next() {
    seen += batch.count
    sum += batch.pixels.withBytes { Int($0[0]) }
  }
  precondition(seen == count)
  let seconds = (ContinuousClock.now - start) / .seconds(1)
  return (seconds, sum)
}

_ = try stream(split.count, seed: 0)
let (seconds, sum) = try stream(wanted, seed: 1)
print(
  """
  {"program": "Consort", "images_per_second": \(Double(wanted) / seconds), "images": \(wanted), \
  "workers": \(workers), "sum": \(sum)}
  """)
