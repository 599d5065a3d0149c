import CHTTPClient

/// Bytes that stay where they are for as long as their owner lives.
package protocol HTTPClientBody: Sendable {
  /// The bytes, which are borrowed.
  var bytes: UnsafeRawBufferPointer { get }
}

/// A header.
package struct HTTPClientHeader: Hashable, Sendable {
  /// As it was written; it is the same in lower and upper case.
  package let name: String
  /// Without spaces around it.
  package let value: String

  /// A header.
  package init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
}

/// A request to another server.
package struct HTTPClientRequest: Sendable {
  /// Of scheme http or https, without name and password.
  package var url: String
  /// Beside those that frame the message.
  package var headers: [HTTPClientHeader] = []
  /// What is posted, one after the other, without a copy.
  package var body: [any HTTPClientBody] = []
  /// Whether the body is posted; otherwise GET is sent.
  package var isPost = false
  /// For all of the request, from sending it to the last byte of its answer.
  package var timeoutSeconds = 30.0
  /// Of that, for a connection where none is kept.
  package var connectSeconds = 1.0
  /// The most bytes of the answer's body.
  package var bodyLimit = 64 << 20
  /// Whether none of the kept connections will do.
  package var wantsNewConnection = false

  /// A request for what stands at `url`.
  package init(url: String) { self.url = url }

  /// Calls `action` with the request as C has it.
  func withForeign<R>(_ action: (UnsafePointer<cc_request>) -> R) -> R {
    // One memory for all texts: places are taken when it no longer moves.
    let texts = headers.flatMap { [Array($0.name.utf8), Array($0.value.utf8)] }
    return texts.joined().map { CChar(bitPattern: $0) }.withUnsafeBufferPointer { bytes in
      var (offset, names, values) = (0, [cc_bytes](), [cc_bytes]())
      for (index, text) in texts.enumerated() {
        let place = cc_bytes(bytes: bytes.baseAddress.map { $0 + offset }, count: text.count)
        offset += text.count
        if index.isMultiple(of: 2) { names.append(place) } else { values.append(place) }
      }
      let parts = body.map { part in
        cc_bytes(
          bytes: part.bytes.baseAddress?.assumingMemoryBound(to: CChar.self),
          count: part.bytes.count)
      }
      return withForeign(names: names, values: values, parts: parts, action)
    }
  }

  private func withForeign<R>(
    names: [cc_bytes], values: [cc_bytes], parts: [cc_bytes],
    _ action: (UnsafePointer<cc_request>) -> R
  ) -> R {
    url.withCString { url in
      names.withUnsafeBufferPointer { names in
        values.withUnsafeBufferPointer { values in
          parts.withUnsafeBufferPointer { parts in
            var request = cc_request(
              url: url, is_post: isPost, header_names: names.baseAddress,
              header_values: values.baseAddress, header_count: names.count,
              parts: parts.baseAddress, part_count: parts.count,
              timeout_ms: Self.milliseconds(timeoutSeconds),
              connect_timeout_ms: Self.milliseconds(min(connectSeconds, timeoutSeconds)),
              body_limit: UInt64(max(0, bodyLimit)), wants_new_connection: wantsNewConnection)
            return action(&request)
          }
        }
      }
    }
  }

  /// At least one, and at most a day: 0 would be no limit.
  private static func milliseconds(_ seconds: Double) -> Int64 {
    Int64(min(max((seconds * 1000).rounded(.up), 1), 86_400_000))
  }
}

/// The answer to a request, whatever its status.
package struct HTTPClientResponse: Sendable {
  /// Such as 200.
  package let status: Int
  /// In their order.
  package let headers: [HTTPClientHeader]
  /// All of it.
  package let body: [UInt8]
  /// Whether no kept connection carried it: another process may have answered than before.
  package let isNewConnection: Bool

  /// The first value of a header; nil where there is none.
  package subscript(name: String) -> String? {
    let name = name.lowercased()
    return headers.first { $0.name.lowercased() == name }?.value
  }

  init(_ response: cc_response) {
    status = Int(response.status)
    headers = (0..<response.header_count).map { index in
      HTTPClientHeader(
        String(bytes: response.header_names[index]), String(bytes: response.header_values[index]))
    }
    isNewConnection = response.is_new_connection
    body = Array(UnsafeRawBufferPointer(start: response.body.bytes, count: response.body.count))
  }
}

extension String {
  fileprivate init(bytes: cc_bytes) {
    self.init(
      decoding: UnsafeRawBufferPointer(start: bytes.bytes, count: bytes.count), as: UTF8.self)
  }
}
