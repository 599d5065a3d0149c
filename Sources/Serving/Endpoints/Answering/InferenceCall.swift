import HTTP
import Serving

/// A request for inference: its body read, its answer sent.
struct InferenceCall: Sendable {
  let call: Call
  let models: ModelRepository
  let name: String
  let version: String?
  /// The most bytes of a body that was decompressed.
  let bodyLimit: Int

  /// Whether the body takes so little time that it is read where it came in: no thread has to wake for it.
  var isSmall: Bool {
    call.exchange.body.count <= 16 * 1024 && call.request.headers["Content-Encoding"] == nil
  }

  func run() {
    do throws(ProtocolError) {
      let server = try models.server(of: name, version: version)
      // Before the body is looked at: it was made for a model that is there.
      try server.check(name, version: version)
      let request = try request(to: server)
      let images = request.inputs.first?.shape.dimensions.first
      let acceptEncoding = call.request.headers.values(of: "Accept-Encoding")
      let coding = ContentCoding(acceptEncoding: acceptEncoding.joined(separator: ","))
      call.note { entry in
        entry.id = request.id
        entry.model = name
        entry.images = images
      }
      let cancellation = server.infer(
        request, model: name, version: version, client: call.request.peer
      ) { [call] outcome in
        switch outcome {
        case .success(let answer):
          if case .string(let missing) = answer.parameters[AnswerParameter.membersMissing] {
            call.note { $0.membersMissing = missing }
          }
          call.answer(HTTPResponse(answer.encoded(), coding: coding))
        case .failure(let error): call.fail(error)
        }
      }
      if let cancellation { call.exchange.onDisconnect { cancellation.cancel() } }
    } catch {
      call.note { $0.model = name }
      call.fail(error)
    }
  }

  private func request(to server: ModelServer) throws(ProtocolError) -> InferenceRequest {
    let headers = call.request.headers
    let coding = try ContentCoding(contentEncoding: headers["Content-Encoding"])
    let body = try coding.decoded(call.body, limit: bodyLimit)
    guard let length = headers[EncodedMessage.headerLengthName] else {
      guard isImage(body) else { return try InferenceRequest(body: body, defaultID: defaultID) }
      let accepted = headers["Accept"]?.lowercased() ?? ""
      return try InferenceRequest(
        imageFile: body, input: ModelServer.imageInput,
        prefersBinaryOutputs: accepted.hasPrefix("application/octet-stream"), id: defaultID)
    }
    let headerLength = try InferenceRequest.headerLength(length, bodyLength: body.count)
    let rawInput =
      headerLength == 0 ? try server.rawInput(of: name, version: version, body: body) : nil
    return try InferenceRequest(
      body: body, headerLength: headerLength, rawInput: rawInput, defaultID: defaultID)
  }

  /// Whether the body is an image file, by its Content-Type or its first bytes.
  private func isImage(_ body: TensorBytes) -> Bool {
    if call.request.headers["Content-Type"]?.lowercased().hasPrefix("image/") == true {
      return true
    }
    return body.isImageFile
  }

  private var defaultID: String {
    call.request.headers["X-Request-ID"]
      ?? String(UInt64.random(in: .min ... .max), radix: 16)
  }
}
