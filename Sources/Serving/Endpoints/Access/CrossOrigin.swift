import HTTP

/// The pages of other origins whose scripts may use the server.
package struct CrossOriginPolicy: Hashable, Sendable {
  private let origins: [String]

  /// - Parameter origins: Such as `https://example.org`; `*` for all; none for those of the server alone.
  package init(origins: [String] = []) { self.origins = origins }

  /// Whether requests by other origins are answered at all.
  var isEnabled: Bool { !origins.isEmpty }

  /// Adds what lets a browser know that the page may read the answer.
  func mark(_ headers: inout HTTPHeaders, for request: HTTPRequest) {
    guard isEnabled else { return }
    headers.append("Vary", "Origin")
    guard let origin = request.headers["Origin"] else { return }
    guard origins.contains("*") || origins.contains(origin) else { return }
    headers.append("Access-Control-Allow-Origin", origins.contains("*") ? "*" : origin)
    headers.append("Access-Control-Expose-Headers", "Inference-Header-Content-Length, Retry-After")
  }

  /// The answer to a browser that asks what it may send.
  func preflight(methods: [String]) -> HTTPResponse {
    let allowed = (methods + ["OPTIONS"]).joined(separator: ", ")
    return HTTPResponse(
      status: 204,
      headers: HTTPHeaders([
        HTTPHeader("Allow", allowed),
        HTTPHeader("Access-Control-Allow-Methods", allowed),
        HTTPHeader(
          "Access-Control-Allow-Headers",
          "Accept, Authorization, Content-Encoding, Content-Type, Inference-Header-Content-Length, X-Request-ID"
        ),
        HTTPHeader("Access-Control-Max-Age", "600"),
      ]))
  }
}
