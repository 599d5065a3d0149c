import Endpoints
import Files
import Formatting
import HTTP
import Serving

#if canImport(Glibc)
  @preconcurrency import Glibc
#elseif canImport(Musl)
  @preconcurrency import Musl
#else
  import Darwin
#endif

/// What `consort serve` prints.
struct ServingDisplay {
  private let options: EnsembleServerOptions
  private let url: String
  private let curlOptions: String

  init(_ options: EnsembleServerOptions, port: UInt16?) {
    self.options = options
    let scheme = options.http.certificate == nil ? "http" : "https"
    switch options.http.address {
    case .unix(let path):
      url = "\(scheme)://localhost"
      curlOptions = " --unix-socket \(Shell.operand(path))"
    case .tcp(let host, _):
      let shown = ["0.0.0.0", "::"].contains(host) ? "localhost" : host
      url = "\(scheme)://\(HTTPAddress.tcp(host: shown, port: port ?? 0))"
      curlOptions = ""
    case .inherited:
      url = "\(scheme)://localhost" + (port.map { ":\($0)" } ?? "")
      curlOptions = ""
    }
  }

  func showStart() {
    let isOpen = (try? options.tokens().areMissing) ?? true
    guard case .tcp(let host, _) = options.http.address, isOpen,
      !["127.0.0.1", "::1", "localhost"].contains(host)
    else { return }
    Terminal.writeNotes([
      "anyone who reaches '\(host)' gets answers: give --token-file to answer only those with a token"
    ])
  }

  func show(_ event: EnsembleServer.Event) {
    switch event {
    case .loaded: break
    case .ready: showReady()
    case .reloaded(let what, nil): printLine("Reloaded \(what).")
    case .reloaded(let what, let error?):
      Terminal.writeError("\(what) was not reloaded, and serves as before: \(error)")
    case .drift(let change): show(change)
    case .draining(let seconds):
      printLine("Not ready any more; ending in \(NumberFormat.short(seconds)) s.")
    case .ended(isComplete: true): printLine("Ended; all requests are answered.")
    case .ended(isComplete: false):
      Terminal.writeError("ended before all requests were answered; the rest got status 503")
    }
  }

  private func show(_ change: DriftChange) {
    guard !change.differences.isEmpty else {
      return Terminal.writeNotes(["the traffic of '\(change.model)' looks like its hold-out again"])
    }
    Terminal.writeNotes([
      "the traffic of '\(change.model)' does not look like the images that it was measured on, so that its accuracy and "
        + "cost cannot be relied on: \(change.differences.joined(separator: "; "))"
    ])
  }

  /// Prints that a worker is there, or is not, from any thread.
  @Sendable static func show(_ change: WorkerChange) {
    let worker = "worker '\(change.url)' of '\(change.model)/\(change.member)'"
    switch change.state {
    case .serving: Terminal.writeNotes(["\(worker) serves"])
    case .ejected, .probing:
      Terminal.writeNotes([
        "\(worker) gets no requests until it answers: \(change.reason ?? "")"
      ])
    case .refused: Terminal.writeNotes(["\(worker) is not used: \(change.reason ?? "")"])
    }
  }

  private func showReady() {
    let names = options.models.map { "'\($0.name)'" }.joined(separator: ", ")
    printLine("Serving \(names) at \(url)")
    let name = Self.percentEncoded(options.models[0].name)
    let token =
      (try? options.tokens().areMissing) == false
      ? " -H \"Authorization: Bearer $CONSORT_TOKEN\"" : ""
    printLine(
      "Try: curl\(curlOptions)\(token) --data-binary @IMAGE.jpg \(url)/v2/models/\(name)/infer")
  }

  private static func percentEncoded(_ name: String) -> String {
    let plain = "-._~".utf8
    return name.utf8.map { byte in
      let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) && byte < 0x80
      let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      if isLetter || isDigit || plain.contains(byte) { return String(UnicodeScalar(byte)) }
      let digits = String(byte, radix: 16, uppercase: true)
      return "%" + (digits.count < 2 ? "0" : "") + digits
    }.joined()
  }

  /// Prints at once, also into a pipe.
  private func printLine(_ text: String) {
    print(Terminal.printable(text))
    fflush(stdout)
  }
}
