/// Why a worker did not do what it was asked for.
package enum WorkerFault: Error, Hashable, Sendable, CustomStringConvertible {
  /// No connection: refused, no route, no such host, or none in time.
  case unreachable(String)
  /// Connected, and no answer in time.
  case timedOut(seconds: Double)
  /// Its certificate is not trusted, or its URL cannot be used.
  case unusable(String)
  /// The connection ended, or what came is no HTTP.
  case broken(String)
  /// 429 or 503 with Retry-After: it has too much to do, or is about to end or to begin.
  case busy(status: Int, retryAfterSeconds: Double, String)
  /// 400...499: the request is at fault, or the model is not there.
  case refused(status: Int, String)
  /// Any other status that is no success.
  case failed(status: Int, String)
  /// The answer is not the model's for the images.
  case badAnswer(String)
  /// We ended it.
  case cancelled

  /// What went wrong, without the worker's name.
  package var description: String {
    switch self {
    case .unreachable(let reason), .unusable(let reason), .broken(let reason): reason.shortened
    case .timedOut(let seconds): "no answer within \(Int((seconds * 1000).rounded())) ms"
    case .busy(let status, _, let text), .refused(let status, let text),
      .failed(let status, let text):
      text.isEmpty ? "status \(status)" : "status \(status): \(text.shortened)"
    case .badAnswer(let reason): "its answer cannot be used: \(reason)"
    case .cancelled: "cancelled"
    }
  }
}

extension WorkerResponse {
  /// What the status says went wrong; nil for a success.
  ///
  /// - Parameter timeoutSeconds: Of the request.
  func fault(timeoutSeconds: Double) -> WorkerFault? {
    guard status != 200 else { return nil }
    // It was told the time that is left, and has seen it pass.
    if status == 504 { return .timedOut(seconds: timeoutSeconds) }
    let text = ReceivedAnswer.errorText(of: body) ?? ""
    if status == 429 || status == 503, let seconds = retryAfterSeconds {
      return .busy(status: status, retryAfterSeconds: seconds, text)
    }
    let isRefusal = 400...499 ~= status && status != 408 && status != 429
    return isRefusal ? .refused(status: status, text) : .failed(status: status, text)
  }
}
