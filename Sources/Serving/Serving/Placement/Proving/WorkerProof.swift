import Inference

/// Finds out whether and how a worker computes a member: asks for its metadata and configuration, then for its answer to images whose
/// answer is known.
///
/// Nothing waits: each step begins when the answer to the one before is there.
final class WorkerProof: Sendable {
  /// Why a worker gets no requests.
  enum Fault: Error, Hashable, Sendable {
    /// It cannot be asked at the moment.
    case unavailable(String)
    /// It does not compute the member, or cannot be asked for it.
    case refused(String)

    /// In words.
    var reason: String {
      switch self {
      case .unavailable(let reason), .refused(let reason): reason
      }
    }
  }

  typealias Outcome = Result<WorkerContract, Fault>

  private let address: WorkerAddress
  private let batch: ProofBatch
  private let transport: any WorkerTransport
  /// Of each step, in seconds.
  private let timeout: Double
  /// The most images of a request, whatever the worker allows.
  private let maximumBatch: Int
  private let finish: @Sendable (Outcome) -> Void

  /// Begins to ask.
  ///
  /// - Parameters:
  ///   - contract: How it was asked before, where only its answer is to be looked at once more.
  ///   - finish: Is called once, on any thread.
  static func begin(
    _ address: WorkerAddress, _ batch: ProofBatch, over transport: any WorkerTransport,
    timeoutSeconds: Double, maximumBatch: Int, again contract: WorkerContract? = nil,
    finish: @escaping @Sendable (Outcome) -> Void
  ) {
    let proof = WorkerProof(address, batch, transport, timeoutSeconds, maximumBatch, finish)
    if let contract { proof.askAgain(contract) } else { proof.askForMetadata() }
  }

  private init(
    _ address: WorkerAddress, _ batch: ProofBatch, _ transport: any WorkerTransport,
    _ timeout: Double, _ maximumBatch: Int, _ finish: @escaping @Sendable (Outcome) -> Void
  ) {
    self.address = address
    self.batch = batch
    self.transport = transport
    self.timeout = timeout
    self.maximumBatch = maximumBatch
    self.finish = finish
  }

  private func ask(
    _ request: WorkerRequest,
    _ next: @escaping @Sendable (Result<WorkerResponse, WorkerFault>) -> Void
  ) {
    _ = transport.send(request, completion: next)
  }

  private func askForMetadata() {
    ask(newRequest(address.url)) { [self] outcome in
      do throws(Fault) {
        let response = try usable(outcome)
        askForConfiguration(try description(response))
      } catch {
        finish(.failure(error))
      }
    }
  }

  /// A request that does not rely on what there was before.
  private func newRequest(_ url: String) -> WorkerRequest {
    var request = WorkerRequest(url: url, timeoutSeconds: timeout)
    request.wantsNewConnection = true
    return request
  }

  private func description(_ response: WorkerResponse) throws(Fault) -> WorkerDescription {
    do throws(ProtocolError) {
      return try WorkerDescription(metadata: response.body)
    } catch {
      throw .refused("its answer is no metadata of a model (\(error))")
    }
  }

  private func askForConfiguration(_ description: WorkerDescription) {
    ask(newRequest("\(address.url)/config")) { [self] outcome in
      do throws(Fault) {
        var limit: Int?
        switch outcome {
        // Not all servers have it: MLServer says 404.
        case .success(let response) where response.status == 200:
          limit = WorkerDescription.maximumBatch(configuration: response.body)
        case .success: break
        case .failure(let fault): throw .unavailable("\(fault)")
        }
        try askForAnswer(description, limit: limit)
      } catch {
        finish(.failure(error))
      }
    }
  }

  private func askForAnswer(_ description: WorkerDescription, limit: Int?) throws(Fault) {
    let input = try input(of: description)
    let takesOne = input.shape.first == 1
    let limit = takesOne ? 1 : min(limit ?? maximumBatch, maximumBatch)
    let question = Question(
      input: input.name, outputs: try outputs(of: description), limit: limit)
    try ask(question, isBinary: true)
  }

  /// What a worker is asked for its proof.
  private struct Question {
    let input: String
    let outputs: [String]
    /// The most images of a request.
    let limit: Int
  }

  /// Asks in binary, and once more in JSON where the worker does not read that.
  private func ask(_ question: Question, isBinary: Bool) throws(Fault) {
    let count = min(batch.count, question.limit)
    var request = newRequest("\(address.url)/infer")
    request.message = try message(
      count, input: question.input, outputs: question.outputs, isBinary: isBinary)
    ask(request) { [self] outcome in
      do throws(Fault) {
        if isBinary, case .success(let response) = outcome,
          [400, 422, 500].contains(response.status)
        {
          return try ask(question, isBinary: false)
        }
        let response = try usable(outcome)
        finish(.success(try contract(response, question, count: count, isBinary: isBinary)))
      } catch {
        finish(.failure(error))
      }
    }
  }

  /// Looks at its answer only, over connections that there are.
  private func askAgain(_ contract: WorkerContract) {
    do throws(Fault) {
      let count = min(batch.count, contract.maximumBatch)
      var request = WorkerRequest(url: "\(address.url)/infer", timeoutSeconds: timeout)
      request.message = try message(
        count, input: contract.input, outputs: [contract.output], isBinary: contract.isBinary)
      ask(request) { [self] outcome in
        do throws(Fault) {
          let response = try usable(outcome)
          if let difference = difference(contract, response, count: count) {
            throw notTheMember(difference)
          }
          finish(.success(contract))
        } catch {
          finish(.failure(error))
        }
      }
    } catch {
      finish(.failure(error))
    }
  }

