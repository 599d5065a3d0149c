import Concurrency
import Dispatch
import Files
import Runs
import Schemas
import Synchronization
import Torch

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The processes that train members together, as one of them sees them.
///
/// The first one, of rank 0, reads and writes the run directory; the others do what it tells them.
///
/// `@unchecked Sendable`: the connections belong to the thread that trains, one at a time, since these processes train one
/// member after another; while the others listen, to whoever has the lock of messages; what other threads ask for is atomic.
public final class TrainingGroup: @unchecked Sendable {
  /// For normalisations, messages and agreements, all on the thread that trains.
  let control: ProcessGroup
  /// For gradients, which travel meanwhile.
  let gradients: ProcessGroup
  private let stopAgreed = Atomic<Bool>(false)
  private let wish = Mutex<@Sendable () -> Bool>({ false })
  /// Whether the others wait for a message of the first one, and not for their part of a step.
  private let othersListen = Atomic<Bool>(true)
  /// Whether another process has said meanwhile that it wishes to stop.
  private let othersWish = Atomic<Bool>(false)
  /// Held while a message is sent; what went wrong with one that nobody waited for.
  private let messages = Mutex<(any Error)?>(nil)
  private let hasEnded = DispatchSemaphore(value: 0)
  private var secondsWaited = 0.0

  /// - Parameters:
  ///   - control: Connects the processes for normalisations, messages and agreements.
  ///   - gradients: Connects them once more.
  package init(control: ProcessGroup, gradients: ProcessGroup) {
    (self.control, self.gradients) = (control, gradients)
  }

  /// Has the first process show those that listen that it is there, again and again: they may listen for hours, while it waits
  /// for other workers or evaluates.
  func keepListeners(every seconds: Double = 5) {
    guard isFirst else { return }
    try? WorkerThread { [weak self, hasEnded] in
      while hasEnded.wait(timeout: .now() + seconds) == .timedOut { self?.showLife() }
    }.detach()
  }

  deinit { hasEnded.signal() }

  /// This process's number, from 0, and how many there are.
  public var rank: Int { control.rank }
  /// How many processes there are.
  public var size: Int { control.size }
  /// Whether this process reads and writes the run directory.
  public var isFirst: Bool { rank == 0 }

  /// Whether all processes have agreed to stop after the present step.
  package internal(set) var isStopAgreed: Bool {
    get { stopAgreed.load(ordering: .relaxed) }
    set { stopAgreed.store(newValue, ordering: .relaxed) }
  }

  /// Whether the first process should stop: all have agreed, or none is at work on a member.
  var shouldStop: Bool {
    isStopAgreed || isHeard && (stopIsWished() || othersWishToStop)
  }

  /// Whether another process has said that it wishes to stop, while the others listened.
  package var othersWishToStop: Bool { othersWish.load(ordering: .relaxed) }

  /// Whether this process wishes to stop.
  func stopIsWished() -> Bool { wish.withLock { $0 }() }

  package func setWish(_ stopIsWished: @escaping @Sendable () -> Bool) {
    wish.withLock { $0 = stopIsWished }
  }

  /// Adds to the time that steps have waited for other processes.
  func count(secondsWaited seconds: Double) { secondsWaited += seconds }

  /// The time since it was last taken.
  package func takeSecondsWaited() -> Double {
    defer { secondsWaited = 0 }
    return secondsWaited
  }
}

// MARK: - Agreements

extension TrainingGroup {
  /// The rows of all shards in their order, of which each process gives its own.
  func gathered(
    _ rows: [[Double]], of sharding: Sharding, stopIsWished: Bool, at place: (epoch: Int, step: Int)
  ) throws -> (rows: [[Double]], stopIsWished: Bool) {
    let width = rows.first?.count ?? 0
    let starts = (0...size).map { sharding.shards * $0 / size }
    let most = zip(starts, starts.dropFirst()).map { $1 - $0 }.max() ?? 0
    var values = [Double(place.epoch), Double(place.step), stopIsWished ? 1 : 0]
    values += rows.flatMap { $0 }
    values += [Double](repeating: 0, count: 3 + most * width - values.count)
    let start = ContinuousClock.now
    let all: [Double] = try control.allGather(Tensor(values, shape: [values.count])).elements()
    count(secondsWaited: start.duration(to: .now) / .seconds(1))
    var result: [[Double]] = []
    var stops = false
    for process in 0..<size {
      let own = Array(all[process * values.count..<(process + 1) * values.count])
      guard own[0] == values[0], own[1] == values[1] else {
        throw ParallelError.outOfStep(rank: process)
      }
      stops = stops || own[2] != 0
      for shard in 0..<starts[process + 1] - starts[process] {
        result.append(Array(own[3 + shard * width..<3 + (shard + 1) * width]))
      }
    }
    return (result, stops)
  }

  /// Waits until all processes are here.
  package func barrier() throws { _ = try control.allGather(.full([1], 0, device: control.device)) }

  /// Gives all processes the first one's tensors.
  func share(_ state: [(name: String, tensor: Tensor)]) throws {
    for (_, tensor) in state { try control.broadcast(tensor) }
  }
}

// MARK: - Messages

