import Datasets
import Ensembles
import Predictions
import Synchronization

/// A request at work: its images, and what the members have said of them.
///
/// Each image goes its own way through the members, in whichever batch; when all have arrived, the answer is made and handed
/// over, once.
final class InferenceJob: Sendable {
  /// What a request asks for, beside its images.
  struct Wishes: Sendable {
    /// How many of the members may run at most.
    var stageLimit: Int
    /// Whether a cascade's members all run on all images.
    var wantsAllMembers = false
    /// When the answer is of no use any more; nil for never.
    var deadline: ContinuousClock.Instant?
    /// The lower, the more urgent.
    var level = Int.max
  }

  /// The images.
  enum Images: Sendable {
    /// float32 as the members take it, one image after another.
    case tensor(TensorBytes)
    /// JPEG or PNG files.
    case encoded(ByteElements)
  }

  private struct State {
    /// Of each group of members and image, decoded: `[3, height, width]`; empty before it is.
    var pixels: [[[UInt8]]]
    /// Of each group and image, the members that wait for it to be decoded.
    var wanting: [[[Int]]]
    /// Of each member, `[N, classes]`.
    var logProbabilities: [[Float]]
    /// How many of the results are still to come: a member's of an image each, or images of a cascade.
    var pending: Int
    var start: ContinuousClock.Instant?
    var exits: [Int]
    /// Of each image, how many members have run.
    var ran: [Int]
    /// What the answer is made of was taken, or the request has failed.
    var isFinished = false
  }

  private let ensemble: LoadedEnsemble
  private let pool: ComputePool
  private let images: Images
  private let wishes: Wishes
  /// How many images.
  let count: Int
  /// Its number among all requests, by when they came.
  let arrival: UInt64
  private let submitted = ContinuousClock.now
  private let state: Mutex<State>
  private let finish: @Sendable (InferenceJob, Result<EnsembleAnswer, ProtocolError>) -> Void

  /// - Parameters:
  ///   - images: `count` of them, at least one.
  ///   - finish: Is called once, on any thread, with the answer or what went wrong.
  init(
    _ images: Images, count: Int, wishes: Wishes, of ensemble: LoadedEnsemble, on pool: ComputePool,
    finish: @escaping @Sendable (InferenceJob, Result<EnsembleAnswer, ProtocolError>) -> Void
  ) {
    precondition(count > 0, "at least one image")
    self.images = images
    self.count = count
    self.wishes = wishes
    self.ensemble = ensemble
    self.pool = pool
    arrival = pool.nextArrival()
    self.finish = finish
    let groups = ensemble.groups.count
    state = Mutex(
      State(
        pixels: [[[UInt8]]](repeating: [[UInt8]](repeating: [], count: count), count: groups),
        wanting: [[[Int]]](repeating: [[Int]](repeating: [], count: count), count: groups),
        logProbabilities: ensemble.members.map {
          [Float](repeating: 0, count: count * $0.model.classes)
        },
        pending: 0, exits: [Int](repeating: wishes.stageLimit - 1, count: count),
        ran: [Int](repeating: 0, count: count)))
  }

  /// Whether members run one after another, and images stop early.
  private var isStaged: Bool { ensemble.combination.cascade != nil && !wishes.wantsAllMembers }

  /// How the members that may run become one.
  private var combination: Combination { ensemble.combination.prefix(wishes.stageLimit) }

  /// Whether nothing of it is wanted any more.
  var isFinished: Bool { state.withLock { $0.isFinished } }

  /// Puts the images into the queues.
  func begin() {
    let members = isStaged ? 0..<1 : 0..<wishes.stageLimit
    state.withLock { $0.pending = count * members.count }
    guard case .tensor = images else {
      for member in members { send(Array(0..<count), to: member) }
      return
    }
    pool.submit(
      (0..<count).map { WaitingRow(job: self, row: $0) },
      to: members.map { ensemble.memberRunners[$0] },
      level: wishes.level)
  }

  /// Sends images to a member, by way of the decoder where that has not had them.
  private func send(_ rows: [Int], to member: Int) {
    guard case .encoded = images else { return submit(rows, ensemble.memberRunners[member]) }
    let group = ensemble.group(of: member)
    let (ready, undecoded) = state.withLock { state in
      var (ready, undecoded) = ([Int](), [Int]())
      for row in rows {
        if !state.pixels[group][row].isEmpty {
          ready.append(row)
        } else {
          if state.wanting[group][row].isEmpty { undecoded.append(row) }
          state.wanting[group][row].append(member)
        }
      }
      return (ready, undecoded)
    }
    submit(ready, ensemble.memberRunners[member])
    submit(undecoded, ensemble.groups[group].runner)
  }

  private func submit(_ rows: [Int], _ runner: ComputePool.RunnerID) {
    pool.submit(
      rows.map { WaitingRow(job: self, row: $0) }, to: runner, level: wishes.level)
  }

