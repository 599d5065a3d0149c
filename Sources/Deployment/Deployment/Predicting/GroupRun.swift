import Concurrency
import Datasets
import Files
import Inference

/// The work on members that read the same input.
struct GroupRun: Sendable {
  private let group: [Int]
  private let preprocessing: Preprocessing
  private let classifier: Classifier
  private let options: PredictionOptions
  /// Of each member, where its outputs are taken for logits and nothing but their numbers says otherwise.
  private let observers: [ScoresObserver?]
  private let batches = Counter()

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
    // One image is computed beside an empty one, so that it can be seen whether others change its answer.
    let most = options.batch == 1 ? 1 : max(2, images)
    let batch = first.model.input.fixedBatch ?? min(options.batch, most)
    classifier = try Classifier(group.map { members[$0].model }, batch: batch, options: inference)
    observers = group.map {
      let model = members[$0].model
      // Consort's own exports say what their output is.
      let isKnown = model.choice.kind != nil || model.isExport
      return model.outputKind == .logits && !isKnown ? ScoresObserver() : nil
    }
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
    try parallelFor(options.inference.threads) { _ throws in
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
    try checkScores()
  }

  /// What is to be said of the outputs, after all is computed.
  var notes: [Note] {
    zip(observers, classifier.models).compactMap { observer, model in
      observer?.doubt.map { Note(source: model.source, text: $0) }
    }
  }

  /// Makes sure that what is taken for logits may be some.
  private func checkScores() throws(InferenceError) {
    for (observer, model) in zip(observers, classifier.models) {
      if let found = observer?.found { throw .otherScores(source: model.source, found) }
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
        let raw = session.rawOutput(of: member)
        let classes = classifier.models[member].classes
        observers[member]?.add(raw.extracting(0..<count * classes), classes: classes)
        values.append(try logProbabilities(of: member, batch, in: session))
      }
      if batches.next() == 0 {
        try checkScoresAreNoDistribution()
        try session.checkIndependence()
      }
    }
    results.add(batch, members: group, values)
  }

  /// Stops early where what is taken for logits is a distribution.
  private func checkScoresAreNoDistribution() throws(InferenceError) {
    for (observer, model) in zip(observers, classifier.models) {
      guard let found = observer?.found, found != .negatedLogarithms else { continue }
      throw .otherScores(source: model.source, found)
    }
  }

  /// As the session has them; an error counts the image among all that are predicted.
  private func logProbabilities(
    of member: Int, _ batch: PredictionBatch, in session: InferenceSession
  ) throws(InferenceError) -> [Float] {
    do throws(InferenceError) {
      return try session.logProbabilities(of: member, count: batch.indices.count)
    } catch {
      guard case .notADistribution(let source, let image, let reason) = error else { throw error }
      throw .notADistribution(source: source, image: batch.indices[image], reason: reason)
    }
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
