import Concurrency
import Inference
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What a model says of the images of a sample.
struct SampleScores: Sendable {
  /// `[N, classes]`, in nats.
  let logProbabilities: [Float]
  let classes: Int

  /// Predicts the first `count` images of the sample.
  ///
  /// - Throws: `InferenceError`.
  init(
    of model: ImageModel, on sample: ImageSample, count: Int, threads: Int
  ) throws {
    classes = model.classes
    let batch = model.input.fixedBatch ?? min(16, count)
    // Models that are tried once are kept nowhere.
    let options = InferenceOptions(threads: threads, streams: threads, cacheDirectory: nil)
    let classifier = try Classifier([model], batch: batch, options: options)
    let (starts, width) = (Array(stride(from: 0, to: count, by: batch)), model.classes)
    let parts = try parallelMap(threads) { (thread) throws -> [(Int, [Float])] in
      let session = try InferenceSession(classifier)
      return try stride(from: thread, to: starts.count, by: threads).map { number in
        let first = starts[number]
        let images = min(batch, count - first)
        sample.fill(session.input, with: first..<first + images)
        try session.run()
        return (first, try session.logProbabilities(of: 0, count: images))
      }
    }
    var values = [Float](repeating: 0, count: count * width)
    for (first, rows) in parts.joined() {
      values.replaceSubrange(first * width..<first * width + rows.count, with: rows)
    }
    logProbabilities = values
  }

  /// `[N]`: the most probable class of each image, of equals the first.
  var predictedClasses: [Int] { Self.predictedClasses(logProbabilities, classes: classes) }

  static func predictedClasses(_ values: [Float], classes: Int) -> [Int] {
    stride(from: 0, to: values.count, by: classes).map { start in
      (1..<classes).reduce(0) { values[start + $1] > values[start + $0] ? $1 : $0 }
    }
  }

  /// The mean Kullback-Leibler divergence of this from another model's distributions of the same images, in nats.
  func divergence(from other: SampleScores) -> Double {
    var sum = 0.0
    for (p, q) in zip(other.logProbabilities, logProbabilities) where p > -.infinity {
      sum += exp(Double(p)) * (Double(p) - Double(max(q, -1000)))
    }
    return sum / Double(max(1, logProbabilities.count / classes))
  }
}
