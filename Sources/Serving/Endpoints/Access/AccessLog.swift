import Concurrency
import Serving

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// One request of the access log.
struct AccessLogEntry: Sendable, Encodable {
  var time = Date()
  var peer = ""
  var method = ""
  var path = ""
  /// The request's name in the protocol, or by the header X-Request-ID.
  var id: String?
  var model: String?
  var status = 0
  var images: Int?
  /// The members without which some of them were answered.
  var membersMissing: String?
  /// From the whole request to its answer.
  var milliseconds = 0.0
  var requestBytes = 0
  var responseBytes = 0
  /// What the client was told, where that was no success.
  var error: String?

  private enum CodingKeys: String, CodingKey {
    case time, peer, method, path, id, model, status, images, milliseconds, error
    case membersMissing = "members_missing"
    case degraded
    case requestBytes = "request_bytes"
    case responseBytes = "response_bytes"
  }

  private static let timeStyle = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(time.formatted(Self.timeStyle), forKey: .time)
    try container.encode(peer, forKey: .peer)
    try container.encode(method, forKey: .method)
    try container.encode(path, forKey: .path)
    try container.encodeIfPresent(id, forKey: .id)
    try container.encodeIfPresent(model, forKey: .model)
    try container.encode(status, forKey: .status)
    try container.encodeIfPresent(images, forKey: .images)
    if let membersMissing {
      try container.encode(true, forKey: .degraded)
      try container.encode(membersMissing, forKey: .membersMissing)
    }
    try container.encode((milliseconds * 1000).rounded() / 1000, forKey: .milliseconds)
    try container.encode(requestBytes, forKey: .requestBytes)
    try container.encode(responseBytes, forKey: .responseBytes)
    try container.encodeIfPresent(error, forKey: .error)
  }
}

/// A log that cannot be written.
package struct AccessLogError: Error, Hashable, Sendable, CustomStringConvertible {
  let path: String
  let number: Int32

  /// One sentence naming the file, what is wrong and the fix.
  package var description: String {
    "cannot write the access log '\(path)': \(String(cString: strerror(number))); name a file that can be written"
  }
}

/// A line of JSON for each request, written by a thread of its own, which alone waits for a slow disk or reader.
final class AccessLog: Sendable {
  /// Lines that wait to be written; further ones are left out, and counted.
  private static let capacity = 16_384

  private struct State {
    var entries: [AccessLogEntry] = []
    var omitted = 0
    var reopens = false
    var isEnding = false
    var hasEnded = false
  }

  private let monitor = Monitor(State())

  /// Begins to write.
  ///
  /// - Parameter path: Lines are added to the file's end; `-` is standard error.
  /// - Throws: `AccessLogError`, or `WorkerThread.StartError`.
  init(path: String) throws {
    let descriptor = try Self.open(path)
    let monitor = monitor
    try WorkerThread { Self.write(monitor, to: descriptor, path) }.detach()
  }

  deinit { monitor.change { $0.isEnding = true } }

  /// Ends the thread once all is written, and waits for it.
  func end() {
    monitor.change { $0.isEnding = true }
    monitor.change(when: { $0.hasEnded }) { _ in }
  }

  func add(_ entry: AccessLogEntry) {
    monitor.change { state in
      if state.entries.count < Self.capacity {
        state.entries.append(entry)
      } else {
        state.omitted += 1
      }
    }
  }

  /// Opens the file again, after it was renamed by a program that keeps logs short.
  func reopen() { monitor.change { $0.reopens = true } }

  /// How many lines were left out because the log was not written in time.
  var omitted: Int { monitor.change { $0.omitted } }

  private static func open(_ path: String) throws(AccessLogError) -> Int32 {
    guard path != "-" else { return STDERR_FILENO }
    #if canImport(Darwin)
      let descriptor = Darwin.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
    #else
      let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
    #endif
    guard descriptor >= 0 else { throw AccessLogError(path: path, number: errno) }
    return descriptor
  }

  private static func write(_ monitor: Monitor<State>, to first: Int32, _ path: String) {
    var descriptor = first
    while true {
      let (entries, reopens, isEnding) = monitor.change(
        when: { !$0.entries.isEmpty || $0.reopens || $0.isEnding }
      ) { state in
        defer {
          state.entries = []
          state.reopens = false
        }
        return (state.entries, state.reopens, state.isEnding)
      }
      write(entries, to: descriptor)
      if reopens, let new = try? open(path) {
        if descriptor != STDERR_FILENO { close(descriptor) }
        descriptor = new
      }
      if isEnding, entries.isEmpty { break }
    }
    if descriptor != STDERR_FILENO { close(descriptor) }
    monitor.change { $0.hasEnded = true }
  }

  private static func write(_ entries: [AccessLogEntry], to descriptor: Int32) {
    var text: [UInt8] = []
    for entry in entries {
      guard let line = try? entry.messageBody() else { continue }
      text += line + [UInt8(ascii: "\n")]
    }
    var sent = 0
    while sent < text.count {
      let count = text[sent...].withUnsafeBytes { rest in
        #if canImport(Darwin)
          Darwin.write(descriptor, rest.baseAddress, rest.count)
        #else
          Glibc.write(descriptor, rest.baseAddress, rest.count)
        #endif
      }
      // A full disk must not stop the server: the lines are lost.
      guard count > 0 || errno == EINTR else { return }
      sent += max(0, count)
    }
  }
}
