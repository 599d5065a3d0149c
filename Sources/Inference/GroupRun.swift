import Datasets

/// The work on members that read the same input.
struct GroupRun: Sendable {
  private let group: [Int]
  private let preprocessing: Preprocessing
  private let classifier: Classifier
  private let options: PredictionOptions

  /// Compiles the members at the places `group`.
  ///
  /// - Parameter images: How many there are in all, of which this work may be on some. The size of a batch comes from
  ///   it, so that an image's numbers do not depend on how many others go with it.
  init(
    _ group: [Int], of members: [EnsembleMember], images: Int, options: PredictionOptions
  ) throws {
    self.group = group
    self.options = options
    let first = members[group[0]]
    preprocessing = first.preprocessing
    var inference = options.inference
    inference.streams = inference.threads
    let batch = first.model.input.fixedBatch ?? min(options.batch, images)
    classifier = try Classifier(group.map { members[$0].model }, batch: batch, options: inference)
  }

  /// Computes all batches of `images`, or of those at `choice`, on all threads.
  ///
  /// - Throws: What went wrong first.
  func compute(
    _ images: PredictionImages, choice: [Int]? = nil, hashesContents: Bool,
    into results: PredictionResults
  ) throws {
    let feed = PredictionFeed(
      images, choice: choice, for: preprocessing, batch: classifier.batch,
      hashesContents: hashesContents, options)
    try Workers.run(count: options.inference.threads) {
      do {
        let session = try InferenceSession(classifier)
        while let batch = try feed.next() {
          try compute(batch, in: session, into: results)
        }
      } catch {
        feed.cancel()
        throw error
      }
    }
  }

  private func compute(
    _ batch: PredictionBatch, in session: InferenceSession, into results: PredictionResults
  ) throws {
    let count = batch.indices.count
    var values: [[Float]] = []
    if count > 0 {
      fill(session.input, with: batch)
      try session.run()
      for member in group.indices {
        values.append(try session.logProbabilities(of: member, count: count))
      }
    }
    results.add(batch, members: group, values)
  }

  private func fill(_ input: UnsafeMutableBufferPointer<Float>, with batch: PredictionBatch) {
    batch.pixels.withBytes { pixels in
      var filled = 0
      for span in batch.spans {
        preprocessing.normalize(
          UnsafeRawBufferPointer(rebasing: pixels[span]),
          into: UnsafeMutableBufferPointer(rebasing: input[filled..<filled + span.count]))
        filled += span.count
      }
    }
  }
}
