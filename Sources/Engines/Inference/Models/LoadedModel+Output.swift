import COpenVINO
import Files

extension LoadedModel {
  /// The output that holds the classes: the one that is asked for, the only one that can, or else the one that is called
  /// logits or probabilities.
  func classOutput(
    for input: ImageModel.Input, named name: String?
  ) throws(InferenceError) -> Int {
    if let name {
      guard let index = outputs.firstIndex(where: { $0.name == name }) else {
        throw .unknownOutput(source: source, name: name, outputs: outputs.map(\.name))
      }
      return index
    }
    if outputs.count == 1 { return 0 }
    let able = outputs.indices.filter {
      outputs[$0].isFloating && classCount(of: $0, for: input) != nil
    }
    if able.count == 1 { return able[0] }
    let named = able.filter { ["logits", "probabilities"].contains(outputs[$0].name) }
    guard let index = named.first, named.count == 1 else {
      throw .severalOutputs(source: source, outputs: outputs.map(\.name))
    }
    return index
  }

  /// The number of classes, which may depend on the input's shape.
  ///
  /// - Throws: `InferenceError.noClassAxis`, or `.oneOutput` for a single number an image.
  func classes(output: Int, for input: ImageModel.Input) throws(InferenceError) -> Int {
    let declared = outputs[output]
    let noAxis = InferenceError.noClassAxis(
      source: source, output: declared.name, found: declared.found)
    guard declared.isFloating else { throw noAxis }
    let port: ModelPort
    do throws(EngineFailure) {
      port = try self.port(of: output, for: input)
    } catch {
      throw .unreadableModel(source: source, reason: error.reason)
    }
    guard let classes = Self.classCount(of: port, batch: input.fixedBatch ?? 1) else {
      throw noAxis
    }
    guard classes > 1 else { throw .oneOutput(source: source, output: declared.name) }
    return classes
  }

  private func port(
    of output: Int, for input: ImageModel.Input
  ) throws(EngineFailure) -> ModelPort {
    let shape = input.shape(batch: input.fixedBatch ?? 1)
    return try ModelPort(of: graph.specialized(output: output, shape: shape), CO_OUTPUT, index: 0)
  }

  private func classCount(of output: Int, for input: ImageModel.Input) -> Int? {
    guard let port = try? port(of: output, for: input) else { return nil }
    return Self.classCount(of: port, batch: input.fixedBatch ?? 1)
  }

  private static let largestClasses = 1 << 24

  private static func classCount(of port: ModelPort, batch: Int) -> Int? {
    // Some networks end in a map of a single position.
    guard let sizes = port.dimensions, sizes.count == 2 || sizes.count == 4, sizes[0] == batch,
      sizes.dropFirst(2).allSatisfy({ $0 == 1 }), let classes = sizes[1],
      (1...largestClasses).contains(classes)
    else { return nil }
    return classes
  }

  /// What the output is: what the graph ends in, or else logits.
  ///
  /// - Parameter said: What the user says that it is.
  /// - Throws: `InferenceError.sigmoids` or `.batchSoftmax` where it is no distribution over the classes, `.sortedOutput`
  ///   where its order is not that of the classes, `.transformedOutput` where nothing says what it is and the graph does
  ///   not either.
  func outputKind(
    output: Int, for input: ImageModel.Input, classes: Int, said: ImageModel.OutputKind?
  ) throws(InferenceError) -> ImageModel.OutputKind {
    let transformation = try transformation(output: output)
    guard transformation != "TopK" else {
      throw .sortedOutput(source: source, output: outputs[output].name)
    }
    // The batch and the classes are to be told apart.
    let free = classes == 2 ? 3 : 2
    let batches = input.fixedBatch.map { [$0] } ?? [free, 1]
    var activation: co_activation?
    // Where the batch is fixed inside, an activation is seen for one image only.
    for batch in batches where activation == nil || activation == CO_NO_ACTIVATION {
      let found = try? self.activation(
        output: output, shape: input.shape(batch: batch), classes: classes)
      activation = found ?? activation
    }
    switch activation {
    case CO_SOFTMAX: return .probabilities
    case CO_PERCENT_SOFTMAX: return .percentages
    case CO_LOG_SOFTMAX: return .logProbabilities
    case CO_SIGMOID: throw .sigmoids(source: source, output: outputs[output].name)
    case CO_BATCH_SOFTMAX: throw .batchSoftmax(source: source, output: outputs[output].name)
    case nil:
      throw .unreadableModel(source: source, reason: "its output cannot be followed")
    default:
      if outputs[output].name == "probabilities" { return .probabilities }
      guard transformation.isEmpty || said != nil else {
        throw .transformedOutput(
          source: source, output: outputs[output].name, operation: transformation)
      }
      return .logits
    }
  }

  /// The operation that turns scores into something else after the last learnt weights; empty where there is none.
  private func transformation(output: Int) throws(InferenceError) -> String {
    var type = [CChar](repeating: 0, count: 64)
    do throws(EngineFailure) {
      try EngineFailure.check(
        co_model_transformation(graph.handle, output, &type, type.count))
    } catch {
      throw .unreadableModel(source: source, reason: error.reason)
    }
    return Self.text(type)
  }

  private static func text(_ characters: [CChar]) -> String {
    String(
      decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private func activation(
    output: Int, shape: [Int], classes: Int
  ) throws(EngineFailure) -> co_activation {
    var activation = CO_NO_ACTIVATION
    let shape = shape.map(Int64.init)
    try EngineFailure.check(
      co_model_activation(graph.handle, output, shape, shape.count, Int64(classes), &activation))
    return activation
  }

  /// Makes sure that the numbers that the output is computed from are numbers.
  ///
  /// - Throws: `InferenceError.uselessConstant`.
  func checkConstants(output: Int) throws(InferenceError) {
    var fault = CO_NO_FAULT
    var name = [CChar](repeating: 0, count: 256)
    do throws(EngineFailure) {
      try EngineFailure.check(
        co_model_constant_fault(graph.handle, output, &fault, &name, name.count))
    } catch {
      throw .unreadableModel(source: source, reason: error.reason)
    }
    let reasons: [co_constant_fault.RawValue: String] = [
      CO_NOT_A_NUMBER.rawValue: "holds NaN",
      CO_INFINITE.rawValue: "holds an infinite number",
      CO_NEGATIVE_VARIANCE.rawValue: "is a variance, and holds numbers below 0",
      CO_OVERFLOWING.rawValue: "holds numbers so large that sums of them are not finite",
    ]
    guard let reason = reasons[fault.rawValue] else { return }
    throw .uselessConstant(source: source, name: Self.text(name), reason: reason)
  }

  /// What was inferred of the output.
  func notes(
    output: Int, kind: ImageModel.OutputKind, _ choice: ImageModel.OutputChoice
  ) -> [Note] {
    var notes: [Note] = []
    if outputs.count > 1, choice.name == nil {
      let others = outputs.map { "'\($0.name)'" }.joined(separator: ", ")
      notes.append(
        Note(
          source: source,
          text:
            "'\(outputs[output].name)' is taken of its outputs \(others): --output takes another"))
    }
    if let said = choice.kind, said != kind, kind != .logits {
      notes.append(
        Note(
          source: source,
          text:
            "its output is taken as \(said.rawValue), as --output-kind says, where its graph ends in "
            + kind.rawValue))
    }
    return notes
  }

  /// Whether its first operations say that it takes pixels of 0...255.
  var takesByteRange: Bool {
    var range = CO_UNKNOWN_RANGE
    return co_model_input_range(graph.handle, &range) == CO_OK && range == CO_BYTE_RANGE
  }
}
