import Datasets
import Files
import Processes

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The transfer of one file by curl, into a partial file beside the final one.
struct Transfer {
  let url: String
  let path: String
  let byteCount: Int
  let showsProgress: Bool
  /// What curl may speak, also where it is sent elsewhere, as its `--proto` takes it.
  var protocols = "=http,https"
  /// More of curl's options.
  var options: [String] = []

  var partialPath: String { "\(path).partial" }

  /// How many times in a row a transfer may break without a byte gained.
  private static let fruitlessLimit = 3

  /// Completes the partial file. It stays as far as it came where this throws.
  ///
  /// - Throws: `DatasetError`, or `FileError.cannotWrite` where the partial file cannot be written.
  func run() throws {
    if partialBytes > byteCount { unlink(partialPath) }
    var fruitless = 0
    while partialBytes != byteCount {
      let before = partialBytes
      let outcome = try curl()
      if outcome.status == 0 { break }
      fruitless = partialBytes > before ? 0 : fruitless + 1
      guard Self.isWorthAnother(outcome.status, afterFruitless: fruitless) else {
        throw failure(outcome)
      }
      // A server that cannot give a part must give the whole.
      if outcome.status == CurlStatus.rangeRefused { unlink(partialPath) }
      sleep(UInt32(fruitless))
    }
    guard partialBytes == byteCount else {
      let received = partialBytes
      unlink(partialPath)
      throw DatasetError.downloadFailed(
        url: url, path: path, reason: "it is \(received) bytes long instead of \(byteCount)")
    }
  }

  private var partialBytes: Int {
    var status = stat()
    return partialPath.withSystemPath({ stat($0, &status) }) == 0 ? Int(status.st_size) : 0
  }

  private func curl() throws(DatasetError) -> Subprocess.Outcome {
    var arguments = [
      "curl", "--fail", "--location", "--proto", protocols, "--proto-redir", protocols,
      "--connect-timeout", "20", "--speed-limit", "1024", "--speed-time", "60", "--continue-at",
      "-",
      "--output", partialPath,
    ]
    arguments += options
    arguments += showsProgress ? ["--progress-bar"] : ["--silent", "--show-error"]
    do {
      return try Subprocess.run(arguments + [url], catchesErrorText: !showsProgress)
    } catch {
      throw .toolMissing(tool: "curl", reason: error.reason)
    }
  }

  /// curl's exit statuses that matter here. Source: `man curl`, "Exit codes".
  private enum CurlStatus {
    /// Such as on a full disk.
    static let cannotWrite: Int32 = 23
    static let rangeRefused: Int32 = 33
    /// Proxy or host not found, no connection, timeout, TLS handshake.
    static let noNetwork: Set<Int32> = [5, 6, 7, 28, 35]
    /// A transfer that broke: partial file, HTTP/2 framing, empty reply, send or receive error, stream error.
    static let broken: Set<Int32> = [16, 18, 52, 55, 56, 92]
  }

  private static func isWorthAnother(_ status: Int32, afterFruitless fruitless: Int) -> Bool {
    // 128 and more: a signal, such as Ctrl-C's.
    guard status < 128, status != CurlStatus.cannotWrite else { return false }
    if fruitless == 0 { return true }
    return fruitless < fruitlessLimit
      && (status == CurlStatus.rangeRefused || CurlStatus.broken.contains(status))
  }

  private func failure(_ outcome: Subprocess.Outcome) -> any Error {
    let lines = outcome.errorText.split(separator: "\n")
    let reason = lines.last.map(String.init) ?? "curl ended with status \(outcome.status)"
    if outcome.status == CurlStatus.cannotWrite {
      // curl does not say whether the disk is full.
      return FileError.cannotWrite(path: partialPath, reason: "\(reason); make space there")
    }
    return CurlStatus.noNetwork.contains(outcome.status)
      ? DatasetError.noNetwork(url: url, path: path, reason: reason)
      : DatasetError.downloadFailed(url: url, path: path, reason: reason)
  }
}
