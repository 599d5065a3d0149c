import Concurrency
import Deployment
import Formatting
import Inference
import Synchronization

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The ensembles that are served, by name, and the threads that compute for all of them.
package final class ModelServer: Sendable {
  private struct Model: Sendable {
    let name: String
    let path: String
    let ensemble: LoadedEnsemble
    let record: ModelRecord
    let manifest: EnsembleManifest
    /// Nil where it is not known what its hold-out looked like.
    let drift: DriftMonitor?
  }

  private struct State {
    var models: [String: Model] = [:]
    var isDraining = false
    /// Images of all requests that are under way.
    var images = 0
    /// Whose the last request was, and when requests of several clients last came.
    var lastClient: String?
    var lastShared: ContinuousClock.Instant?

    /// Takes in a request, if there is room.
    ///
    /// - Returns: Whether its client has the server to itself for the time being; nil where there is no room.
    mutating func admit(
      _ count: Int, of client: String?, limit: Int, at now: ContinuousClock.Instant
    ) -> Bool? {
      guard images + count <= limit else { return nil }
      // Requests that one thread reads are never under way at once where it computes them.
      if images > 0 || client != lastClient { lastShared = now }
      lastClient = client
      images += count
      return lastShared.map { $0.duration(to: now) > ModelServer.sharedSpan } ?? true
    }
  }

  /// For so long after requests of several clients, the thread that reads them computes none: it would keep the next one waiting,
  /// for which another thread may be free.
  private static let sharedSpan = Duration.milliseconds(100)
  /// For how long that thread computes a request that has the server to itself, in seconds.
  private static let patience = 0.006

  /// A version is a directory's content; the one that is loaded is called so.
  package static let version = "1"

  private let options: ServingOptions
  private let pool: ComputePool
  private let state = Mutex(State())
  private let deadlines = Deadlines()

  /// Starts the threads; no model is loaded yet.
  ///
  /// - Throws: `WorkerThread.StartError`.
  package init(options: ServingOptions) throws {
    self.options = options
    pool = try ComputePool(threadCount: options.inference.threads)
  }

  deinit { pool.stop() }

  /// Loads the ensemble in the directory at `path`, or loads it again: the earlier one serves until the new one is warm, and
  /// goes on where that fails.
  ///
  /// - Throws: `InferenceError`, `PlacementError`, or `FileError`.
  package func load(_ name: String, from path: String) throws {
    let directory = try EnsembleDirectory(path: path)
    let members = directory.manifest.members.map(\.name)
    // What is counted goes on where it is counted of the same members.
    let earlier = state.withLock { $0.models[name] }
    let record =
      earlier.flatMap { $0.record.members == members ? $0.record : nil }
      ?? ModelRecord(name: name, version: Self.version, members: members)
    let drift =
      earlier.flatMap { $0.manifest == directory.manifest ? $0.drift : nil }
      ?? DriftMonitor(directory.manifest.expectedService, members: members.count)
    let ensemble = try LoadedEnsemble(directory, on: pool, options: options, record: record)
    state.withLock {
      $0.models[name] = Model(
        name: name, path: path, ensemble: ensemble, record: record, manifest: directory.manifest,
        drift: drift)
    }
  }

  /// Lets a model go; requests that it has are answered.
  ///
  /// - Returns: Whether there was one.
  package func unload(_ name: String) -> Bool {
    state.withLock { $0.models.removeValue(forKey: name) != nil }
  }

  /// Makes `isReady` false; requests are answered as before.
  package func drain() { state.withLock { $0.isDraining = true } }

  /// Whether a model is loaded, all answer, and the server is not about to end.
  package var isReady: Bool {
    let (isDraining, models) = state.withLock { ($0.isDraining, $0.models) }
    return !isDraining && !models.isEmpty
      && models.values.allSatisfy { $0.ensemble.irreplaceableMembers.isEmpty }
  }

  /// The members of a model that are lost, and that it does not answer without; none where it answers.
  ///
  /// - Throws: `ProtocolError.unknownModel` or `.unknownVersion`.
  package func irreplaceableMembers(
    of name: String, version: String? = nil
  ) throws(ProtocolError) -> [String] {
    try model(name, version: version).ensemble.irreplaceableMembers
  }

  /// The names of the models, sorted.
  package var modelNames: [String] { state.withLock { $0.models.keys.sorted() } }

  /// How many images wait or are computed.
  package var imageCount: Int { state.withLock { $0.images } }

  private func model(
    _ name: String, version: String? = nil
  ) throws(ProtocolError) -> Model {
    guard let model = state.withLock({ $0.models[name] }) else { throw .unknownModel(name) }
    if let version, version != Self.version {
      throw .unknownVersion(model: name, version: version)
    }
    return model
  }

  /// Makes sure that there is such a model.
  ///
  /// - Throws: `ProtocolError.unknownModel` or `.unknownVersion`.
  package func check(_ name: String, version: String?) throws(ProtocolError) {
    _ = try model(name, version: version)
  }

  /// What a body alone stands for: an image file where its first bytes say so, or where the model takes nothing else.
  ///
  /// - Throws: `ProtocolError.unknownModel` or `.unknownVersion`.
  package func rawInput(
    of name: String, version: String?, body: TensorBytes
  ) throws(ProtocolError) -> TensorDescription {
    let inputs = try model(name, version: version).ensemble.inputs
    return body.isImageFile ? LoadedEnsemble.fileInput : inputs[0]
  }

  /// The input as a file of an image.
  package static let imageInput = LoadedEnsemble.fileInput

  /// Answers a request.
  ///
  /// - Parameters:
  ///   - client: Tells clients apart, by their connections: one that is alone is answered without a change of threads.
  ///   - respond: Is called once, on any thread, with the answer, or what is wrong with the request or went wrong.
  /// - Returns: What ends the work where the client has left any more.
  package func infer(
    _ request: InferenceRequest, model name: String, version: String? = nil,
    client: String? = nil,
    respond: @escaping @Sendable (Result<InferenceAnswer, ProtocolError>) -> Void
  ) -> Cancellation? {
    var found: Model?
    do throws(ProtocolError) {
      let model = try model(name, version: version)
      found = model
      return begin(
        try Work(request, model.ensemble, options), of: request, from: client, by: model, respond)
    } catch {
      found?.record.addFailure(error, seconds: 0, wasPending: false)
      respond(.failure(error))
      return nil
    }
  }

  /// A request as its model takes it.
  private struct Work {
    let images: InferenceJob.Images
    let count: Int
    private(set) var wishes: InferenceJob.Wishes
    let seconds: Double?
    /// Whether it is answered as the hold-out was.
    let isWhole: Bool

    init(
      _ request: InferenceRequest, _ ensemble: LoadedEnsemble, _ options: ServingOptions
    ) throws(ProtocolError) {
      (images, count) = try ensemble.images(of: request)
      guard count <= options.waitingImages else {
        throw .badInput(
          name: LoadedEnsemble.inputName,
          .tooManyImages(count, limit: options.waitingImages))
      }
      if request.stageLimit != nil, ensemble.combination.cascade == nil {
        throw .badParameter(name: "max_stages", reason: "the model is not a cascade")
      }
      wishes = InferenceJob.Wishes(
        stageLimit: min(request.stageLimit ?? .max, ensemble.members.count),
        wantsAllMembers: request.wantsAllMembers,
        level: request.priority == 0 ? .max : request.priority)
      isWhole =
        !request.isOfEnsemble && wishes.stageLimit == ensemble.members.count
        && (ensemble.combination.cascade == nil || !wishes.wantsAllMembers)
      let microseconds = request.timeoutMicroseconds.map(Double.init)
      seconds = microseconds.map { $0 / 1e6 } ?? options.timeoutSeconds
      wishes.deadline = seconds.map { .now + .seconds($0) }
      // The rest is for the others and the answer, which then says what is missing.
      wishes.memberDeadline = seconds.map { .now + .seconds(0.9 * $0) }
    }
  }

  private func begin(
    _ work: Work, of request: InferenceRequest, from client: String?, by model: Model,
    _ respond: @escaping @Sendable (Result<InferenceAnswer, ProtocolError>) -> Void
  ) -> Cancellation? {
    let start = ContinuousClock.now
    let admitted = state.withLock {
      $0.admit(work.count, of: client, limit: options.waitingImages, at: start)
    }
    guard let isAlone = admitted else {
      let error = ProtocolError.overloaded(retryAfterSeconds: 1)
      model.record.addFailure(error, seconds: 0, wasPending: false)
      respond(.failure(error))
      return nil
    }
    model.record.addPending()
    let ticket = work.isWhole ? model.drift?.enter(images: work.count) : nil
    let job = InferenceJob(
      work.images, count: work.count, wishes: work.wishes, of: model.ensemble, on: pool
    ) { [self] job, outcome in
      deadlines.remove(job)
      state.withLock { $0.images -= work.count }
      if let ticket {
        switch outcome {
        case .success(let answer): model.drift?.finish(ticket, with: answer)
        case .failure(let error): model.drift?.leave(ticket, because: error)
        }
      }
      respond(answer(outcome, to: request, by: model, since: start))
    }
    if let seconds = work.seconds { deadlines.add(job, seconds: seconds) }
    job.begin(patience: isAlone ? Self.patience : 0)
    return Cancellation(job)
  }

  private func answer(
    _ outcome: Result<EnsembleAnswer, ProtocolError>, to request: InferenceRequest, by model: Model,
    since start: ContinuousClock.Instant
  ) -> Result<InferenceAnswer, ProtocolError> {
    let seconds = start.duration(to: .now) / .seconds(1)
    do throws(ProtocolError) {
      let said = try outcome.get()
      let answer = try InferenceAnswer(
        to: request, modelName: model.name, modelVersion: Self.version,
        outputs: model.ensemble.tensors(of: said, for: request),
        parameters: model.ensemble.parameters(of: said, for: request),
        labels: model.ensemble.labels ?? [])
      model.record.addSuccess(
        said, seconds: seconds, finishedAt: UInt64(Date().timeIntervalSince1970 * 1000))
      return .success(answer)
    } catch {
      model.record.addFailure(error, seconds: seconds, wasPending: true)
      return .failure(error)
    }
  }

  /// Ends the work on a request whose client is gone.
  package struct Cancellation: Sendable {
    private weak let job: InferenceJob?

    fileprivate init(_ job: InferenceJob) { self.job = job }

    /// Takes the request's images out of the queues; its answer is an error that is not sent.
    package func cancel() { job?.fail(.cancelled) }
  }
}

