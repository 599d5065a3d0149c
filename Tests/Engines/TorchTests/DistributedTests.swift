import Concurrency
import Dispatch
import Synchronization
import Testing
import Torch

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Process groups over this host's loopback, each process a thread of this one.
@Suite(.serialized) struct DistributedTests {
  /// Runs `body` as each of `count` processes; returns what they return, in the order of ranks.
  private func processes<Result: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (ProcessGroup, ProcessStore) throws -> Result
  ) throws -> [Result] {
    let host = try ProcessStore(host: "127.0.0.1", port: 0, isHost: true, seconds: 60)
    let port = try host.port()
    let results = Mutex<[Int: Swift.Result<Result, any Error>]>([:])
    WorkerThread.run(count) { rank in
      let result = Swift.Result {
        try Runtime.setThreads(1)
        let store = try ProcessStore(host: "127.0.0.1", port: port, isHost: false, seconds: 60)
        let group = try ProcessGroup(
          store.prefixed("group"), rank: rank, size: count, address: "127.0.0.1", seconds: 60)
        return try body(group, store)
      }
      results.withLock { $0[rank] = result }
    }
    return try withExtendedLifetime(host) {
      try results.withLock { results in
        try (0..<count).map { try #require(results[$0]).get() }
      }
    }
  }

  @Test func tensorsOfAllProcessesInOrder() throws {
    let results = try processes(3) { group, store in
      try store.set("from/\(group.rank)", String(repeating: "x", count: 3000) + "\(group.rank)")
      let told = try store.get("from/\((group.rank + 1) % 3)").suffix(2)
      let all: [Int64] = try group.allGather(
        Tensor([Int64(group.rank), 7], shape: [2])
      ).elements()
      let shared = try Tensor.full([2], Double(group.rank))
      try group.broadcast(shared, from: 2)
      return (String(told), all, try shared.elements(as: Float.self))
    }
    for (rank, result) in results.enumerated() {
      #expect(result.0 == "x\((rank + 1) % 3)")
      #expect(result.1 == [0, 7, 1, 7, 2, 7])
      #expect(result.2 == [2, 2])
    }
  }

  /// A layer's output, the gradients of map, weight and bias, and the running statistics.
  private struct Answer: Equatable, Sendable {
    var output, map, weight, bias, running: [Float]

    static func - (a: Answer, b: Answer) -> Float {
      zip(
        [a.output, a.map, a.weight, a.bias, a.running],
        [b.output, b.map, b.weight, b.bias, b.running]
      )
      .flatMap { zip($0, $1).map { abs($0 - $1) } }.max() ?? 0
    }
  }

  private static let (images, channels, side) = (10, 5, 6)

  private static func map(_ seed: UInt64) throws -> Tensor {
    try Tensor.normal(
      [images, channels, side, side], standardDeviation: 2, generator: Generator(seed: seed))
  }

  /// The images of a shard, as a leaf.
  private static func part(_ whole: Tensor, _ range: Range<Int>) throws -> Tensor {
    let part = try whole.narrowed(0, range).clone().contiguous(.channelsLast)
    try part.setRequiresGradient()
    return part
  }

  /// The layer as libtorch has it, on the whole batch.
  private static func expected(adds: Bool, relu: Bool) throws -> Answer {
    let map = try part(map(1), 0..<images)
    let vectors = try Self.vectors()
    var input = map
    if adds { input = try map.adding(part(Self.map(2), 0..<images)) }
    var output = try input.batchNorm(vectors.layer, training: true, momentum: 0.1, epsilon: 1e-5)
    if relu { output = try output.relu() }
    // What reads the sum beside the layer.
    let read = adds ? try output.adding(input) : output
    try read.multiplied(by: Self.map(3)).sum().backward()
    return try answer([output], [map], vectors)
  }

  private struct Vectors {
    let layer: Tensor.BatchNormVectors
    let weight, bias, mean, variance: Tensor
  }

  private static func vectors() throws -> Vectors {
    let generator = try Generator(seed: 5)
    let weight = try Tensor.normal([channels], standardDeviation: 1, generator: generator)
    let bias = try Tensor.normal([channels], standardDeviation: 1, generator: generator)
    for leaf in [weight, bias] { try leaf.setRequiresGradient() }
    let (mean, variance) = (try Tensor.zeros([channels]), try Tensor.full([channels], 1))
    return Vectors(
      layer: .init(weight: weight, bias: bias, runningMean: mean, runningVariance: variance),
      weight: weight, bias: bias, mean: mean, variance: variance)
  }

  private static func answer(
    _ outputs: [Tensor], _ maps: [Tensor], _ vectors: Vectors
  ) throws -> Answer {
    func elements(_ tensor: Tensor?) throws -> [Float] { try #require(tensor).elements() }
    return Answer(
      output: try outputs.flatMap { try elements($0.detached()) },
      map: try maps.flatMap { try elements($0.gradient()) },
      weight: try elements(vectors.weight.gradient()),
      bias: try elements(vectors.bias.gradient()),
      running: try elements(vectors.mean) + elements(vectors.variance))
  }

  /// The layer on a batch of four shards, one of them empty, as one of `group`'s processes has them.
  private static func sharded(
    _ group: ProcessGroup?, adds: Bool, relu: Bool
  ) throws -> Answer {
    let ranges = [0..<3, 3..<4, 4..<4, 4..<10]
    let sharding = try Sharding(group, shards: 4)
    let vectors = try Self.vectors()
    var numbers = sharding.own.filter { !ranges[$0].isEmpty }
    let isPlaceholder = numbers.isEmpty
    if isPlaceholder { numbers = [sharding.own.lowerBound] }
    let used = numbers.map { isPlaceholder ? 0..<1 : ranges[$0] }
    let maps = try used.map { try part(map(1), $0) }
    let inputs = try zip(numbers, zip(maps, used)).map { number, map in
      Sharding.NormalizedShard(
        map.0, adding: adds ? try part(Self.map(2), map.1) : nil, vectors.layer, index: number,
        isPlaceholder: isPlaceholder)
    }
    let (sums, outputs) = try sharding.batchNorm(
      inputs, relu: relu, momentum: 0.1, epsilon: 1e-5)
    var objective: Tensor?
    for (index, range) in used.enumerated() {
      let read = adds ? try outputs[index].adding(sums[index]) : outputs[index]
      let share = try read.multiplied(by: Self.map(3).narrowed(0, range)).sum()
        .multiplied(by: .full([], isPlaceholder ? 0 : 1))
      objective = try objective.map { try $0.adding(share) } ?? share
    }
    try objective?.backward()
    return try isPlaceholder
      ? Answer(
        output: [], map: [], weight: vectors.weight.gradient()?.elements() ?? [],
        bias: vectors.bias.gradient()?.elements() ?? [],
        running: vectors.mean.elements() + vectors.variance.elements())
      : answer(outputs, maps, vectors)
  }

  @Test(arguments: [(false, true), (true, true), (false, false)])
  func normalizationOverShards(adds: Bool, relu: Bool) throws {
    let expected = try Self.expected(adds: adds, relu: relu)
    // One process, two, and four of which one has no images.
    let alone = try Self.sharded(nil, adds: adds, relu: relu)
    // Sums over 360 positions, some of them near 50.
    #expect(alone - expected < 1e-4)
    for count in [2, 4] {
      let answers = try processes(count) { group, _ in
        try Self.sharded(group, adds: adds, relu: relu)
      }
      #expect(answers.flatMap(\.output) == alone.output)
      #expect(answers.flatMap(\.map) == alone.map)
      for answer in answers { #expect(answer.running == alone.running) }
      let weight = answers.dropFirst().reduce(answers[0].weight) { sum, answer in
        zip(sum, answer.weight).map { $0 + $1 }
      }
      #expect(zip(weight, expected.weight).allSatisfy { abs($0 - $1) < 2e-4 })
    }
  }

  /// The gradients of three parameters over five shards, in buckets so small that each parameter has its own.
  @Test func gradientsAreSummedInTheOrderOfShards() throws {
    @Sendable func gradients(_ group: ProcessGroup?) throws -> [[Float]] {
      let shapes = [[3, 2, 3, 3], [7], [1]]
      let sharding = try Sharding(group, shards: 5)
      let parameters = try shapes.map { shape in
        let zeros = try Tensor.zeros(shape)
        let parameter = shape.count == 4 ? try zeros.contiguous(.channelsLast) : zeros
        try parameter.setRequiresGradient()
        return parameter
      }
      let leaves = try sharding.own.map { _ in
        try parameters.map { parameter in
          let leaf = try parameter.detached()
          try leaf.setRequiresGradient()
          return leaf
        }
      }
      let exchange = try GradientExchange(
        sharding, parameters: parameters, leaves: leaves, bucketBytes: 16)
      var result: [[Float]] = []
      for _ in 0..<2 {
        // The third shard has no images, and the last parameter no gradient.
        try exchange.begin(
          runs: sharding.own.map { $0 != 2 }, counts: [true, true, false, true, true])
        var objective = try Tensor.full([], 0)
        for (leaves, shard) in zip(leaves, sharding.own) where shard != 2 {
          let generator = try Generator(seed: UInt64(shard))
          for (leaf, shape) in zip(leaves, shapes).dropLast() {
            let slope = try Tensor.normal(shape, standardDeviation: 1, generator: generator)
            objective = try objective.adding(leaf.multiplied(by: slope).sum())
          }
        }
        if sharding.own != 2..<3 { try objective.backward() }
        _ = try exchange.finish()
        result = try parameters.map { try #require(try $0.gradient()).elements() }
        for parameter in parameters { try parameter.clearGradient() }
      }
      return result
    }
    let alone = try gradients(nil)
    var expected = [[Float]](repeating: [], count: 2)
    for (index, count) in [54, 7].enumerated() {
      expected[index] = [Float](repeating: 0, count: count)
    }
    for shard in [0, 1, 3, 4] {
      let generator = try Generator(seed: UInt64(shard))
      for (index, shape) in [[3, 2, 3, 3], [7]].enumerated() {
        let slope: [Float] = try Tensor.normal(
          shape, standardDeviation: 1, generator: generator
        ).elements()
        expected[index] = zip(expected[index], slope).map { $0 + $1 }
      }
    }
    #expect(alone == expected + [[0]])
    for count in [2, 3, 5] {
      #expect(try processes(count) { group, _ in try gradients(group) }.allSatisfy { $0 == alone })
    }
  }

  /// A step fails while a bucket waits for the other process, which never comes.
  @Test func aBucketUnderWayKeepsNoFailureFromBeingTold() throws {
    let over = DispatchSemaphore(value: 0)
    let isSoon = try processes(2) { group, _ -> Bool in
      guard group.rank == 0 else { return over.wait(timeout: .now() + 30) == .success }
      let parameter = try Tensor.zeros([3])
      let leaf = try parameter.detached()
      for tensor in [parameter, leaf] { try tensor.setRequiresGradient() }
      do {
        let exchange = try GradientExchange(
          Sharding(group, shards: 2), parameters: [parameter], leaves: [[leaf]])
        try exchange.begin(runs: [true], counts: [true, true])
        try leaf.sum().backward()
        // Until the bucket has set off.
        usleep(500_000)
        withExtendedLifetime(exchange) {}
      }
      over.signal()
      return true
    }
    #expect(isSoon == [true, true])
  }

  @Test func aProcessThatEndsIsNoticed() throws {
    let codes = try processes(3) { group, _ -> TorchError.Code? in
      guard group.rank < 2 else { return nil }
      do {
        for _ in 0..<3 { _ = try group.allGather(Tensor.full([1], 0)) }
        return nil
      } catch let error as TorchError { return error.code }
    }
    #expect(codes == [.connectionLost, .connectionLost, nil])
  }

  @Test func aPortThatIsTakenIsAnError() throws {
    let store = try ProcessStore(host: "127.0.0.1", port: 0, isHost: true, seconds: 60)
    let port = try store.port()
    #expect(throws: TorchError.self) {
      try ProcessStore(host: "127.0.0.1", port: port, isHost: true, seconds: 60)
    }
  }
}
