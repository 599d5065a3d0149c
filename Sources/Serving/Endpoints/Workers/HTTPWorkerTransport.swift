import HTTPClient
import Serving

/// Requests to workers over HTTP.
package struct HTTPWorkerTransport: WorkerTransport {
  private let client: HTTPClient
  private let authorization: String?

  /// Starts the client.
  ///
  /// - Parameters:
  ///   - authoritiesPath: A PEM file of the authorities that are trusted in place of the system's.
  ///   - token: What all workers are sent as a bearer token.
  /// - Throws: `HTTPClientError`.
  package init(authoritiesPath: String? = nil, token: String? = nil) throws(HTTPClientError) {
    var configuration = HTTPClient.Configuration()
    configuration.authoritiesPath = authoritiesPath
    client = try HTTPClient(configuration)
    authorization = token.map { "Bearer \($0)" }
  }

  package func send(
    _ request: WorkerRequest,
    completion: @escaping @Sendable (Result<WorkerResponse, WorkerFault>) -> Void
  ) -> any WorkerSending {
    let seconds = request.timeoutSeconds
    let sending = client.send(foreign(request)) { outcome in
      switch outcome {
      case .success(let response): completion(WorkerResponse.read(response))
      case .failure(let error): completion(.failure(WorkerFault(error, seconds: seconds)))
      }
    }
    return HTTPSending(sending: sending)
  }

  private struct HTTPSending: WorkerSending {
    let sending: HTTPClient.Sending?

    func cancel() { sending?.cancel() }
  }

  private func foreign(_ request: WorkerRequest) -> HTTPClientRequest {
    var foreign = HTTPClientRequest(url: request.url)
    if let authorization { foreign.headers.append(.init("Authorization", authorization)) }
    if let message = request.message {
      foreign.isPost = true
      foreign.body = message.parts.map(BodyPart.init)
      foreign.headers.append(.init("Content-Type", message.contentType))
      if let length = message.headerLength {
        foreign.headers.append(.init(EncodedMessage.headerLengthName, "\(length)"))
      }
    }
    foreign.timeoutSeconds = request.timeoutSeconds
    foreign.bodyLimit = request.bodyLimit
    foreign.wantsNewConnection = request.wantsNewConnection
    return foreign
  }

  private struct BodyPart: HTTPClientBody {
    let part: TensorBytes

    init(_ part: TensorBytes) { self.part = part }

    // Its owner lives as long as this.
    var bytes: UnsafeRawBufferPointer { part.withBytes { $0 } }
  }
}

extension WorkerResponse {
  fileprivate static func read(_ response: HTTPClientResponse) -> Result<Self, WorkerFault> {
    // It was not asked for.
    if let coding = response["Content-Encoding"], coding.lowercased() != "identity" {
      return .failure(.badAnswer("it is compressed, which was not asked for"))
    }
    var headerLength: Int?
    if let text = response[EncodedMessage.headerLengthName] {
      guard let length = Int(text) else {
        return .failure(.badAnswer("\(EncodedMessage.headerLengthName) is no number"))
      }
      headerLength = length
    }
    var read = WorkerResponse(
      status: response.status, body: TensorBytes(copying: response.body),
      headerLength: headerLength,
      retryAfterSeconds: response["Retry-After"].flatMap(Double.init).flatMap {
        $0.isFinite && $0 >= 0 ? $0 : nil
      })
    read.isNewConnection = response.isNewConnection
    return .success(read)
  }
}

extension WorkerFault {
  fileprivate init(_ error: HTTPClientError, seconds: Double) {
    self =
      switch error {
      case .unreachable, .unknownHost: .unreachable("\(error)")
      case .timedOut: .timedOut(seconds: seconds)
      case .unusableURL, .untrusted, .unreadableAuthorities: .unusable("\(error)")
      case .tooLarge: .badAnswer("it is larger than the model's can be")
      case .broken, .system: .broken("\(error)")
      case .cancelled, .stopped: .cancelled
      }
  }
}