  /// Calls `body` with the file of an image.
  func withEncodedImage<Value, Failure: Error>(
    _ row: Int, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    guard case .encoded(let elements) = images else {
      preconditionFailure("only encoded images are decoded")
    }
    return try elements[row].withBytes(body)
  }

  /// Takes a decoded image, and sends it to the members that wait for it.
  func receive(_ pixels: [UInt8], of row: Int, for group: Int) {
    let members = state.withLock { state in
      state.pixels[group][row] = pixels
      defer { state.wanting[group][row] = [] }
      return state.wanting[group][row]
    }
    for member in members { submit([row], ensemble.memberRunners[member]) }
  }

  /// Writes an image as a member takes it.
  func fill(_ row: Int, of member: Int, into target: UnsafeMutableBufferPointer<Float>) {
    switch images {
    case .tensor(let bytes):
      let size = target.count * MemoryLayout<Float>.stride
      bytes[row * size..<(row + 1) * size].withBytes {
        UnsafeMutableRawBufferPointer(target).copyMemory(from: $0)
      }
    case .encoded:
      let pixels = state.withLock { $0.pixels[ensemble.group(of: member)][row] }
      pixels.withUnsafeBytes { ensemble.members[member].preprocessing.normalize($0, into: target) }
    }
  }

  /// When the first of its images began to be computed.
  func noteStart(at instant: ContinuousClock.Instant) {
    state.withLock { $0.start = $0.start ?? instant }
  }

  /// Takes what a member says of some images.
  ///
  /// - Parameter values: Of each its log-probabilities, in nats.
  func receive(_ values: [(row: Int, values: [Float])], from member: Int) {
    let classes = ensemble.members[member].model.classes
    let isDone: Bool? = state.withLock { state in
      guard !state.isFinished else { return nil }
      for (row, values) in values {
        state.logProbabilities[member].replaceSubrange(
          row * classes..<(row + 1) * classes, with: values)
        state.ran[row] += 1
      }
      if !isStaged { state.pending -= values.count }
      return !isStaged && state.pending == 0
    }
    guard let isDone else { return }
    if isStaged {
      advance(values.map(\.row), after: member)
    } else if isDone {
      answer()
    }
  }

  /// Lets the images of a cascade that are sure enough stop, and the others go on.
  private func advance(_ rows: [Int], after stage: Int) {
    let isLast = stage == wishes.stageLimit - 1
    let stops: [Bool]
    do throws(EnsembleError) {
      stops =
        isLast
        ? rows.map { _ in true }
        : try combination.stops(
          afterRows: logProbabilities(of: rows, upTo: stage), classes: ensemble.classes)
    } catch {
      return fail(.internalFault("\(error)"))
    }
    let isDone = state.withLock { state in
      for (row, stop) in zip(rows, stops) where stop {
        state.exits[row] = stage
        state.pending -= 1
      }
      return state.pending == 0
    }
    if isDone { return answer() }
    let others = zip(rows, stops).filter { !$0.1 }.map(\.0)
    if !others.isEmpty { send(others, to: stage + 1) }
  }

  private func logProbabilities(of rows: [Int], upTo stage: Int) -> [[Float]] {
    let classes = ensemble.classes
    return state.withLock { state in
      state.logProbabilities[...stage].map { values in
        rows.flatMap { values[$0 * classes..<($0 + 1) * classes] }
      }
    }
  }

  private func answer() {
    // The timer may come late on a busy machine.
    if let deadline = wishes.deadline, deadline < .now { return fail(.deadlineExceeded) }
    let taken: State? = state.withLock { state in
      guard !state.isFinished else { return nil }
      state.isFinished = true
      defer { state.pixels = [] }
      return state
    }
    guard let taken else { return }
    let end = ContinuousClock.now
    do throws(EnsembleError) {
      var answer = try EnsembleAnswer(
        of: ensemble, combination,
        logProbabilities: Array(taken.logProbabilities[..<wishes.stageLimit]),
        exits: taken.exits, membersRun: taken.ran, isStaged: isStaged)
      answer.queueSeconds = submitted.duration(to: taken.start ?? end) / .seconds(1)
      answer.computeSeconds = (taken.start ?? end).duration(to: end) / .seconds(1)
      finish(self, .success(answer))
    } catch {
      finish(self, .failure(.internalFault("\(error)")))
    }
  }

  /// Ends the request without an answer; its images leave the queues.
  func fail(_ error: ProtocolError) {
    let isFirst = state.withLock { state in
      defer { state.isFinished = true }
      return !state.isFinished
    }
    guard isFirst else { return }
    pool.remove(self)
    finish(self, .failure(error))
  }

  /// Goes on without a member on some images: it is not there, or failed on them.
  func lose(_ rows: [Int], of member: Int) {
    fail(.membersLost([ensemble.members[member].name]))
  }

  /// Ends the request because one of its images is none.
  func fail(unreadableImage row: Int, reason: String) {
    fail(
      .badInput(name: LoadedEnsemble.inputName, .badImage(index: row, reason: reason)))
  }
}
