import Networks

/// A piece of a network between two places where a single map is all that is still needed.
///
/// Layers stand in it by number and not by name: the same block at another place, or in another network, is the same
/// segment. What only trainings do is left out.
public struct NetworkSegment: Hashable, Sendable {
  /// The map that it takes; the first segment of a network takes the image.
  public let input: ImageShape
  /// What it computes, in order; the last step's result is the segment's.
  public let steps: [Step]

  /// A layer of a segment.
  public struct Step: Hashable, Sendable {
    /// What it computes.
    public let operation: Layer.Operation
    /// What it reads: 0 is the segment's input, and n the result of step n, counted from 1.
    public let first: Int
    /// What it reads besides, where it reads two.
    public let second: Int?

    /// Creates a step as it is.
    public init(_ operation: Layer.Operation, first: Int, second: Int? = nil) {
      self.operation = operation
      self.first = first
      self.second = second
    }
  }

  /// Creates a segment as it is; `Network.segments()` gives sound ones.
  public init(input: ImageShape, steps: [Step]) {
    self.input = input
    self.steps = steps
  }

  /// Its layers, to be a part of a network.
  ///
  /// - Parameters:
  ///   - prefix: What the names begin with: they are `prefix` and the step's number, as in "a.1".
  ///   - source: The name of what the segment takes.
  public func layers(prefix: String, reading source: String) -> [Layer] {
    func name(_ number: Int) -> String { number == 0 ? source : "\(prefix).\(number)" }
    return steps.enumerated().map { index, step in
      Layer(
        name(index + 1), step.operation,
        inputs: ([step.first] + (step.second.map { [$0] } ?? [])).map(name))
    }
  }
}

extension NetworkSegment {
  /// The shape of its result.
  ///
  /// - Throws: `NetworkError` where it is no piece of a well-formed network.
  public func output() throws(NetworkError) -> FeatureShape {
    guard let last = steps.indices.last.map({ "\(Self.anyPrefix).\($0 + 1)" }), readsEarlier else {
      throw .noLayers(network: "segment")
    }
    let alone = layers(prefix: Self.anyPrefix, reading: Network.inputName)
    do throws(NetworkError) {
      return .vector(try Network(name: "segment", input: input, layers: alone).classes)
    } catch {
      switch error {
      case .outputIsNotLogits: break
      default: throw error
      }
    }
    let pool = Layer("pool", .globalAveragePool(keepsDimensions: false), inputs: [last])
    let shapes = try Network(name: "segment", input: input, layers: alone + [pool]).shapes
    return shapes[shapes.count - 2]
  }

  private static let anyPrefix = "step"

  /// Whether each step reads the input or earlier steps.
  private var readsEarlier: Bool {
    steps.enumerated().allSatisfy { index, step in
      (0...index).contains(step.first) && (0...index).contains(step.second ?? 0)
    }
  }
}

// MARK: - Cutting

extension Network {
  /// The network cut into segments, in order: the first takes the image, the last gives the logits.
  ///
  /// It is cut wherever a single map is all that the later layers need, and each segment has a convolution or a linear
  /// layer. Normalisations and activations after a convolution stay with it, because engines compute them together,
  /// unless others read the convolution's result too; so do a maximum, and a squeeze and excitation. So a residual block
  /// is one segment, and a block without a shortcut falls into its convolutions.
  ///
  /// - Complexity: O(layers).
  public func segments() -> [NetworkSegment] {
    SegmentCutter(self).segments()
  }
}

/// The layers that count in inference, by number.
private struct SegmentCutter {
  /// What each computes and reads: 0 is the image, and n the result of step n, counted from 1.
  private var steps: [NetworkSegment.Step] = []
  /// The shape of the image, then of each step's result.
  private var shapes: [FeatureShape]

