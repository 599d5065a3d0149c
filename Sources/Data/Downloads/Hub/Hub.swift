import Datasets
import Files
import Foundation
import Processes

/// The hub of models of Hugging Face, or one that speaks like it. Files are fetched once, resumed, and checked by the hash that the
/// hub has for them.
///
/// The system's `curl` transfers, as for data sets. From an encrypted endpoint nothing leads to a connection that is not.
package struct Hub: Sendable {
  private let endpoint: String
  private let token: String?
  /// Where files are kept: OWNER/NAME/HASH/FILE.
  private let cache: String
  /// More of curl's options, such as a certificate of the tests' own.
  var curlOptions: [String] = []

  /// The longest file that is fetched.
  private static let mostBytes = 64 << 30
  /// How many times the hub may lead to another of its own addresses, as it does where a repository was renamed.
  private static let mostRedirects = 5

  /// The hub that the environment names.
  ///
  /// - Parameter environment: `HF_ENDPOINT` for another hub, `HF_TOKEN` for what is not for everybody, `XDG_CACHE_HOME` or `HOME` for
  ///   where files are kept.
  /// - Throws: `HubError.invalidSetting`.
  package init(environment: [String: String]) throws(HubError) {
    func setting(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    var endpoint = setting("HF_ENDPOINT") ?? "https://huggingface.co"
    while endpoint.hasSuffix("/") { endpoint.removeLast() }
    guard let address = URL(string: endpoint), let host = address.host(), !host.isEmpty,
      ["http", "https"].contains(address.scheme), address.user() == nil
    else {
      throw .invalidSetting(
        variable: "HF_ENDPOINT",
        reason: "'\(endpoint)' is no address such as https://huggingface.co")
    }
    let token = setting("HF_TOKEN")
    guard token?.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) != false else {
      throw .invalidSetting(
        variable: "HF_TOKEN", reason: "it has blanks or other characters that no token has")
    }
    let isHere = ["localhost", "127.0.0.1", "::1", "[::1]"].contains(host)
    guard token == nil || address.scheme == "https" || isHere else {
      throw .invalidSetting(
        variable: "HF_TOKEN",
        reason: "HF_ENDPOINT (\(endpoint)) is not encrypted, and would show it; use https://")
    }
    guard let cache = setting("XDG_CACHE_HOME") ?? setting("HOME").map({ "\($0)/.cache" }) else {
      throw .invalidSetting(
        variable: "XDG_CACHE_HOME", reason: "neither it nor HOME says where files are kept")
    }
    (self.endpoint, self.token, self.cache) = (endpoint, token, "\(cache)/consort/hub")
  }

  private var isEncrypted: Bool { endpoint.hasPrefix("https:") }
  private var protocols: String { isEncrypted ? "=https" : "=http,https" }

  /// Fetches `file` of a repository, where it is not here already.
  ///
  /// - Parameters:
  ///   - file: The name of a file in the repository's uppermost directory.
  ///   - directory: Where it is to lie, beside others; a directory of its own where it is nil.
  ///   - limit: The most bytes that it may have.
  ///   - showsProgress: Whether curl draws its progress on standard error.
  /// - Returns: Where it is, or nil where the repository has no such file.
  /// - Throws: `HubError`, `DatasetError.toolMissing` or `FileError`.
  package func fetch(
    _ file: String, of repository: HubRepository, beside directory: String? = nil,
    limit: Int? = nil,
    showsProgress: Bool = false
  ) throws -> String? {
    let url =
      "\(endpoint)/\(repository.owner)/\(repository.name)/resolve/\(repository.revision)/\(file)"
    return try withHeader { header in
      guard let answer = try answer(for: url, header) else { return nil }
      guard let hash = answer.hash else { throw HubError.noHash(url: url, isPage: answer.isPage) }
      guard let count = answer.byteCount, count >= 0 else {
        throw HubError.noHash(url: url, isPage: answer.isPage)
      }
      let most = limit ?? Self.mostBytes
      guard count <= most else { throw HubError.tooLarge(url: url, byteCount: count, limit: most) }
      let directory = directory ?? "\(cache)/\(repository.owner)/\(repository.name)/\(hash.text)"
      try Directory.create(directory)
      // Two transfers into one partial file would mix.
      let lock = try DirectoryLock(waitingFor: directory)
      defer { withExtendedLifetime(lock) {} }
      let path = "\(directory)/\(file)"
      if Directory.exists(path) {
        if try Self.found(hash, of: path) == hash { return path }
        try Directory.removeFile(path)
      }
      try transfer(url, to: path, count, header, showsProgress: showsProgress)
      let partial = "\(path).partial"
      let found = try Self.found(hash, of: partial)
      guard found == hash else {
        try Directory.removeFile(partial)
        throw HubError.wrongHash(url: url, found: found.text, expected: hash.text)
      }
      try Directory.move(partial, to: path)
      return path
    }
  }

  private func transfer(
    _ url: String, to path: String, _ count: Int, _ header: [String], showsProgress: Bool
  ) throws {
    let options = header + ["--max-filesize", "\(max(count, 1))"]
    let transfer = Transfer(
      url: url, path: path, byteCount: count, showsProgress: showsProgress, protocols: protocols,
      options: options)
    if count == 0 {
      try DurableFile.write([UInt8](), to: transfer.partialPath)
      return
    }
    do {
      try transfer.run()
    } catch DatasetError.noNetwork(let url, _, let reason),
      DatasetError.downloadFailed(let url, _, let reason)
    {
      if isEncrypted, reason.contains("Protocol \"http\"") {
        throw HubError.insecureRedirect(url: url, to: "an address of http://")
      }
      throw HubError.network(url: url, reason: reason)
    }
  }

  /// The hash of the same kind that the file at `path` has.
  private static func found(_ hash: FileHash, of path: String) throws -> FileHash {
    try MappedFile(path: path).withBytes { bytes in
      switch hash {
      case .sha256: .sha256(sha256(of: bytes))
      case .gitBlob: .gitBlob(gitBlobHash(of: bytes))
      }
    }
  }
}

