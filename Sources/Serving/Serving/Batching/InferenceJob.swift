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
    /// When a member on another server that has not answered counts as lost; nil for never.
    var memberDeadline: ContinuousClock.Instant?
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
    /// Which members each image has had.
    var progress: JobProgress
    var start: ContinuousClock.Instant?
    /// How long its images took to be decoded and made numbers of, in seconds, all together.
    var inputSeconds = 0.0
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
  /// Whether members run one after another, and images stop early.
  private let isStaged: Bool
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
    isStaged = ensemble.combination.cascade != nil && !wishes.wantsAllMembers
    state = Mutex(
      State(
        pixels: [[[UInt8]]](repeating: [[UInt8]](repeating: [], count: count), count: groups),
        wanting: [[[Int]]](repeating: [[Int]](repeating: [], count: count), count: groups),
        logProbabilities: ensemble.members.map {
          [Float](repeating: 0, count: count * $0.model.classes)
        },
        progress: JobProgress(count: count, members: wishes.stageLimit, isStaged: isStaged)))
  }

  /// How the members that may run become one.
  private var combination: Combination { ensemble.combination.prefix(wishes.stageLimit) }

  /// Whether nothing of it is wanted any more.
  var isFinished: Bool { state.withLock { $0.isFinished } }

  /// Puts the images into the queues.
  ///
  /// - Parameter patience: For how long the caller may compute them itself where nothing else is at work, in seconds.
  func begin(patience: Double = 0) {
    let members = isStaged ? 0..<1 : 0..<wishes.stageLimit
    let rows = Array(0..<count)
    guard case .tensor = images else {
      for member in members { send(rows, to: member) }
      return
    }
    var runners: [ComputePool.RunnerID] = []
    for member in members {
      switch ensemble.places[member] {
      case .here(let runner): runners.append(runner)
      case .elsewhere: submit(rows, to: member)
      }
    }
    pool.submit(waiting(rows), to: runners, level: wishes.level, patience: patience)
  }

  /// Sends images to a member, by way of the decoder where that has not had them.
  private func send(_ rows: [Int], to member: Int) {
    guard case .encoded = images else { return submit(rows, to: member) }
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
    submit(ready, to: member)
    pool.submit(waiting(undecoded), to: ensemble.groups[group].runner, level: wishes.level)
  }

  private func submit(_ rows: [Int], to member: Int) {
    switch ensemble.places[member] {
    case .here(let runner): pool.submit(waiting(rows), to: runner, level: wishes.level)
    case .elsewhere(let member): member.submit(waiting(rows), level: wishes.level)
    }
  }

  private func waiting(_ rows: [Int]) -> [WaitingRow] {
    rows.map { WaitingRow(job: self, row: $0) }
  }

  /// How urgent it is: the lower, the more.
  var level: Int { wishes.level }

  /// When a member on another server that has not answered counts as lost; nil for never.
  var memberDeadline: ContinuousClock.Instant? { wishes.memberDeadline }

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
  ///
  /// - Parameter start: When its decoding began.
  func receive(
    _ pixels: [UInt8], of row: Int, for group: Int, since start: ContinuousClock.Instant
  ) {
    let members = state.withLock { state in
      state.inputSeconds += start.duration(to: .now) / .seconds(1)
      state.pixels[group][row] = pixels
      defer { state.wanting[group][row] = [] }
      return state.wanting[group][row]
    }
    for member in members { submit([row], to: member) }
  }

  /// Writes an image as a member takes it.
  ///
  /// - Returns: How long that took, in seconds.
  @discardableResult
  func fill(
    _ row: Int, of member: Int, into target: UnsafeMutableBufferPointer<Float>
  ) -> Double {
    let start = ContinuousClock.now
    switch images {
    case .tensor(let bytes):
      let size = target.count * MemoryLayout<Float>.stride
      bytes[row * size..<(row + 1) * size].withBytes {
        UnsafeMutableRawBufferPointer(target).copyMemory(from: $0)
      }
    case .encoded:
      // They are gone where the request has ended meanwhile: what is computed of it is not read.
      let group = ensemble.group(of: member)
      let pixels = state.withLock { $0.pixels.isEmpty ? [] : $0.pixels[group][row] }
      guard !pixels.isEmpty else { return 0 }
      pixels.withUnsafeBytes { ensemble.members[member].preprocessing.normalize($0, into: target) }
    }
    let seconds = start.duration(to: .now) / .seconds(1)
    state.withLock { $0.inputSeconds += seconds }
    return seconds
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
    let (rows, isDone): ([Int], Bool) = state.withLock { state in
      guard !state.isFinished else { return ([], false) }
      let new = state.progress.receive(values.map(\.row), from: member)
      for (row, values) in values where new.contains(row) {
        state.logProbabilities[member].replaceSubrange(
          row * classes..<(row + 1) * classes, with: values)
      }
      return (new, state.progress.pending == 0)
    }
    guard !rows.isEmpty else { return }
    if isStaged {
      advance(rows, after: member)
    } else if isDone {
      answer()
    }
  }

  /// Goes on without a member on some images: it is not there, or failed on them.
  ///
  /// - Parameter detail: What went wrong, for those who run the server.
  func lose(_ rows: [Int], of member: Int, because reason: LossReason, _ detail: String) {
    let (lost, isDone): ([Int], Bool) = state.withLock { state in
      guard !state.isFinished else { return ([], false) }
      let lost = state.progress.lose(rows, of: member)
      return (lost, state.progress.pending == 0)
    }
    guard !lost.isEmpty else { return }
    ensemble.record.addLoss(of: member, images: lost.count, reason, detail)
    // Where all members of a cascade run, images that stop before it do not need it, which is known at the end.
    if isStaged || ensemble.combination.cascade == nil, let missing = irreplaceable(in: lost) {
      return fail(.membersLost(missing.map { ensemble.members[$0].name }))
    }
    if isStaged {
      skip(lost, past: member)
    } else if isDone {
      answer()
    }
  }

  /// The members that an image goes without and the others cannot answer without; nil where they can for all images.
  private func irreplaceable(in rows: [Int]) -> [Int]? {
    let groups = state.withLock { $0.progress.groups(of: rows) }
    return groups.first { !$0.missing.isEmpty && reduction(without: $0.missing) == nil }?.missing
  }

  /// What is left without some members. A cascade that may not run to its end was not measured without them.
  private func reduction(without missing: [Int]) -> ReducedService? {
    wishes.stageLimit == ensemble.members.count ? ensemble.reduction(without: missing) : nil
  }

  /// Lets images of a cascade go on to the next member; after the last one, they have stopped where they are.
  private func skip(_ rows: [Int], past stage: Int) {
    guard stage == wishes.stageLimit - 1 else { return send(rows, to: stage + 1) }
    let isDone = state.withLock { state in
      for row in rows { state.progress.stop(row, after: state.progress.lastRun(on: row) ?? stage) }
      return state.progress.pending == 0
    }
    if isDone { answer() }
  }

  /// Lets the images of a cascade that are sure enough stop, and the others go on.
  private func advance(_ rows: [Int], after stage: Int) {
    let groups = state.withLock { $0.progress.groups(of: rows) }
    var stopped: [Int] = []
    do throws(EnsembleError) {
      for group in groups { stopped += try stops(of: group, after: stage) }
    } catch {
      return fail(.internalFault("\(error)"))
    }
    let isDone = state.withLock { state in
      for row in stopped { state.progress.stop(row, after: stage) }
      return state.progress.pending == 0
    }
    if isDone { return answer() }
    let others = rows.filter { !stopped.contains($0) }
    if !others.isEmpty { send(others, to: stage + 1) }
  }

  /// Those of the images that stop after a stage: as the whole cascade has it, or what is left without some members.
  private func stops(
    of group: JobProgress.Group, after stage: Int
  ) throws(EnsembleError) -> [Int] {
    if stage == wishes.stageLimit - 1 { return group.rows }
    let combination =
      group.missing.isEmpty ? combination : reduction(without: group.missing)?.combination
    // What cannot be answered without them has failed when they were lost.
    guard let combination else { return [] }
    let members = (0...stage).filter { !group.missing.contains($0) }
    let stops = try combination.stops(
      afterRows: logProbabilities(of: group.rows, by: members), classes: ensemble.classes)
    return zip(group.rows, stops).filter(\.1).map(\.0)
  }

  private func logProbabilities(of rows: [Int], by members: [Int]) -> [[Float]] {
    let classes = ensemble.classes
    return state.withLock { state in
      members.map { member in
        rows.flatMap { state.logProbabilities[member][$0 * classes..<($0 + 1) * classes] }
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
    do throws(ProtocolError) {
      var answer = try EnsembleAnswer(
        of: ensemble, combination,
        logProbabilities: Array(taken.logProbabilities[..<wishes.stageLimit]),
        progress: taken.progress, reduction: reduction(without:))
      let start = taken.start ?? end
      answer.queueSeconds = submitted.duration(to: start) / .seconds(1)
      answer.inputSeconds = taken.inputSeconds
      // Images that threads decode side by side may take longer together than the request.
      answer.computeSeconds = max(0, start.duration(to: end) / .seconds(1) - taken.inputSeconds)
      answer.outputSeconds = end.duration(to: .now) / .seconds(1)
      finish(self, .success(answer))
    } catch {
      finish(self, .failure(error))
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
    ensemble.removeFromWorkers(self)
    finish(self, .failure(error))
  }

  /// Ends the request because one of its images is none.
  func fail(unreadableImage row: Int, reason: String) {
    fail(
      .badInput(name: LoadedEnsemble.inputName, .badImage(index: row, reason: reason)))
  }
}