  /// Numbers the layers that count; those that only trainings have stand for what they read.
  init(_ network: Network) {
    let graph = network.graph
    shapes = [.map(network.input)]
    steps.reserveCapacity(network.layers.count)
    shapes.reserveCapacity(network.layers.count + 1)
    var numbers: [Int] = []
    numbers.reserveCapacity(network.layers.count)
    func number(_ source: Int) -> Int { source == NetworkGraph.image ? 0 : numbers[source] }
    for index in network.layers.indices {
      let operation = network.layers[index].operation
      let sources = graph.sources[index]
      let first = number(sources.first)
      if operation.isForTrainingOnly {
        numbers.append(first)
        continue
      }
      let second = network.layers[index].inputs.count > 1 ? number(sources.second) : nil
      steps.append(NetworkSegment.Step(operation, first: first, second: second))
      shapes.append(graph.shapes[index])
      numbers.append(steps.count)
    }
  }

  func segments() -> [NetworkSegment] {
    var starts = cuts()
    starts.append(steps.count)
    var result: [NetworkSegment] = []
    result.reserveCapacity(starts.count)
    for (start, end) in zip(starts, starts.dropFirst()) {
      guard case .map(let input) = shapes[start] else { continue }
      result.append(
        NetworkSegment(input: input, steps: steps[start..<end].map { $0.moved(-start) }))
    }
    return result
  }

  /// The numbers of the results, from 0, that are the inputs of segments.
  private func cuts() -> [Int] {
    let (lastReaders, readerCounts) = readers()
    var result = [0]
    var needed = 0
    var isCostly = false
    for (index, step) in steps.enumerated() {
      if index > 0 { needed = max(needed, lastReaders[index - 1]) }
      if isCostly, needed <= index, case .map = shapes[index],
        step.operation.canBeginSegment(readers: readerCounts[index])
      {
        result.append(index)
        isCostly = false
      }
      isCostly = isCostly || step.operation.hasWeights
    }
    // What remains without any weights, such as a last pooling, belongs to the segment before it.
    if !isCostly, result.count > 1 { result.removeLast() }
    return result
  }

  /// The number of the last step that reads each result, and how many read it.
  private func readers() -> (last: [Int], count: [Int]) {
    var last = [Int](repeating: 0, count: shapes.count)
    var count = last
    for (index, step) in steps.enumerated() {
      last[step.first] = index + 1
      count[step.first] += 1
      guard let second = step.second else { continue }
      last[second] = index + 1
      count[second] += 1
    }
    return (last, count)
  }
}

extension NetworkSegment.Step {
  fileprivate func moved(_ offset: Int) -> NetworkSegment.Step {
    NetworkSegment.Step(operation, first: first + offset, second: second.map { $0 + offset })
  }
}

extension Layer.Operation {
  fileprivate var isForTrainingOnly: Bool {
    switch self {
    case .dropout, .dropPath: true
    default: false
    }
  }

  /// Whether a segment may begin with it, where so many layers read what it reads.
  ///
  /// What engines compute together with the convolution before it stays with that, unless others need its result.
  fileprivate func canBeginSegment(readers: Int) -> Bool {
    switch self {
    case .convolution, .linear, .globalAveragePool(keepsDimensions: false): true
    case .batchNorm, .relu, .relu6, .silu, .sigmoid: readers > 1
    case .add, .scale, .maxPool, .globalAveragePool(keepsDimensions: true), .dropout, .dropPath,
      .memberMean:
      false
    }
  }

  fileprivate var hasWeights: Bool {
    switch self {
    case .convolution, .linear: true
    default: false
    }
  }
}

// MARK: - JSON

extension NetworkSegment: Codable {}

extension NetworkSegment.Step: Codable {
  private enum CodingKeys: CodingKey {
    case operation, reads
  }

  /// Decodes what `encode` wrote.
  ///
  /// - Throws: `DecodingError` at the key that is missing or of another type.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let reads = try container.decode([Int].self, forKey: .reads)
    guard let first = reads.first, reads.count <= 2 else {
      throw DecodingError.dataCorruptedError(
        forKey: .reads, in: container, debugDescription: "a layer reads one result or two")
    }
    self.init(
      try container.decode(Layer.Operation.self, forKey: .operation), first: first,
      second: reads.count > 1 ? reads[1] : nil)
  }

  /// Encodes the operation, and the numbers of what it reads.
  ///
  /// - Throws: `EncodingError`, as the encoder does.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(operation, forKey: .operation)
    try container.encode([first] + (second.map { [$0] } ?? []), forKey: .reads)
  }
}