  /// A request for the first images.
  private func message(
    _ count: Int, input: String, outputs: [String], isBinary: Bool
  ) throws(Fault) -> EncodedMessage {
    let size = batch.images.count / batch.count
    do throws(TensorFault) {
      let tensor = try InferenceTensor(
        name: input, type: .float32, shape: TensorShape([count] + batch.shape),
        bytes: batch.images[0..<count * size])
      var outgoing = OutgoingRequest(
        id: "proof", inputs: [tensor], outputs: outputs.map { RequestedOutput(name: $0) })
      outgoing.isBinary = isBinary
      return outgoing.encoded()
    } catch {
      throw .refused("\(error)")
    }
  }

  /// The response, where it is a success.
  private func usable(
    _ outcome: Result<WorkerResponse, WorkerFault>
  ) throws(Fault) -> WorkerResponse {
    switch outcome {
    case .failure(.unusable(let reason)): throw .refused(reason)
    case .failure(let fault): throw .unavailable("\(fault)")
    case .success(let response):
      switch response.fault(timeoutSeconds: timeout) {
      case nil: return response
      case .refused(401, let text)?, .refused(403, let text)?:
        throw .refused(
          "it wants another token (\(text.shortened)): set CONSORT_WORKER_TOKEN, or give --worker-token-file"
        )
      case .refused(let status, let text)?:
        throw .refused("\(WorkerFault.refused(status: status, text))")
      case let fault?: throw .unavailable("\(fault)")
      }
    }
  }

  // MARK: What the metadata say

  private func input(of description: WorkerDescription) throws(Fault) -> WorkerDescription.Tensor {
    let wanted = "FP32 [-1, \(batch.shape.map(String.init).joined(separator: ", "))]"
    if let name = address.input {
      let found = description.inputs.first { $0.name == name }
      // MLServer's metadata hold only what its settings say.
      return found ?? WorkerDescription.Tensor(name: name, datatype: "FP32", shape: [-1])
    }
    let fitting = description.inputs.filter(fits)
    guard let input = fitting.first, fitting.count == 1 else {
      let found = description.inputs.map { "'\($0.name)' \($0.datatype) \($0.shape)" }
      throw .refused(
        found.isEmpty
          ? "its metadata name no input: give it as \"input\" in the file of --placement"
          : "the member takes \(wanted), and the worker's model \(found.joined(separator: ", "))")
    }
    return input
  }

  private func fits(_ tensor: WorkerDescription.Tensor) -> Bool {
    guard tensor.datatype == "FP32", let rows = tensor.shape.first, rows == 1 || rows < 0 else {
      return false
    }
    let lengths = tensor.shape.dropFirst()
    return lengths.count == batch.shape.count
      && zip(lengths, batch.shape).allSatisfy { $0 < 0 || $0 == $1 }
  }

  /// The outputs that may hold the classes, the likeliest first. Logarithms come first: nothing of them is lost in rounding. A
  /// consort server's `members` are not calibrated, as the ensemble's are.
  private func outputs(of description: WorkerDescription) throws(Fault) -> [String] {
    if let name = address.output { return [name] }
    let fitting = description.outputs.filter { output in
      guard ["FP32", "FP64"].contains(output.datatype) else { return false }
      let lengths = output.shape.dropFirst()
      return lengths.last.map { $0 < 0 || $0 == batch.classes } == true
        && lengths.dropLast().allSatisfy { $0 == 1 }
    }
    let preferred = ["log_probabilities", "members"]
    let order = fitting.map(\.name).sorted {
      (preferred.firstIndex(of: $0) ?? .max) < (preferred.firstIndex(of: $1) ?? .max)
    }
    guard !order.isEmpty else {
      let found = description.outputs.map { "'\($0.name)' \($0.datatype) \($0.shape)" }
      throw .refused(
        found.isEmpty
          ? "its metadata name no output: give it as \"output\" in the file of --placement"
          : "the member gives FP32 [-1, \(batch.classes)], and the worker's model \(found.joined(separator: ", "))"
      )
    }
    return order
  }

  // MARK: What the answer says

  /// The first output, and the first meaning of it, by which the worker's answer is the member's.
  private func contract(
    _ response: WorkerResponse, _ question: Question, count: Int, isBinary: Bool
  ) throws(Fault) -> WorkerContract {
    var differences: [String] = []
    for output in question.outputs {
      for kind in kinds(of: output) {
        var contract = WorkerContract(
          input: question.input, output: output, outputKind: kind, maximumBatch: question.limit)
        contract.isBinary = isBinary
        let difference = difference(contract, response, count: count)
        guard let difference else { return contract }
        if !differences.contains(difference) { differences.append(difference) }
      }
    }
    throw notTheMember(differences.first ?? "no output fits")
  }

  private func notTheMember(_ difference: String) -> Fault {
    .refused(
      "it does not compute this member: \(difference) (probabilities may differ by "
        + "\(ProofBatch.tolerance)); serve the very file of the member there, with float32 as input"
    )
  }

  private func kinds(of output: String) -> [ImageModel.OutputKind] {
    if let kind = address.outputKind { return [kind] }
    switch output {
    case "log_probabilities": return [.logProbabilities]
    case "members": return [.probabilities]
    default:
      return [batch.outputKind] + ImageModel.OutputKind.allCases.filter { $0 != batch.outputKind }
    }
  }

  /// What differs between the worker's answer, taken as the contract says, and the member; nil where nothing does.
  private func difference(
    _ contract: WorkerContract, _ response: WorkerResponse, count: Int
  ) -> String? {
    do throws(WorkerFault) {
      var said: [Float] = []
      for row in try contract.logProbabilities(of: response, count: count, classes: batch.classes) {
        switch row {
        case .success(let values): said += values
        case .failure(let fault): return fault.reason
        }
      }
      return batch.difference(from: said)
    } catch {
      return "\(error)"
    }
  }
}
