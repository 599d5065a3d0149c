import Datasets
import Ensembles
import Inference
import ONNX

/// The graph of an ensemble under construction: each member after what prepares its input, then the combination.
struct JoinedGraph {
  private let input: EnsembleInput
  private let classes: Int
  private var graph = ONNXGraph()
  private var (operatorSet, formatVersion) = (0, 0)
  /// The model that needs this operator set.
  private var newest = ""
  /// What members are fed that are fed alike, by what they take.
  private var prepared: [MemberFeed: String] = [:]
  /// Each member's logits or log-probabilities, `[N, 1, C]`.
  private var scores: [String] = []

  private struct MemberFeed: Hashable {
    let preprocessing: Preprocessing
    let elementType: Int
  }

  init(input: EnsembleInput, classes: Int) {
    self.input = input
    self.classes = classes
  }

  /// Has the graph follow at least the versions that a model follows.
  mutating func raise(to model: ONNXModel, least: (operatorSet: Int, format: Int)) {
    formatVersion = max(formatVersion, model.formatVersion, least.format)
    guard max(model.operatorSet, least.operatorSet) > operatorSet else { return }
    operatorSet = max(model.operatorSet, least.operatorSet)
    newest = model.path
  }

  /// Adds a member.
  mutating func append(_ member: EnsembleMember, _ bytes: UnsafeRawBufferPointer) throws {
    let index = scores.count
    let model = try ONNXModel(bytes: bytes, path: member.model.source)
    let part = GraphPart(
      model, bytes, prefix: "member\(index)/",
      input: prepare(member, elementType: model.inputs.first?.elementType ?? ONNXGraph.float32))
    try graph.append(copyOf: part, operatorSet: operatorSet, needing: newest)
    let output = member.model.output
    appendScores(
      of: part.output(output), elementType: model.outputs[output].elementType,
      member.model.outputKind)
  }

  // MARK: - Inputs

  /// What the member is fed.
  private mutating func prepare(_ member: EnsembleMember, elementType: Int) -> String {
    let feed = MemberFeed(preprocessing: member.preprocessing, elementType: elementType)
    if let known = prepared[feed] { return known }
    let prefix = "input\(prepared.count)"
    var name = JoinedEnsemble.inputName
    if !input.isMembersOwn { name = normalize(name, as: member.preprocessing, prefix) }
    if elementType != ONNXGraph.float32 {
      if member.model.input.takesBytes, !input.isMembersOwn { name = round(name, prefix) }
      graph.append("Cast", "\(prefix).cast", [name], [("to", .integer(elementType))])
      name = "\(prefix).cast"
    }
    prepared[feed] = name
    return name
  }

  /// From pixels of 0...1 to what a member takes.
  private mutating func normalize(
    _ pixels: String, as preprocessing: Preprocessing, _ prefix: String
  ) -> String {
    let pairs = zip(preprocessing.mean, preprocessing.standardDeviation)
      .map { (mean: Double($0), deviation: Double($1)) }
    graph.append(
      constant: "\(prefix).factor", shape: [1, 3, 1, 1], pairs.map { Float(255 / $0.deviation) })
    graph.append(
      constant: "\(prefix).shift", shape: [1, 3, 1, 1],
      pairs.map { Float(-$0.mean / $0.deviation) })
    graph.append("Mul", "\(prefix).scaled", [pixels, "\(prefix).factor"])
    var name = "\(prefix).normalized"
    graph.append("Add", name, ["\(prefix).scaled", "\(prefix).shift"])
    if preprocessing.channelOrder == .bgr {
      graph.append(constant: "\(prefix).order", integers: [2, 1, 0])
      graph.append("Gather", "\(prefix).bgr", [name, "\(prefix).order"], [("axis", .integer(1))])
      name = "\(prefix).bgr"
    }
    if preprocessing.layout == .channelsLast {
      graph.append("Transpose", "\(prefix).nhwc", [name], [("perm", .integers([0, 2, 3, 1]))])
      name = "\(prefix).nhwc"
    }
    return name
  }

  /// To whole numbers, which a cast to bytes would cut off.
  private mutating func round(_ name: String, _ prefix: String) -> String {
    graph.append(constant: "\(prefix).half", shape: [], [0.5])
    graph.append("Add", "\(prefix).raised", [name, "\(prefix).half"])
    graph.append("Floor", "\(prefix).whole", ["\(prefix).raised"])
    return "\(prefix).whole"
  }

  // MARK: - Outputs

  /// From a member's output to logits or log-probabilities, `[N, 1, C]`.
  private mutating func appendScores(
    of output: String, elementType: Int?, _ kind: ImageModel.OutputKind
  ) {
    let prefix = "scores\(scores.count)"
    var name = output
    if elementType != ONNXGraph.float32 {
      graph.append("Cast", "\(prefix).cast", [name], [("to", .integer(ONNXGraph.float32))])
      name = "\(prefix).cast"
    }
    if kind == .probabilities || kind == .percentages {
      name = logarithm(of: name, kind, prefix)
    }
    graph.append(constant: "\(prefix).shape", integers: [0, 1, classes])
    graph.append("Reshape", prefix, [name, "\(prefix).shape"])
    scores.append(prefix)
  }

  /// The logarithm of probabilities, a zero's as it counts in a combination. What they are parts of is of no matter, because
  /// they are normalised.
  private mutating func logarithm(
    of name: String, _ kind: ImageModel.OutputKind, _ prefix: String
  ) -> String {
    graph.append(constant: "\(prefix).zero", shape: [], [0])
    graph.append(constant: "\(prefix).least", shape: [], [CombinationGraph.ruledOut])
    graph.append("Max", "\(prefix).positive", [name, "\(prefix).zero"])
    graph.append("Log", "\(prefix).logarithm", ["\(prefix).positive"])
    graph.append("Max", "\(prefix).finite", ["\(prefix).logarithm", "\(prefix).least"])
    return "\(prefix).finite"
  }

  /// Combines the members into the outputs.
  mutating func combine(_ combination: Combination) {
    graph.append("Concat", "members", scores, [("axis", .integer(1))])
    var builder = CombinationGraph(
      graph: graph, operatorSet: operatorSet, members: scores.count, classes: classes)
    builder.append(combination, of: "members", outputs: JoinedEnsemble.outputNames)
    graph = builder.graph
  }

  /// The model's bytes.
  func model(
    named name: String, outputs: [String], metadata: [String: String]
  ) throws -> [UInt8] {
    let batch = input.fixedBatch.map { ONNXModel.Dimension.fixed($0) } ?? .symbolic("batch")
    func port(_ name: String, _ shape: [Int]) -> ONNXModel.Port {
      ONNXModel.Port(
        name: name, elementType: ONNXGraph.float32, dimensions: [batch] + shape.map { .fixed($0) })
    }
    return try graph.model(
      named: name, inputs: [port(JoinedEnsemble.inputName, input.shape)],
      outputs: outputs.map { port($0, [classes]) }, operatorSet: operatorSet,
      formatVersion: formatVersion, metadata: metadata)
  }
}
