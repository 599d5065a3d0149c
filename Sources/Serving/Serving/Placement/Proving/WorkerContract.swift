import Inference

/// How a worker that has proven that it computes a member is asked.
struct WorkerContract: Hashable, Sendable {
  /// The input that takes the images.
  let input: String
  /// The output that holds the classes.
  let output: String
  /// What that output is.
  let outputKind: ImageModel.OutputKind
  /// The most images of a request.
  let maximumBatch: Int
  /// Whether it reads binary data: MLServer takes JSON only.
  var isBinary = true

  /// Reads an answer to `count` images.
  ///
  /// - Returns: Of each image its log-probabilities, in nats, or why its numbers are no distribution.
  /// - Throws: `WorkerFault.badAnswer` where the answer as a whole cannot be used.
  func logProbabilities(
    of response: WorkerResponse, to id: String? = nil, count: Int, classes: Int
  ) throws(WorkerFault) -> [Result<[Float], RowFault>] {
    let values = try Self.values(of: output, in: response, to: id, count: count, classes: classes)
    return (0..<count).map { row in
      var values = Array(values[row * classes..<(row + 1) * classes])
      let fault = values.withUnsafeMutableBufferPointer { outputKind.normalize($0) }
      return fault.map { .failure(RowFault(reason: $0)) } ?? .success(values)
    }
  }

  /// The numbers of an output, `[count, classes]`.
  ///
  /// - Throws: `WorkerFault.badAnswer`.
  static func values(
    of output: String, in response: WorkerResponse, to id: String? = nil, count: Int,
    classes: Int
  ) throws(WorkerFault) -> [Float] {
    do throws(ProtocolError) {
      let answer = try ReceivedAnswer(body: response.body, headerLength: response.headerLength)
      if let id, let other = answer.id, other != id {
        throw .badParameter(name: "id", reason: "it is '\(other.shortened)', not '\(id)'")
      }
      if try answer.parameters.boolean("degraded") == true {
        throw .badParameter(name: "degraded", reason: "members of the worker's own are lost")
      }
      let tensor = try answer.output(output)
      guard tensor.shape.isOf(count, classes: classes) else {
        throw .badOutput(
          name: output, .wrongShape(tensor.shape, expected: [count, classes]))
      }
      if let values = tensor.values(of: Float.self) { return values }
      guard let values = tensor.values(of: Double.self) else {
        throw .badOutput(
          name: output, .wrongType(tensor.type, expected: [.float32, .float64]))
      }
      return values.map(Float.init)
    } catch {
      throw .badAnswer("\(error)")
    }
  }
}

/// Why what a member gave for one image is no distribution.
struct RowFault: Error, Hashable, Sendable {
  let reason: String
}

extension TensorShape {
  /// Whether it is `[count, classes]`, but for dimensions of 1.
  fileprivate func isOf(_ count: Int, classes: Int) -> Bool {
    dimensions.first == count && elementCount == count * classes
      && dimensions.dropFirst().filter { $0 != 1 } == [classes].filter { $0 != 1 }
  }
}
