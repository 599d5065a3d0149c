/// Why a request is not answered with what it asked for: each with its HTTP status and a message for the client.
package enum ProtocolError: Error, Hashable, Sendable, CustomStringConvertible {
  // 400: the request.
  /// The JSON is damaged at a byte.
  case badJSON(problem: String, offset: Int)
  /// A key stands twice in one object.
  case repeatedKey(String)
  /// A key is missing.
  case missing(key: String, place: String)
  /// A value is of another kind than its key takes.
  case wrongKind(key: String, expected: String)
  /// An input that cannot be taken.
  case badInput(name: String, TensorFault)
  /// An output that cannot be given.
  case badOutput(name: String, TensorFault)
  /// A parameter that cannot be taken.
  case badParameter(name: String, reason: String)
  /// Inference-Header-Content-Length is not a length within the body.
  case badHeaderLength(String, bodyLength: Int)
  /// Bytes are left after the last input's.
  case leftoverBytes(Int)
  /// The body alone cannot be an input of this model.
  case noRawRequest(reason: String)
  /// The compressed body is damaged.
  case damagedBody(encoding: String)
  /// The version in the path is no number.
  case badVersion(String)
  // 401, 403
  /// No token, or not the right one.
  case unauthorized
  /// The server was not started with it.
  case disabled(String)
  // 404, 405
  /// No such path.
  case unknownPath
  /// No such model.
  case unknownModel(String)
  /// No such version of the model.
  case unknownVersion(model: String, version: String)
  /// The path takes other methods.
  case wrongMethod(allowed: [String])
  // 413, 415, 499
  /// The body, decompressed, has more bytes than are read.
  case bodyTooLarge(limit: Int)
  /// No Content-Encoding that is read.
  case unknownEncoding(String)
  /// The client has left.
  case cancelled
  // 500 and above
  /// Ours to fix.
  case internalFault(String)
  /// The protocol has it, and this server does not.
  case unsupported(String)
  /// The model is not ready.
  case notReady(model: String)
  /// The queue is full.
  case overloaded(retryAfterSeconds: Int)
  /// Members that the answer needs are lost.
  case membersLost([String])
  /// The request's time was over before its answer.
  case deadlineExceeded

  /// The status of the HTTP response.
  package var status: Int {
    switch self {
    case .badJSON, .repeatedKey, .missing, .wrongKind, .badInput, .badOutput, .badParameter,
      .badHeaderLength, .leftoverBytes, .noRawRequest, .damagedBody, .badVersion:
      400
    case .unauthorized: 401
    case .disabled: 403
    case .unknownPath, .unknownModel, .unknownVersion: 404
    case .wrongMethod: 405
    case .bodyTooLarge: 413
    case .unknownEncoding: 415
    // As nginx has it in its logs: it is logged, not sent.
    case .cancelled: 499
    case .internalFault: 500
    case .unsupported: 501
    case .notReady, .overloaded, .membersLost: 503
    case .deadlineExceeded: 504
    }
  }

  /// What is wrong, and the fix.
  package var description: String {
    switch self {
    case .unauthorized: "no valid token; send it as 'Authorization: Bearer TOKEN'"
    case .disabled(let what): "\(what) is not enabled on this server"
    case .unknownPath: "Not Found"
    case .unknownModel(let name): "unknown model '\(name.shortened)'"
    case .unknownVersion(let model, let version):
      "unknown version '\(version.shortened)' of model '\(model.shortened)'"
    case .wrongMethod(let allowed): "method not allowed; use \(allowed.joined(separator: " or "))"
    case .bodyTooLarge(let limit):
      "the body is larger than \(limit) bytes; send fewer images a request"
    case .unknownEncoding(let encoding):
      "unknown Content-Encoding '\(encoding.shortened)'; use gzip, deflate or none"
    case .cancelled: "the client left before the answer"
    case .internalFault(let reason): reason
    case .unsupported(let what): "\(what) is not supported"
    case .notReady(let model): "model '\(model.shortened)' is not ready; send the request again"
    case .overloaded(let seconds):
      "the queue is full; send the request again after \(seconds) s"
    case .membersLost(let members):
      "lost \(members.asList), without which this model does not answer; send the request again later"
    case .deadlineExceeded: "the request's time was over; give it a longer 'timeout'"
    default: requestFault
    }
  }

  /// What is wrong with the request's body.
  private var requestFault: String {
    switch self {
    case .badJSON(let problem, let offset): "the JSON is damaged at byte \(offset): \(problem)"
    case .repeatedKey(let key):
      "the key '\(key.shortened)' stands twice in one object; leave one of them out"
    case .missing(let key, let place): "'\(key)' is missing in \(place)"
    case .wrongKind(let key, let expected): "'\(key.shortened)' must be \(expected)"
    case .badInput(let name, let fault): "input '\(name.shortened)': \(fault)"
    case .badOutput(let name, let fault): "output '\(name.shortened)': \(fault)"
    case .badParameter(let name, let reason): "parameter '\(name.shortened)': \(reason)"
    case .badHeaderLength(let text, let length):
      "Inference-Header-Content-Length is '\(text.shortened)'; it must be the bytes of the JSON, at most the body's \(length)"
    case .leftoverBytes(let count):
      "\(count) bytes are left after the inputs; check Inference-Header-Content-Length and each 'binary_data_size'"
    case .noRawRequest(let reason): "the body alone cannot be the input: \(reason)"
    case .damagedBody(let encoding): "the body is not \(encoding), as its Content-Encoding says"
    case .badVersion(let version): "the version '\(version.shortened)' is not a number"
    default: "bad request"
    }
  }
}
