import CServingPage
import HTTP

/// A file of the page on which a person tries the server.
enum PageFile: Hashable, Sendable {
  case html, script, style

  private var contentType: String {
    switch self {
    case .html: "text/html; charset=utf-8"
    case .script: "text/javascript; charset=utf-8"
    case .style: "text/css; charset=utf-8"
    }
  }

  /// The file's text.
  var text: String {
    switch self {
    case .html: String(cString: consort_serving_html())
    case .script: String(cString: consort_serving_script())
    case .style: String(cString: consort_serving_style())
    }
  }

  /// The answer that brings it. Nothing of other origins is loaded by it, and none of them shows it in a frame.
  var response: HTTPResponse {
    HTTPResponse(
      headers: HTTPHeaders([
        HTTPHeader("Content-Type", contentType),
        HTTPHeader("Cache-Control", "no-cache"),
        HTTPHeader("X-Content-Type-Options", "nosniff"),
        HTTPHeader(
          "Content-Security-Policy",
          "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
            + "img-src blob: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
      ]), body: [HTTPBytes(text)])
  }
}
