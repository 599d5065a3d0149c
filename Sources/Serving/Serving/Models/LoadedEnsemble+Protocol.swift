import Inference

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// What the ensemble's inputs and outputs are in the protocol.

extension LoadedEnsemble {
  /// The outputs by name.
  enum Output: String, CaseIterable {
    case probabilities, label
    case exitStage = "exit_stage"
    case membersRun = "members_run"
    case logProbabilities = "log_probabilities"
    case members
    case membersMissing = "members_missing"
    case predictionSet = "prediction_set"
    case abstain

    /// Whether a request that names no output gets it: the others are large, or for few.
    var isUsual: Bool {
      switch self {
      case .probabilities, .label, .exitStage, .membersRun: true
      case .logProbabilities, .members, .membersMissing, .predictionSet, .abstain: false
      }
    }
  }

  /// The outputs that this ensemble gives.
  private var knownOutputs: [Output] {
    Output.allCases.filter { output in
      switch output {
      case .predictionSet: limits != nil
      case .abstain: limits?.abstention != nil
      default: true
      }
    }
  }

  /// The input as files of images.
  static let fileInput = TensorDescription(name: inputName, type: .bytes, shape: [-1])

  /// The input as requests may give it: the members' tensor where they share one, and files of images.
  var inputs: [TensorDescription] {
    guard let tensorInput else { return [Self.fileInput] }
    let shape = [-1] + tensorInput.shape(batch: 1).dropFirst()
    return [TensorDescription(name: Self.inputName, type: .float32, shape: shape), Self.fileInput]
  }

  /// The outputs, in the order in which they are sent.
  var outputs: [TensorDescription] {
    knownOutputs.map { output in
      let (type, shape): (ElementType, [Int]) =
        switch output {
        case .probabilities, .logProbabilities: (.float32, [-1, classes])
        case .label, .membersMissing: (.bytes, [-1])
        case .exitStage, .membersRun: (.int32, [-1])
        case .members: (.float32, [-1, members.count, classes])
        case .predictionSet: (.bool, [-1, classes])
        case .abstain: (.bool, [-1])
        }
      return TensorDescription(name: output.rawValue, type: type, shape: shape)
    }
  }

  /// The images of a request, and how many they are.
  ///
  /// - Throws: `ProtocolError.badInput`, `.missing`.
  func images(
    of request: InferenceRequest
  ) throws(ProtocolError) -> (images: InferenceJob.Images, count: Int) {
    guard let input = request.inputs.first(where: { $0.name == Self.inputName }) else {
      if let other = request.inputs.first {
        throw .badInput(name: other.name, .unknown(known: [Self.inputName]))
      }
      throw .missing(key: "inputs", place: "the request")
    }
    if let other = request.inputs.first(where: { $0.name != Self.inputName }) {
      throw .badInput(name: other.name, .unknown(known: [Self.inputName]))
    }
    guard request.inputs.count == 1 else { throw .badInput(name: input.name, .repeated) }
    do throws(TensorFault) {
      return try images(of: input)
    } catch {
      throw .badInput(name: input.name, error)
    }
  }

  private func images(
    of tensor: InferenceTensor
  ) throws(TensorFault) -> (images: InferenceJob.Images, count: Int) {
    let dimensions = tensor.shape.dimensions
    let known = inputs
    guard let description = known.first(where: { $0.type == tensor.type }) else {
      throw .wrongType(tensor.type, expected: known.map(\.type))
    }
    guard description.fits(tensor.shape), dimensions[0] > 0 else {
      throw .wrongShape(tensor.shape, expected: description.shape)
    }
    switch tensor.content {
    case .elements(let elements): return (.encoded(elements), elements.count)
    case .values(let bytes):
      if let index = tensor.firstNotFinite { throw .notFinite(index: index) }
      return (.tensor(bytes), dimensions[0])
    }
  }

  /// The tensors that a request asks for.
  func tensors(
    of answer: EnsembleAnswer, for request: InferenceRequest
  ) throws(ProtocolError) -> [InferenceTensor] {
    var tensors: [InferenceTensor] = []
    let known = knownOutputs
    if let unknown = request.outputs.first(where: { asked in
      !known.contains { $0.rawValue == asked.name }
    }) {
      throw .badOutput(name: unknown.name, .unknown(known: known.map(\.rawValue)))
    }
    for output in known {
      let isAsked =
        request.outputs.isEmpty
        ? output.isUsual : request.outputs.contains { $0.name == output.rawValue }
      if isAsked { tensors.append(try tensor(output, of: answer, for: request)) }
    }
    return tensors
  }

