import Ensembles
import Inference
import ServingTestSupport
import Synchronization
import TestSupport
import Testing

@testable import Serving

/// Members on other servers, whose HTTP is left out.
@Suite struct RemoteMemberTests {
  private static let tolerance: Float = 1e-6

  /// A server of the member of that number alone.
  private static func worker(
    _ member: Int = 1, seed: UInt64 = 1, combination: Combination = Combination()
  ) throws -> ServedTinyEnsemble {
    try ServedTinyEnsemble(
      members: 1, combination: combination, seed: seed, first: member, threads: 1)
  }

  /// A server whose second member runs on workers.
  private static func router(
    _ transport: LoopbackTransport, hosts: [String] = ["a"], members: [Int] = [1],
    combination: Combination = Combination(), _ change: (inout RemoteOptions) -> Void = { _ in }
  ) throws -> ServedTinyEnsemble {
    var placement = Placement()
    for member in members {
      for host in hosts {
        try placement.add("member-\(member)=http://\(host)/v2/models/tiny", models: ["tiny"])
      }
    }
    var options = RemoteOptions(placement, over: transport)
    // No test is so slow.
    (options.timeoutSeconds, options.checkSeconds) = (600, 1e6)
    change(&options)
    return try ServedTinyEnsemble(combination: combination) { $0.remote = options }
  }

