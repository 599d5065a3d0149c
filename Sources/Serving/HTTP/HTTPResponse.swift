import CHTTP

/// An answer.
public struct HTTPResponse: Sendable {
  /// 200 to 599.
  public var status: Int
  /// Headers but for those that frame the message, and `Date`: these are the server's, and left out here.
  public var headers: HTTPHeaders
  /// The body, sent part by part as if it were joined. To `HEAD`, its length is told and the rest left out.
  public var body: [HTTPBytes]

  /// An answer of these parts.
  public init(status: Int = 200, headers: HTTPHeaders = HTTPHeaders(), body: [HTTPBytes] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// An answer with a body of one type, such as `application/json`.
  public init(status: Int = 200, contentType: String, _ body: HTTPBytes) {
    self.init(
      status: status, headers: HTTPHeaders([HTTPHeader("Content-Type", contentType)]), body: [body])
  }

  /// `{"error": reason}`, with the Content-Type that clients of inference servers compare exactly.
  public static func error(_ status: Int, _ reason: String) -> HTTPResponse {
    HTTPResponse(
      status: status, contentType: "application/json",
      HTTPBytes("{\"error\": \(quoted(reason))}"))
  }

  /// The text as a JSON string.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case "\n": result += "\\n"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

extension HTTPResponse {
  /// Calls `body` with the answer as C has it; its bytes are kept until they are sent.
  func withForeign(_ body: (UnsafePointer<ch_response>) -> Void) {
    var text: [CChar] = []
    let fields = headers.fields.map { field in
      text += (field.name + field.value).utf8.map { CChar(bitPattern: $0) }
      return (name: field.name.utf8.count, value: field.value.utf8.count)
    }
    let chunks = self.body.map { part in
      ch_bytes(
        bytes: part.buffer.baseAddress?.assumingMemoryBound(to: CChar.self),
        count: part.buffer.count)
    }
    let context = Unmanaged.passRetained(Box(self.body))
    text.withUnsafeBufferPointer { text in
      let (names, values) = Self.pointers(to: fields, in: text)
      names.withUnsafeBufferPointer { names in
        values.withUnsafeBufferPointer { values in
          chunks.withUnsafeBufferPointer { chunks in
            var response = ch_response(
              status: Int32(clamping: status), header_names: names.baseAddress,
              header_values: values.baseAddress, header_count: names.count,
              chunks: chunks.baseAddress, chunk_count: chunks.count,
              release: Box<[HTTPBytes]>.release, context: context.toOpaque())
            body(&response)
          }
        }
      }
    }
  }

  private static func pointers(
    to fields: [(name: Int, value: Int)], in text: UnsafeBufferPointer<CChar>
  ) -> (names: [ch_bytes], values: [ch_bytes]) {
    var (names, values) = ([ch_bytes](), [ch_bytes]())
    var place = text.baseAddress
    for field in fields {
      names.append(ch_bytes(bytes: place, count: field.name))
      values.append(ch_bytes(bytes: place.map { $0 + field.name }, count: field.value))
      place = place.map { $0 + field.name + field.value }
    }
    return (names, values)
  }
}
