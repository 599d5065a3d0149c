import Files

/// Why a file does not come from a hub.
package enum HubError: ExitStatusError, Hashable, Sendable, CustomStringConvertible {
  /// What should name a repository does not.
  case invalidName(String)
  /// An endpoint or token that cannot be used.
  case invalidSetting(variable: String, reason: String)
  /// The hub wants a token, or another one.
  case notPermitted(url: String, hasToken: Bool)
  /// There is no such repository or revision.
  case noRepository(url: String)
  /// The repository lacks a file.
  case noFile(url: String, names: [String])
  /// The hub answers with another status than one for a file.
  case unexpectedStatus(url: String, status: Int)
  /// The hub gives no hash to check the file by.
  case noHash(url: String, isPage: Bool)
  /// The file is longer than is fetched.
  case tooLarge(url: String, byteCount: Int, limit: Int)
  /// What came is not what the hub said; it was removed.
  case wrongHash(url: String, found: String, expected: String)
  /// The hub leads from an encrypted connection to one that is not.
  case insecureRedirect(url: String, to: String)
  /// The connection or the transfer failed.
  case network(url: String, reason: String)

  /// A network may be there again later.
  package var exitStatus: ExitStatus {
    switch self {
    case .network: .transient
    case .unexpectedStatus(_, let status): status == 429 || status >= 500 ? .transient : .failed
    default: .failed
    }
  }

  /// One sentence naming the address, what is wrong and the fix.
  package var description: String {
    switch self {
    case .invalidName(let text):
      "'\(text)' names no repository; write hf:OWNER/NAME, or hf:OWNER/NAME@REVISION, such as hf:timm/resnet18.a1_in1k"
    case .invalidSetting(let variable, let reason):
      "\(variable) cannot be used: \(reason)"
    case .notPermitted(let url, let hasToken):
      "\(url) is not for everybody, or not there; "
        + (hasToken
          ? "HF_TOKEN does not give access to it: ask for it on the model's page, or correct the name"
          : "set HF_TOKEN to a token that may read it, or correct the name")
    case .noRepository(let url):
      "there is no such repository or revision (\(url)); correct the name"
    case .noFile(let url, let names):
      "\(url) has no \(names.joined(separator: ", nor ")); name a repository of a timm model, or import its file of weights"
    case .unexpectedStatus(let url, let status):
      "\(url) answers with status \(status) where a file was asked for; try again later, or check HF_ENDPOINT"
    case .noHash(let url, let isPage):
      isPage
        ? "\(url) answers with a web page where a file was asked for; check HF_ENDPOINT and what stands between"
        : "\(url) gives no hash to check the file by, as the hub does, and was not fetched; check HF_ENDPOINT, or fetch it yourself"
    case .tooLarge(let url, let count, let limit):
      "\(url) is to be \(count) bytes long, more than the \(limit) that are fetched; fetch it yourself where that is right"
    case .wrongHash(let url, let found, let expected):
      "\(url) gave a file whose hash is \(found) where the hub said \(expected), so it was removed; run the command again"
    case .insecureRedirect(let url, let place):
      "\(url) leads to \(place), which is not encrypted, and was not followed; check HF_ENDPOINT"
    case .network(let url, let reason):
      "cannot fetch \(url) (\(reason)); run the command again, and it goes on where it was"
    }
  }
}