// MARK: - What the hub says

extension Hub {
  /// Asks for the head of `url`, on the hub itself; nil where there is no such file.
  private func answer(for url: String, _ header: [String]) throws -> HubAnswer? {
    var place = url
    for _ in 0...Self.mostRedirects {
      let answer = try head(of: place, header)
      if answer.isRedirect {
        guard let next = answer.location else {
          throw HubError.unexpectedStatus(url: place, status: answer.status)
        }
        guard !isEncrypted || next.hasPrefix("/") || next.lowercased().hasPrefix("https://") else {
          throw HubError.insecureRedirect(url: place, to: next)
        }
        if answer.isOfLargeFile { return answer }
        guard next.hasPrefix("/") || next.hasPrefix("\(endpoint)/") else {
          throw HubError.noHash(url: place, isPage: false)
        }
        place = next.hasPrefix("/") ? try origin() + next : next
        continue
      }
      switch answer.status {
      case 200: return answer
      case 404 where ["RepoNotFound", "RevisionNotFound"].contains(answer.errorCode):
        throw HubError.noRepository(url: url)
      case 404: return nil
      case 401, 403: throw HubError.notPermitted(url: url, hasToken: token != nil)
      default: throw HubError.unexpectedStatus(url: url, status: answer.status)
      }
    }
    throw HubError.network(url: url, reason: "it leads from one address to the next without an end")
  }

  /// The endpoint without a path.
  private func origin() throws -> String {
    guard let address = URL(string: endpoint), let scheme = address.scheme,
      let host = address.host()
    else { return endpoint }
    let name = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
    return "\(scheme)://\(name)" + (address.port.map { ":\($0)" } ?? "")
  }

  private func head(of url: String, _ header: [String]) throws -> HubAnswer {
    try Directory.create(cache)
    let output = "\(cache)/.head-\(UUID().uuidString)"
    defer { try? Directory.removeFile(output) }
    let outcome: Subprocess.Outcome
    do {
      outcome = try Subprocess.run(
        [
          "curl", "--head", "--silent", "--show-error", "--proto", protocols, "--connect-timeout",
          "20",
          "--max-time", "60", "--max-redirs", "0", "--suppress-connect-headers", "--output", output,
        ] + header + [url], catchesErrorText: true)
    } catch {
      throw DatasetError.toolMissing(tool: "curl", reason: error.reason)
    }
    guard outcome.status == 0 else {
      let reason = outcome.errorText.split(separator: "\n").last.map(String.init)
      throw HubError.network(url: url, reason: reason ?? "curl ended with status \(outcome.status)")
    }
    let text = try MappedFile(path: output).withBytes {
      String(decoding: $0.prefix(1 << 16), as: UTF8.self)
    }
    guard let answer = HubAnswer(text) else {
      throw HubError.network(url: url, reason: "its answer is not HTTP")
    }
    return answer
  }

  /// Calls `body` with curl's option for the token, which stands in a file for this user only: arguments are seen by everybody.
  private func withHeader<R>(_ body: ([String]) throws -> R) throws -> R {
    guard let token else { return try body(curlOptions) }
    try Directory.create(cache)
    let path = "\(cache)/.token-\(UUID().uuidString)"
    guard
      FileManager.default.createFile(
        atPath: path, contents: Data("Authorization: Bearer \(token)\n".utf8),
        attributes: [.posixPermissions: 0o600])
    else { throw FileError.cannotWrite(path: path, reason: "it cannot be created") }
    defer { try? Directory.removeFile(path) }
    return try body(curlOptions + ["--header", "@\(path)"])
  }
}