extension TrainingGroup {
  /// What the first process tells the others.
  package enum Message: Codable {
    /// The run begins, with so many threads inside an operation.
    case began(threads: Int)
    /// A member is to be trained, of that identity.
    case train(member: String, identity: String)
    /// What a search found is to be trained: the run of an experiment, in JSON.
    case finalists(experiment: String)
    /// It goes on from there.
    case position(epoch: Int, step: Int, lossSum: Double, correct: Int, images: Int)
    /// What the hold-out said; without a loss where it is not finite.
    case evaluation(loss: Double?, accuracy: Double)
    /// What the first process did alone is done.
    case goOn
    /// All members are trained but these.
    case ended(failed: [String])
    /// The run ends between two members, before all are trained.
    case stopped
    /// The first process is there, and has nothing to say yet.
    case wait
    /// The first process cannot go on.
    case failed(reason: String)
  }

  /// Sends a message, in the first process.
  package func tell(_ message: Message) throws {
    precondition(isFirst, "the first process tells")
    try messages.withLock { failure in
      if let failure { throw failure }
      try send(message)
      switch message {
      case .train, .began, .finalists: isHeard = true
      default: isHeard = false
      }
    }
  }

  private func send(_ message: Message) throws {
    let bytes = try Array(JSONEncoder().encode(message))
    try control.broadcast(Tensor([Int64(bytes.count)], shape: [1]).moved(to: control.device))
    try control.broadcast(Tensor(bytes, shape: [bytes.count]).moved(to: control.device))
  }

  /// Whether the others listen.
  private var isHeard: Bool {
    get { othersListen.load(ordering: .sequentiallyConsistent) }
    set { othersListen.store(newValue, ordering: .sequentiallyConsistent) }
  }

  /// Shows the others, where they listen, that the first process is there, and asks whether they wish to stop. Where one is
  /// gone, the next message says so, and work on what none has begun stops.
  private func showLife() {
    messages.withLock { failure in
      guard isHeard, failure == nil else { return }
      do {
        try send(.wait)
        if try answers(false).contains(true) { othersWish.store(true, ordering: .relaxed) }
      } catch {
        failure = error
        othersWish.store(true, ordering: .relaxed)
      }
    }
  }

  /// What each process answers to a yes-or-no question.
  private func answers(_ own: Bool) throws -> [Bool] {
    let all: [Float] = try control.allGather(
      .full([1], own ? 1 : 0, device: control.device)
    ).elements()
    return all.map { $0 != 0 }
  }

  /// The next message, in another process.
  ///
  /// - Throws: `ParallelError.firstFailed`.
  package func listen() throws -> Message {
    while true {
      let message = try nextMessage()
      guard case .wait = message else { return message }
      _ = try answers(stopIsWished())
    }
  }

  private func nextMessage() throws -> Message {
    let count = try Tensor.full([1], 0, type: .int64, device: control.device)
    try control.broadcast(count)
    let bytes = try Tensor.full(
      [Int(count.scalar())], 0, type: .uint8, device: control.device)
    try control.broadcast(bytes)
    let values: [UInt8] = try bytes.elements()
    let message = try JSONDecoder().decode(Message.self, from: Data(values))
    if case .failed(let reason) = message { throw ParallelError.firstFailed(reason: reason) }
    return message
  }

  /// Gives all processes the first one's place in the training, and its state.
  package func goOn(
    from position: inout Checkpoint.Position, _ state: [(name: String, tensor: Tensor)]
  ) throws {
    if isFirst {
      let totals = position.totals
      try tell(
        .position(
          epoch: position.epoch, step: position.step, lossSum: totals.lossSum,
          correct: totals.correct, images: totals.images))
    } else {
      guard case .position(let epoch, let step, let lossSum, let correct, let images) = try listen()
      else { throw ParallelError.outOfStep(rank: 0) }
      position = Checkpoint.Position(epoch: epoch)
      position.step = step
      position.totals = EpochTotals(lossSum: lossSum, correct: correct, images: images)
    }
    try share(state)
  }

  /// What the first process has found on the hold-out.
  func heardEvaluation() throws -> (loss: Double, accuracy: Double) {
    guard case .evaluation(let loss, let accuracy) = try listen() else {
      throw ParallelError.outOfStep(rank: 0)
    }
    return (loss ?? .infinity, accuracy)
  }

  /// Waits until the first process has done what it does alone.
  func hearGoOn() throws {
    guard case .goOn = try listen() else { throw ParallelError.outOfStep(rank: 0) }
  }

  /// The others wait for the first process's next message, from here on.
  package func othersBeginToListen() { isHeard = true }

  /// Tells the others how the run ended; after a stop that was agreed they know.
  package func tellEnd(_ outcome: TrainingRun.Outcome) throws {
    switch outcome {
    case .complete, .leftToOthers: try tell(.ended(failed: []))
    case .membersFailed(let names): try tell(.ended(failed: names))
    case .interrupted: if isHeard { try tell(.stopped) }
    }
  }

  /// Tells the others that the first process cannot go on, where they listen; elsewhere they notice its end.
  public func tellFailure(_ error: any Error) {
    guard isFirst, isHeard else { return }
    try? tell(.failed(reason: "\(error)"))
  }
}

extension ParallelError {
  /// A message that cannot come where it came.
  package static let confusion = firstFailed(reason: "its message makes no sense")

  /// The error of a connection as one of processes; other errors as they are.
  package static func naming<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as TorchError where error.code == .connectionLost {
      throw ParallelError.processLost(reason: String(error.message.prefix { $0 != "\n" }))
    }
  }
}
