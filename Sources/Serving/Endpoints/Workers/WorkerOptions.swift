import Files
import Serving

/// The workers that members are placed on, and how they are reached.
package struct WorkerOptions: Sendable {
  /// Which members run where.
  package var placement: Placement
  /// How long a worker may take for a request at most, in seconds.
  package var timeoutSeconds = 2.0
  /// A PEM file of the authorities that are trusted in place of the system's.
  package var authoritiesPath: String?
  /// What all workers are sent as a bearer token; nil for nothing.
  package var token: String?
  /// Is called where a worker's state changes, on any thread.
  package var report: @Sendable (WorkerChange) -> Void = { _ in }

  /// Asks the workers of a placement.
  package init(_ placement: Placement) { self.placement = placement }

  /// The token that stands alone in a file.
  ///
  /// - Throws: `AccessError`, or `FileError` where the file cannot be read.
  package static func token(inFile path: String) throws -> String {
    let text = try MappedFile(path: path).withBytes { String(decoding: $0, as: UTF8.self) }
    let lines = text.split { $0.isNewline || $0 == " " || $0 == "\t" }
    guard let line = lines.first, lines.count == 1 else { throw AccessError.noToken(path: path) }
    return String(line)
  }

  /// How the models ask them, over HTTP.
  ///
  /// - Throws: `HTTPClientError`.
  func remote() throws -> RemoteOptions {
    var options = RemoteOptions(
      placement, over: try HTTPWorkerTransport(authoritiesPath: authoritiesPath, token: token))
    options.timeoutSeconds = timeoutSeconds
    options.report = report
    return options
  }
}
