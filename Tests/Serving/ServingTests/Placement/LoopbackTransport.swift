import Dispatch
import Synchronization

@testable import Serving

/// Workers in this process, by host, that do what a test tells them to.
final class LoopbackTransport: WorkerTransport {
  /// What a worker does when it is asked.
  enum Behaviour: Sendable {
    /// It is another server, without HTTP.
    case serves(ModelServer)
    /// The same, where binary data are not read.
    case readsJSON(ModelServer)
    /// Nobody listens.
    case isUnreachable
    /// It never answers.
    case isSilent
    /// It answers inference with this, and everything else as the server does.
    case infers(ModelServer, @Sendable (WorkerResponse) -> Result<WorkerResponse, WorkerFault>)
  }

  /// Whether answers come over connections that were not there before.
  var opensConnections: Bool {
    get { state.withLock(\.opensConnections) }
    set { state.withLock { $0.opensConnections = newValue } }
  }

  private struct State {
    var opensConnections = false
    var behaviours: [String: Behaviour] = [:]
    var inferences: [String: Int] = [:]
    var timeouts: [Int64] = []
    var cancelled = 0
  }

  private let state = Mutex(State())

  init(_ behaviours: [String: Behaviour] = [:]) {
    state.withLock { $0.behaviours = behaviours }
  }

  subscript(host: String) -> Behaviour? {
    get { state.withLock { $0.behaviours[host] } }
    set { state.withLock { $0.behaviours[host] = newValue } }
  }

  /// How many times each worker was asked for inference, probes among it.
  func inferences(of host: String) -> Int { state.withLock { $0.inferences[host] ?? 0 } }

  /// The microseconds that requests for inference have said are left.
  var timeouts: [Int64] { state.withLock(\.timeouts) }

  /// How many requests were ended before their answer.
  var cancelled: Int { state.withLock(\.cancelled) }

  private typealias Completion = @Sendable (Result<WorkerResponse, WorkerFault>) -> Void

  private final class Sending: WorkerSending {
    let completion: Mutex<Completion?>
    let note: @Sendable () -> Void

    init(_ completion: @escaping Completion, _ note: @escaping @Sendable () -> Void) {
      self.completion = Mutex(completion)
      self.note = note
    }

    func finish(_ outcome: Result<WorkerResponse, WorkerFault>) {
      let completion = completion.withLock { completion in
        defer { completion = nil }
        return completion
      }
      completion?(outcome)
    }

    func cancel() {
      if completion.withLock({ $0 != nil }) { note() }
      finish(.failure(.cancelled))
    }
  }

  func send(
    _ request: WorkerRequest,
    completion: @escaping @Sendable (Result<WorkerResponse, WorkerFault>) -> Void
  ) -> any WorkerSending {
    let sending = Sending(completion) { [self] in state.withLock { $0.cancelled += 1 } }
    let parts = request.url.split(separator: "/")
    let (host, isInference) = (String(parts[1]), request.message != nil)
    if isInference { state.withLock { $0.inferences[host, default: 0] += 1 } }
    DispatchQueue.global().async { [self] in
      switch self[host] {
      case nil, .isUnreachable?: sending.finish(.failure(.unreachable("refused")))
      case .isSilent?: break
      case .serves(let server)?: ask(server, request) { sending.finish($0) }
      case .readsJSON(let server)?:
        guard request.message?.headerLength == nil else {
          return sending.finish(
            .success(WorkerResponse(status: 500, body: TensorBytes(copying: [UInt8]()))))
        }
        ask(server, request) { sending.finish($0) }
      case .infers(let server, let change)?:
        ask(server, request) { sending.finish(isInference ? $0.flatMap(change) : $0) }
      }
    }
    return sending
  }

  private func ask(_ server: ModelServer, _ request: WorkerRequest, _ answer: @escaping Completion)
  {
    let path = request.url.split(separator: "/").dropFirst(4)
    let name = String(path.first ?? "")
    do throws(ProtocolError) {
      guard let message = request.message else {
        let body =
          path.last == "config"
          ? try server.configuration(of: name).messageBody()
          : try server.metadata(of: name).messageBody()
        return answer(.success(WorkerResponse(status: 200, body: TensorBytes(copying: body))))
      }
      let inference = try InferenceRequest(
        body: TensorBytes(copying: message.joined), headerLength: message.headerLength,
        defaultID: "none")
      if let left = inference.timeoutMicroseconds {
        state.withLock { $0.timeouts.append(Int64(left)) }
      }
      _ = server.infer(inference, model: name) { outcome in
        switch outcome {
        case .success(let found):
          let message = found.encoded()
          var response = WorkerResponse(
            status: 200, body: TensorBytes(copying: message.joined),
            headerLength: message.headerLength)
          response.isNewConnection = self.opensConnections
          answer(.success(response))
        case .failure(let error): answer(.success(Self.response(error)))
        }
      }
    } catch {
      answer(.success(Self.response(error)))
    }
  }

  private static func response(_ error: ProtocolError) -> WorkerResponse {
    let body = (try? ErrorBody(error).messageBody()) ?? []
    return WorkerResponse(status: error.status, body: TensorBytes(copying: body))
  }
}
