import COpenVINO
import Files

/// One or more models that read the same images, compiled for batches of one size.
///
/// Sessions run it. Several sessions may run at once, each on a thread of its own; more than `options.streams` of them
/// wait for each other.
public struct Classifier: Sendable {
  /// The models, in the order of a session's results.
  public let models: [ImageModel]
  /// The number of images at a time.
  public let batch: Int
  package let parts: [CompiledMembers]

  /// Members that are compiled as one model.
  package struct CompiledMembers: Sendable {
    let compiled: OpenVINOHandle<co_compiled>
    /// Places in `models`, in the order of the outputs.
    package let members: [Int]
  }

  /// Compiles `models` for batches of `batch` images.
  ///
  /// - Throws: `InferenceError.cannotCompile`, or `.differentMembers` where the models read images of different shapes.
  public init(
    _ models: [ImageModel], batch: Int, options: InferenceOptions
  ) throws(InferenceError) {
    precondition(!models.isEmpty && batch > 0, "at least one model and one image")
    self.models = models
    self.batch = batch
    for model in models.dropFirst()
    where model.input.shape(batch: 1) != models[0].input.shape(batch: 1) {
      throw .differentMembers(
        first: models[0].source, second: model.source, difference: "input's shape")
    }
    let groups = try Self.groups(models, batch: batch, options)
    var options = options
    if groups.count > 1 {
      options.threads = 1
      // Models of one thread each would be pinned to one and the same processor.
      options.isPinned = options.isPinned ?? false
    }
    var parts: [CompiledMembers] = []
    for members in groups {
      parts.append(
        CompiledMembers(
          compiled: try Self.compile(members.map { models[$0] }, batch, options),
          members: members))
    }
    self.parts = parts
  }

  /// Which members are compiled together.
  private static func groups(
    _ models: [ImageModel], batch: Int, _ options: InferenceOptions
  ) throws(InferenceError) -> [[Int]] {
    let all = Array(models.indices)
    let workers = min(options.threads, models.count)
    guard options.streams == 1, workers > 1, options.arrangement != .inTurn else { return [all] }
    let costs = try models.map { (model) throws(InferenceError) in
      try model.cost().multiplyAccumulates
    }
    let groups = balanced(costs, groups: workers)
    guard options.arrangement == .automatic else { return groups }
    let total = costs.reduce(0, +)
    let longest = groups.map { $0.reduce(0) { $0 + costs[$1] } }.max() ?? total
    let isEven = Double(longest) * Double(workers) <= unevenness * Double(total)
    return isEven ? groups : [all]
  }

  /// Side by side is quicker where no thread has more than this factor of an equal share.
  private static let unevenness = 1.1

  /// Deals the costs out, the largest first, each to the group that has least.
  static func balanced(_ costs: [Int], groups: Int) -> [[Int]] {
    var members = [[Int]](repeating: [], count: groups)
    var loads = [Int](repeating: 0, count: groups)
    for index in costs.indices.sorted(by: { (costs[$1], $0) < (costs[$0], $1) }) {
      let group = loads.indices.min { (loads[$0], $0) < (loads[$1], $1) } ?? 0
      members[group].append(index)
      loads[group] += costs[index]
    }
    return members.map { $0.sorted() }
  }

  private static func compile(
    _ models: [ImageModel], _ batch: Int, _ options: InferenceOptions
  ) throws(InferenceError) -> OpenVINOHandle<co_compiled> {
    let core = try Engine.core()
    var graphs: [OpenVINOHandle<co_model>] = []
    for model in models { graphs.append(try model.specialized(batch: batch)) }
    let properties = Self.properties(of: models, options)
    let cache = options.cacheDirectory.flatMap {
      CompiledModelCache(in: $0, key: cacheKey(models, batch, properties))
    }
    do throws(EngineFailure) {
      let graph = graphs.count == 1 ? graphs[0] : try joined(graphs)
      guard let cache else { return try compile(graph, with: properties, core) }
      let kept = properties + [("CACHE_DIR", cache.path)]
      // A cache that the engine cannot use is done without.
      guard let compiled = try? compile(graph, with: kept, core) else {
        return try compile(graph, with: properties, core)
      }
      cache.recordChecksums()
      return compiled
    } catch {
      throw .cannotCompile(
        source: models.map(\.source).joined(separator: ", "), reason: error.reason)
    }
  }

  /// How models are compiled: sums of 8-bit numbers that may saturate are computed in float32, of all that are compiled as one.
  private static func properties(
    of models: [ImageModel], _ options: InferenceOptions
  ) -> [(key: String, value: String)] {
    let isExact = models.contains(where: \.isComputedInFloat32)
    return options.properties + (isExact ? [("LP_TRANSFORMS_MODE", "NO")] : [])
  }

  static func compile(
    _ graph: OpenVINOHandle<co_model>, with properties: [(key: String, value: String)],
    _ core: OpenVINOHandle<co_core>
  ) throws(EngineFailure) -> OpenVINOHandle<co_compiled> {
    try OpenVINOHandle { result in
      withCStrings(properties.map(\.key)) { keys in
        withCStrings(properties.map(\.value)) { values in
          co_compile(core.handle, graph.handle, keys, values, properties.count, result)
        }
      }
    }
  }

  /// Distinguishes what is compiled of other models, or otherwise; the engine's own name of the file has all that matters.
  private static func cacheKey(
    _ models: [ImageModel], _ batch: Int, _ properties: [(key: String, value: String)]
  ) -> String {
    var hasher = SHA256Hasher()
    let parts = models.map(\.contentHash) + ["\(batch)"] + properties.map { "\($0)=\($1)" }
    Array(parts.joined(separator: "\n").utf8).withUnsafeBytes { hasher.update($0) }
    return String(hasher.finish().prefix(32))
  }

  private static func joined(_ graphs: [OpenVINOHandle<co_model>]) throws(EngineFailure)
    -> OpenVINOHandle<co_model>
  {
    let handles = graphs.map(\.handle)
    return try OpenVINOHandle { result in
      withExtendedLifetime(graphs) { co_model_joined(handles, handles.count, result) }
    }
  }
}

/// Calls `body` with the texts as C has them.
private func withCStrings<R>(
  _ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> R
) -> R {
  let bytes = texts.flatMap { Array($0.utf8CString) }
  return bytes.withUnsafeBufferPointer { bytes in
    var offset = 0
    let pointers = texts.map { text -> UnsafePointer<CChar>? in
      defer { offset += text.utf8.count + 1 }
      return bytes.baseAddress.map { $0 + offset }
    }
    return pointers.withUnsafeBufferPointer { pointers in
      guard let base = pointers.baseAddress else { preconditionFailure("no texts") }
      return body(base)
    }
  }
}
