import COpenVINO
import Files

/// One stream of batches through a classifier: the memory that a batch goes into, and what comes out of it.
///
/// Nothing is copied or allocated from batch to batch. A session stays on one thread at a time.
public final class InferenceSession {
  /// What computes.
  public let classifier: Classifier
  /// `[batch, C, H, W]` or `[batch, H, W, C]`, float32: the images, preprocessed. Write here before `run`.
  public let input: UnsafeMutableBufferPointer<Float>
  // A member's results, `[batch, classes]`, in the order of the classifier's models.
  private let outputs: [UnsafeMutableBufferPointer<Float>]
  private let requests: [OpenVINOHandle<co_request>]

  /// Prepares memory and requests.
  ///
  /// - Throws: `InferenceError.tooLittleMemory` or `.cannotRun`.
  public init(_ classifier: Classifier) throws(InferenceError) {
    self.classifier = classifier
    let models = classifier.models
    try Self.checkMemory(classifier)
    input = Self.allocate(classifier.batch * models[0].input.count)
    outputs = models.map { Self.allocate(classifier.batch * $0.classes) }
    do throws(EngineFailure) {
      var requests: [OpenVINOHandle<co_request>] = []
      for part in classifier.parts {
        requests.append(try Self.request(of: part, input: input, outputs: outputs))
      }
      self.requests = requests
    } catch {
      Self.deallocate([input] + outputs)
      throw .cannotRun(source: models[0].source, reason: error.reason)
    }
  }

  private static func checkMemory(_ classifier: Classifier) throws(InferenceError) {
    let models = classifier.models
    let image = models.reduce(models[0].input.count) { $0 + $1.classes }
    let bytes = (classifier.batch * image).multipliedReportingOverflow(
      by: MemoryLayout<Float>.stride)
    guard let shortage = Memory.shortage(bytes: bytes.overflow ? .max : bytes.partialValue) else {
      return
    }
    let fitting = max(1, shortage.fitting(of: classifier.batch))
    throw .tooLittleMemory(
      what: "a batch of \(classifier.batch) images", shortage, fix: "give --batch \(fitting)")
  }

  deinit {
    // The requests go later, but no computation is under way.
    Self.deallocate([input] + outputs)
  }

  private static func request(
    of part: Classifier.CompiledMembers, input: UnsafeMutableBufferPointer<Float>,
    outputs: [UnsafeMutableBufferPointer<Float>]
  ) throws(EngineFailure) -> OpenVINOHandle<co_request> {
    let request = try OpenVINOHandle<co_request> { co_request_create(part.compiled.handle, $0) }
    try EngineFailure.check(
      co_request_bind(request.handle, CO_INPUT, 0, input.baseAddress, input.count))
    for (index, member) in part.members.enumerated() {
      let output = outputs[member]
      try EngineFailure.check(
        co_request_bind(request.handle, CO_OUTPUT, index, output.baseAddress, output.count))
    }
    return request
  }

  /// Room for `count` numbers at a cache line's start, all 0.
  private static func allocate(_ count: Int) -> UnsafeMutableBufferPointer<Float> {
    let bytes = UnsafeMutableRawBufferPointer.allocate(
      byteCount: count * MemoryLayout<Float>.stride, alignment: 64)
    let floats = bytes.bindMemory(to: Float.self)
    floats.initialize(repeating: 0)
    return floats
  }

  private static func deallocate(_ buffers: [UnsafeMutableBufferPointer<Float>]) {
    for buffer in buffers { UnsafeMutableRawBufferPointer(buffer).deallocate() }
  }

  /// Computes the batch in `input`, and returns when all members are done.
  ///
  /// - Throws: `InferenceError.cannotRun`.
  public func run() throws(InferenceError) {
    do throws(EngineFailure) {
      if let request = requests.first, requests.count == 1 {
        try EngineFailure.check(co_request_run(request.handle))
      } else {
        try runSideBySide()
      }
    } catch {
      let names = classifier.models.map(\.source).joined(separator: ", ")
      throw .cannotRun(source: names, reason: error.reason)
    }
  }

  private func runSideBySide() throws(EngineFailure) {
    var failure: EngineFailure?
    var started = 0
    for request in requests {
      do throws(EngineFailure) {
        try EngineFailure.check(co_request_start(request.handle))
        started += 1
      } catch {
        failure = error
        break
      }
    }
    // All that were started write into this session's memory: none may be left behind.
    for request in requests.prefix(started) {
      do throws(EngineFailure) {
        try EngineFailure.check(co_request_wait(request.handle))
      } catch {
        failure = failure ?? error
      }
    }
    if let failure { throw failure }
  }

  /// What `member` gave for the last batch, `[batch, classes]`, of the model's own kind; valid until the next `run`.
  public func rawOutput(of member: Int) -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(outputs[member])
  }

  /// The log-probabilities that `member` gave the first `count` images of the last batch, `[count, classes]`, in nats.
  ///
  /// - Throws: `InferenceError.notADistribution` where its numbers are none.
  public func logProbabilities(
    of member: Int, count: Int? = nil
  ) throws(InferenceError) -> [Float] {
    let model = classifier.models[member]
    let count = count ?? classifier.batch
    precondition((0...classifier.batch).contains(count), "images of the batch")
    var values = Array(outputs[member].prefix(count * model.classes))
    for image in 0..<count {
      let row = image * model.classes..<(image + 1) * model.classes
      let fault = values.withUnsafeMutableBufferPointer {
        model.outputKind.normalize($0.extracting(row))
      }
      if let fault {
        throw .notADistribution(source: model.source, image: image, reason: fault)
      }
    }
    return values
  }
}

extension InferenceSession {
  /// Makes sure that the answer for the first image of the last batch does not change with the images beside it; the
  /// input and the outputs are others afterwards.
  ///
  /// - Throws: `InferenceError.answersByBatch`, or `.cannotRun`.
  package func checkIndependence() throws(InferenceError) {
    guard classifier.batch > 1 else { return }
    let models = classifier.models
    let before = models.indices.map { Array(rawOutput(of: $0).prefix(models[$0].classes)) }
    let size = models[0].input.count
    for image in 1..<classifier.batch {
      // Turned round, the first image has the same range as before, and is another one.
      for index in 0..<size { input[image * size + index] = input[size - 1 - index] }
    }
    try run()
    for (member, model) in models.enumerated() {
      let after = rawOutput(of: member).prefix(model.classes)
      let scale = before[member].filter(\.isFinite).reduce(1) { max($0, abs($1)) }
      // Equal ones may be infinite, where a class is ruled out.
      let isSame = zip(before[member], after).allSatisfy {
        $0 == $1 || abs($0 - $1) <= Self.tolerance * scale
      }
      guard isSame else {
        throw .answersByBatch(source: model.source)
      }
    }
  }

  /// Of a number of the size of the greatest: what rounding leaves, also in half precision.
  private static let tolerance: Float = 1e-3
}
