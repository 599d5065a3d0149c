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
  /// - Parameter finish: Is called once, on any thread.
  static func begin(
    _ address: WorkerAddress, _ batch: ProofBatch, over transport: any WorkerTransport,
    timeoutSeconds: Double, maximumBatch: Int, finish: @escaping @Sendable (Outcome) -> Void
  ) {
    WorkerProof(address, batch, transport, timeoutSeconds, maximumBatch, finish).askForMetadata()
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
    var request = WorkerRequest(url: address.url, timeoutSeconds: timeout)
    request.wantsNewConnection = true
    ask(request) { [self] outcome in
      do throws(Fault) {
        let response = try usable(outcome)
        askForConfiguration(try description(response))
      } catch {
        finish(.failure(error))
      }
    }
  }

  private func description(_ response: WorkerResponse) throws(Fault) -> WorkerDescription {
    do throws(ProtocolError) {
      return try WorkerDescription(metadata: response.body)
    } catch {
      throw .refused("its answer is no metadata of a model (\(error))")
    }
  }

  private func askForConfiguration(_ description: WorkerDescription) {
    let request = WorkerRequest(url: "\(address.url)/config", timeoutSeconds: timeout)
    ask(request) { [self] outcome in
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
    let outputs = try outputs(of: description)
    let count = min(batch.count, limit)
    let shape = [count] + batch.shape
    let size = batch.images.count / batch.count
    let tensor: InferenceTensor
    do throws(TensorFault) {
      tensor = try InferenceTensor(
        name: input.name, type: .float32, shape: TensorShape(shape),
        bytes: batch.images[0..<count * size])
    } catch {
      throw .refused("\(error)")
    }
    let message = OutgoingRequest(
      id: "proof", inputs: [tensor], outputs: outputs.map { RequestedOutput(name: $0) }
    ).encoded()
    let request = WorkerRequest(
      url: "\(address.url)/infer", message: message, timeoutSeconds: timeout)
    ask(request) { [self] outcome in
      do throws(Fault) {
        let response = try usable(outcome)
        finish(
          .success(
            try contract(
              response, input: input.name, outputs: outputs, count: count, limit: limit)))
      } catch {
        finish(.failure(error))
      }
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
    _ response: WorkerResponse, input: String, outputs: [String], count: Int, limit: Int
  ) throws(Fault) -> WorkerContract {
    var differences: [String] = []
    for output in outputs {
      for kind in kinds(of: output) {
        let contract = WorkerContract(
          input: input, output: output, outputKind: kind, maximumBatch: limit)
        let difference: String?
        do throws(WorkerFault) {
          difference = try self.difference(contract, response, count: count)
        } catch {
          difference = "\(error)"
        }
        guard let difference else { return contract }
        if !differences.contains(difference) { differences.append(difference) }
      }
    }
    throw .refused(
      "it does not compute this member: \(differences.first ?? "no output fits") (probabilities may differ by "
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

  private func difference(
    _ contract: WorkerContract, _ response: WorkerResponse, count: Int
  ) throws(WorkerFault) -> String? {
    var said: [Float] = []
    for row in try contract.logProbabilities(of: response, count: count, classes: batch.classes) {
      switch row {
      case .success(let values): said += values
      case .failure(let fault): return fault.reason
      }
    }
    return batch.difference(from: said)
  }
}