extension ModelServer {
  /// What the model takes and gives.
  ///
  /// - Throws: `ProtocolError.unknownModel` or `.unknownVersion`.
  package func metadata(
    of name: String, version: String? = nil
  ) throws(ProtocolError) -> ModelMetadata {
    let ensemble = try model(name, version: version).ensemble
    // Clients give every input that is named: the other form of the one there is stays unsaid.
    return ModelMetadata(
      name: name, versions: [Self.version], platform: "consort",
      inputs: [ensemble.inputs[0]], outputs: ensemble.outputs)
  }

  /// How the model is run, as Triton says it.
  ///
  /// - Throws: `ProtocolError.unknownModel` or `.unknownVersion`.
  package func configuration(
    of name: String, version: String? = nil
  ) throws(ProtocolError) -> ModelConfiguration {
    let ensemble = try model(name, version: version).ensemble
    return ModelConfiguration(
      name: name, platform: "consort", maxBatchSize: options.maximumBatch,
      inputs: [ensemble.inputs[0]], outputs: ensemble.outputs)
  }

  /// What was counted of a model, or of all.
  ///
  /// - Throws: `ProtocolError.unknownModel` or `.unknownVersion`.
  package func statistics(
    of name: String? = nil, version: String? = nil
  ) throws(ProtocolError) -> StatisticsAnswer {
    var models: [Model] = []
    for name in name.map({ [$0] }) ?? modelNames {
      models.append(try model(name, version: version))
    }
    return StatisticsAnswer(models.map { $0.record.snapshot.statistics })
  }

  /// All models that are loaded.
  package var index: [RepositoryEntry] {
    modelNames.map { RepositoryEntry(name: $0, version: Self.version, state: .ready) }
  }

  /// What was measured of all models that are loaded, by name.
  package var measurements: [ModelMeasurements] {
    let models = state.withLock { $0.models.values.sorted { $0.name < $1.name } }
    return models.map { model in
      ModelMeasurements(
        model.record.snapshot, members: model.record.members, of: model.manifest,
        drift: model.drift?.report ?? .unknown, workers: model.ensemble.workers)
    }
  }
}