  private func expectSame(
    _ found: Result<InferenceAnswer, ProtocolError>, _ local: ServedTinyEnsemble,
    _ request: InferenceRequest
  ) async throws {
    let values: [Float]? = try found.get().outputs[0].tensor.values()
    let expected: [Float] = try await local.values("probabilities", request)
    let largest = zip(try #require(values), expected).map { abs($0 - $1) }.max() ?? .infinity
    #expect(values?.count == expected.count && largest <= Self.tolerance)
  }

  private func request(_ count: Int, seed: UInt64 = 7, more: String = "") throws -> InferenceRequest
  {
    try ServedTinyEnsemble.request(
      TinyEnsemble.images(count, seed: seed), outputs: ["probabilities"], parameters: more)
  }

  @Test func theAnswerIsThatOfAllMembersHere() async throws {
    let transport = LoopbackTransport(["a": .serves(try Self.worker().server)])
    let (router, local) = (try Self.router(transport), try ServedTinyEnsemble())
    for count in [1, 3, 40] {
      let request = try request(count)
      try await expectSame(await router.answer(request), local, request)
    }
    let worker = try #require(router.server.measurements.first?.workers.first)
    #expect((worker.state, worker.member) == (.serving, "member-1"))
    #expect(worker.images == 44)
    #expect(worker.failures == 0 && worker.inFlight == 0)
  }

  /// As MLServer is.
  @Test func aWorkerWithoutBinaryDataIsAskedInJSON() async throws {
    let transport = LoopbackTransport(["a": .readsJSON(try Self.worker().server)])
    let (router, local) = (try Self.router(transport), try ServedTinyEnsemble())
    let request = try request(3)
    try await expectSame(await router.answer(request), local, request)
    #expect(router.server.measurements.first?.workers.first?.failures == 0)
  }

  @Test func aCascadesLaterStageRunsElsewhere() async throws {
    let cascade = Combination(
      cascade: CascadeStops(
        confidence: .maximumProbability, confidenceThresholds: [0.7, 0.985]))
    let transport = LoopbackTransport(["a": .serves(try Self.worker().server)])
    let router = try Self.router(transport, combination: cascade)
    let local = try ServedTinyEnsemble(combination: cascade)
    let request = try request(40, seed: 4)
    try await expectSame(await router.answer(request), local, request)
    // Only the images that came so far.
    let images = router.server.measurements.first?.workers.first?.images ?? 0
    #expect(images > 0 && images < 40)
  }

  @Test func theTimeLeftIsPassedOn() async throws {
    let transport = LoopbackTransport(["a": .serves(try Self.worker().server)])
    let router = try Self.router(transport)
    _ = try await router.answer(request(1, more: #""timeout": 100000000"#)).get()
    // 100 s, less a tenth for the others and a twentieth for the way.
    let left = try #require(transport.timeouts.last)
    #expect((80_000_000...85_500_000).contains(left))
  }

  @Test(arguments: [0, 2])
  func anotherMemberIsRefused(member: Int) throws {
    let transport = LoopbackTransport(["a": .serves(try Self.worker(member).server)])
    #expect {
      _ = try Self.router(transport)
    } throws: {
      "\($0)".contains("the worker 'http://a/v2/models/tiny' is not used for member 'member-1'")
        && "\($0)".contains("it does not compute this member: a probability of test image")
    }
  }

  @Test func otherWeightsAreRefused() throws {
    let transport = LoopbackTransport(["a": .serves(try Self.worker(seed: 2).server)])
    #expect(throws: PlacementError.self) { _ = try Self.router(transport) }
  }

  @Test func aWholeEnsembleIsNoMember() throws {
    let transport = LoopbackTransport(["a": .serves(try ServedTinyEnsemble().server)])
    #expect(throws: PlacementError.self) { _ = try Self.router(transport) }
  }

  /// Its probabilities are not the member's, and what it says of its member is.
  @Test func aCalibratedWorkerIsAskedForItsMember() async throws {
    let calibrated = Combination(memberTemperatures: [2])
    let worker = try Self.worker(combination: calibrated)
    let transport = LoopbackTransport(["a": .serves(worker.server)])
    let (router, local) = (try Self.router(transport), try ServedTinyEnsemble())
    let request = try request(5)
    try await expectSame(await router.answer(request), local, request)
  }

  @Test func membersThatAreNotThere() throws {
    let transport = LoopbackTransport([:])
    #expect(
      throws: PlacementError.unknownMember(
        "member-9", model: "tiny", members: ["member-0", "member-1", "member-2"])
    ) {
      _ = try Self.router(transport, members: [9])
    }
  }

  @Test func aWorkerThatIsNotThereYetIsWaitedFor() async throws {
    let changes = Mutex<[WorkerChange]>([])
    let transport = LoopbackTransport([:])
    let router = try Self.router(transport) { options in
      options.report = { change in changes.withLock { $0.append(change) } }
    }
    #expect(changes.withLock { $0 }.map(\.state) == [.ejected])
    #expect(changes.withLock { $0 }.first?.reason == "refused")
    try await expectLost(router)
    #expect(try router.server.irreplaceableMembers(of: "tiny") == ["member-1"])
    #expect(!router.server.isReady)
    transport["a"] = .serves(try Self.worker().server)
    try await wait { changes.withLock { $0 }.last?.state == .serving }
    #expect(router.server.isReady)
    let (request, local) = (try request(3), try ServedTinyEnsemble())
    try await expectSame(await router.answer(request), local, request)
  }

  /// A worker that comes back with other weights never gets an image.
  @Test func aWorkerMustProveItselfEachTimeThatItComes() async throws {
    let changes = Mutex<[WorkerState]>([])
    let transport = LoopbackTransport(["a": .serves(try Self.worker().server)])
    let router = try Self.router(transport) { options in
      options.report = { change in changes.withLock { $0.append(change.state) } }
    }
    _ = try await router.answer(request(1)).get()
    transport["a"] = .isUnreachable
    try await expectLost(router)
    transport["a"] = .serves(try Self.worker(seed: 2).server)
    try await wait { changes.withLock { $0.last == .refused } }
    let asked = router.server.measurements.first?.workers.first?.requests
    try await expectLost(router)
    #expect(router.server.measurements.first?.workers.first?.requests == asked)
    transport["a"] = .serves(try Self.worker().server)
    try await wait { changes.withLock { $0.last == .serving } }
    #expect(changes.withLock { $0 } == [.serving, .ejected, .refused, .serving])
    _ = try await router.answer(request(1)).get()
  }

  /// It is another process, and no request has failed between the two.
  @Test func anotherProcessMustProveItselfBeforeItsAnswerIsUsed() async throws {
    let transport = LoopbackTransport(["a": .serves(try Self.worker().server)])
    let router = try Self.router(transport)
    _ = try await router.answer(request(1)).get()
    // Longer than what comes after a proof is trusted.
    try await Task.sleep(for: .seconds(0.6))
    transport.opensConnections = true
    let local = try ServedTinyEnsemble()
    let request = try request(3)
    try await expectSame(await router.answer(request), local, request)
    try await Task.sleep(for: .seconds(0.6))
    transport["a"] = .serves(try Self.worker(seed: 2).server)
    try await expectLost(router)
    #expect(router.server.measurements.first?.workers.first?.state != .serving)
  }

  @Test func aReplicaTakesOver() async throws {
    let (one, other) = (try Self.worker(), try Self.worker())
    let transport = LoopbackTransport(["a": .serves(one.server), "b": .serves(other.server)])
    let (router, local) = (try Self.router(transport, hosts: ["a", "b"]), try ServedTinyEnsemble())
    transport["a"] = .isUnreachable
    for seed in 0..<20 {
      let request = try request(2, seed: UInt64(seed))
      try await expectSame(await router.answer(request), local, request)
    }
    let workers = router.server.measurements.first?.workers ?? []
    #expect(workers.map(\.failures) == [1, 0])
    #expect(workers.map(\.retries) == [0, 1])
  }

  /// What an answer that is not the model's may be.
  enum Garbage: CaseIterable, Sendable {
    case noJSON, empty, wrongShape, otherName, notANumber, noDistribution, serverError
    case degraded, otherRequest

    func response(to answer: WorkerResponse) -> WorkerResponse {
      var status = 200
      let body: String
      switch self {
      case .noJSON: body = "<html>"
      case .empty: body = ""
      case .wrongShape: body = Self.outputs(shape: "[1, 4]", values: "0, 0, 0, 0")
      case .otherName: body = Self.outputs(name: "other", values: "-1, -1, -1, -1, -1")
      case .notANumber: return Self.binary(.nan)
      case .noDistribution: body = Self.outputs(values: "0, 0, 0, 0, 0")
      case .degraded:
        body = Self.outputs(more: #""parameters": {"degraded": true}, "#, values: Self.even)
      case .otherRequest: body = Self.outputs(more: #""id": "another", "#, values: Self.even)
      case .serverError: (status, body) = (500, #"{"error": "broken"}"#)
      }
      return WorkerResponse(status: status, body: TensorBytes(copying: Array(body.utf8)))
    }

    /// A distribution.
    private static let even = [String](repeating: "-1.6094379", count: 5).joined(separator: ", ")

    private static func outputs(
      name: String = "log_probabilities", shape: String = "[1, 5]", more: String = "",
      values: String
    ) -> String {
      #"{\#(more)"outputs": [{"name": "\#(name)", "datatype": "FP32", "shape": \#(shape), "data": [\#(values)]}]}"#
    }

    private static func binary(_ value: Float) -> WorkerResponse {
      let head =
        #"{"outputs": [{"name": "log_probabilities", "datatype": "FP32", "shape": [1, 5], "parameters": {"binary_data_size": 20}}]}"#
      let bytes = [Float](repeating: value, count: 5).withUnsafeBytes { Array($0) }
      return WorkerResponse(
        status: 200, body: TensorBytes(copying: Array(head.utf8) + bytes),
        headerLength: head.utf8.count)
    }
  }

  @Test(arguments: Garbage.allCases)
  func whatIsNoAnswerIsNeverUsed(garbage: Garbage) async throws {
    let worker = try Self.worker()
    let transport = LoopbackTransport(["a": .serves(worker.server)])
    let router = try Self.router(transport)
    transport["a"] = .infers(worker.server) { .success(garbage.response(to: $0)) }
    for _ in 0..<5 { try await expectLost(router) }
    let found = try #require(router.server.measurements.first?.workers.first)
    #expect(found.failures == 5)
    #expect(found.state != .serving)
    // No image is sent to it any more.
    try await expectLost(router)
    #expect(router.server.measurements.first?.workers.first?.requests == 5)
  }

  @Test func aSilentWorkerIsHedgedByAnother() async throws {
    let (one, other) = (try Self.worker(), try Self.worker())
    let transport = LoopbackTransport(["a": .serves(one.server), "b": .serves(other.server)])
    let (router, local) = (try Self.router(transport, hosts: ["a", "b"]), try ServedTinyEnsemble())
    for _ in 0..<40 { _ = try await router.answer(request(1)).get() }
    transport["a"] = .isSilent
    // Nothing but a hedge can answer those that the silent one has: it is waited for without end.
    for seed in 0..<4 {
      let request = try request(1, seed: UInt64(seed))
      try await expectSame(await router.answer(request), local, request)
    }
    let workers = router.server.measurements.first?.workers ?? []
    #expect(workers.reduce(0) { $0 + $1.hedges } > 0)
    #expect(transport.cancelled > 0)
  }

  @Test func aSilentWorkerIsWaitedForOnlySoLong() async throws {
    let transport = LoopbackTransport(["a": .serves(try Self.worker().server)])
    let router = try Self.router(transport)
    transport["a"] = .isSilent
    let outcome = try await router.answer(request(1, more: #""timeout": 300000"#))
    // Before the time is over, so that there is an answer of what is left.
    #expect(isHonest(outcome))
    if case .failure(let error) = outcome { #expect(error == .membersLost(["member-1"])) }
    #expect(transport.cancelled == 1)
  }

  @Test func aRequestWhoseClientLeavesIsEndedThereToo() async throws {
    let transport = LoopbackTransport(["a": .serves(try Self.worker().server)])
    let router = try Self.router(transport)
    transport["a"] = .isSilent
    let asked = transport.inferences(of: "a")
    let request = try request(1)
    let ended = Mutex(false)
    let cancellation = router.server.infer(request, model: "tiny") { _ in
      ended.withLock { $0 = true }
    }
    try await wait { transport.inferences(of: "a") > asked }
    cancellation?.cancel()
    try await wait { transport.cancelled == 1 }
    #expect(ended.withLock { $0 })
    #expect(router.server.measurements.first?.workers.first?.inFlight == 0)
  }

  // MARK: Helpers

  /// Whether an answer says that it is not that of all members.
  private func isHonest(_ outcome: Result<InferenceAnswer, ProtocolError>) -> Bool {
    switch outcome {
    case .success(let answer): answer.parameters["degraded"] == .boolean(true)
    case .failure(let error): error.status == 503
    }
  }

  private func expectLost(_ router: ServedTinyEnsemble) async throws {
    let outcome = try await router.answer(request(1))
    #expect(isHonest(outcome), "\(outcome)")
  }

  private func wait(_ isThere: () -> Bool) async throws {
    for _ in 0..<60_000 {
      if isThere() { return }
      try await Task.sleep(for: .milliseconds(10))
    }
    Issue.record("it never came")
  }
}