  private func tensor(
    _ output: Output, of answer: EnsembleAnswer, for request: InferenceRequest
  ) throws(ProtocolError) -> InferenceTensor {
    func shape(_ dimensions: [Int]) throws(ProtocolError) -> TensorShape {
      do throws(TensorFault) {
        return try TensorShape(dimensions)
      } catch {
        throw .badOutput(name: output.rawValue, error)
      }
    }
    let (name, count) = (output.rawValue, answer.count)
    switch output {
    case .probabilities:
      return InferenceTensor(
        name: name, shape: try shape([count, classes]),
        values: answer.logProbabilities.map { exp($0) })
    case .logProbabilities:
      return InferenceTensor(
        name: name, shape: try shape([count, classes]), values: answer.logProbabilities)
    case .label:
      let names = answer.classes.map { labels?[$0] ?? String($0) }
      return InferenceTensor(name: name, shape: try shape([count]), strings: names)
    case .exitStage:
      return InferenceTensor(
        name: name, shape: try shape([count]), values: answer.exits.map { Int32($0 + 1) })
    case .membersRun:
      return InferenceTensor(
        name: name, shape: try shape([count]), values: answer.membersRun.map { Int32($0) })
    case .members:
      return InferenceTensor(
        name: name, shape: try shape([count, members.count, classes]),
        values: memberProbabilities(answer))
    case .membersMissing:
      let missing = (0..<count).map { memberNames(at: answer.progress.missing(of: $0)) }
      return InferenceTensor(name: name, shape: try shape([count]), strings: missing)
    case .predictionSet:
      return InferenceTensor(
        name: name, shape: try shape([count, classes]),
        flags: predictionSets(answer, for: request))
    case .abstain:
      return InferenceTensor(
        name: name, shape: try shape([count]), flags: abstentions(answer, for: request))
    }
  }

  /// Members by their places, with commas between.
  func memberNames(at places: [Int]) -> String {
    places.map { members[$0].name }.joined(separator: ",")
  }

  /// What is to be known of an answer beside its outputs: whether it is one of the whole ensemble, what it is worth if not, and
  /// what is promised of the outputs that promise something.
  func parameters(of answer: EnsembleAnswer, for request: InferenceRequest) -> Parameters {
    var parameters = limitParameters(answer, for: request)
    if let accuracy = answer.degraded.map(\.service.accuracy.value).min() {
      parameters[AnswerParameter.degraded] = .boolean(true)
      parameters[AnswerParameter.membersMissing] = .string(memberNames(at: answer.missing))
      parameters[AnswerParameter.expectedAccuracy] = .number(accuracy)
    }
    return parameters
  }

  /// `[N, members, classes]`; 0 for a member that did not run on the image.
  private func memberProbabilities(_ answer: EnsembleAnswer) -> [Float] {
    var values = [Float](repeating: 0, count: answer.count * members.count * classes)
    for row in 0..<answer.count {
      for member in 0..<answer.progress.members where answer.progress.hasRun(member, on: row) {
        let said = answer.memberLogProbabilities[member]
        for column in 0..<classes {
          values[(row * members.count + member) * classes + column] = exp(
            said[row * classes + column])
        }
      }
    }
    return values
  }
}

/// The parameters of answers that promise something, or that not the whole ensemble gave.
package enum AnswerParameter {
  /// Whether members are missing; only there where it is true.
  package static let degraded = "degraded"
  /// The names of the members that are missing for some image, with commas between.
  package static let membersMissing = "members_missing"
  /// The share of the hold-out that was right without them: the least, where images lack different ones.
  package static let expectedAccuracy = "expected_accuracy"
  /// Whether what sets and abstentions say is promised; there where an output of these was asked for.
  package static let promised = "promised"
  /// The share of the images whose class is in their set.
  package static let coverage = "coverage"
  /// The greatest share of wrong answers among those that are given.
  package static let error = "error"
  /// The probability that no more are wrong, over the draw of the calibration images.
  package static let confidence = "confidence"
}

extension TensorBytes {
  /// Whether they begin as a JPEG or PNG file does, with which neither JSON nor a finite float32 begins.
  package var isImageFile: Bool {
    withBytes { bytes in
      bytes.starts(with: [0xFF, 0xD8, 0xFF]) || bytes.starts(with: [0x89, 0x50, 0x4E, 0x47])
    }
  }
}
