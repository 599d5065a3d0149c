import Files

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A JSON file that names predictions of the same images by several members, of Consort or of other programs.
public struct PredictionList: Hashable, Sendable {
  /// One member's file, and what it does not say.
  public struct Entry: Codable, Hashable, Sendable {
    /// The file: .safetensors, .npy, .npz or .csv; relative to the list.
    public var file: String
    /// The member's name; that of the file, without its ending, where it is nil.
    public var name: String?
    /// The name of its network; the member's name where it is nil.
    public var network: String?
    /// Multiply-accumulates of one image through it. Needed of files of other programs.
    public var macs: Int?
    /// The network's parameters. Needed of files of other programs.
    public var parameters: Int?
    /// Measured milliseconds of one image through it, where they are known.
    public var latencyMilliseconds: Double?
    /// What the scores are; nil to look.
    public var kind: ScoreKind?
  }

  private struct Content: Codable, Hashable, Sendable {
    var split: String
    var fingerprint: String?
    var labels: String?
    var members: [Entry]
  }

  /// The list's path.
  public let path: String
  private let content: Content

  /// The split's name, such as "test".
  public var split: String { content.split }
  /// One a member.
  public var members: [Entry] { content.members }

  private static let largestFile = 1 << 20

  /// Reads the list.
  ///
  /// - Throws: `EnsembleError` naming the file and what is wrong in it.
  public init(path: String) throws(EnsembleError) {
    self.path = path
    let file = try importedFile(path)
    let mend = "give an object with \"split\" and \"members\", each with a \"file\""
    guard file.count <= Self.largestFile else {
      throw .invalidImport(source: path, reason: "is too large for a list", mend: mend)
    }
    do {
      content = try JSONDecoder().decode(Content.self, from: file.withBytes { Data($0) })
    } catch {
      throw .invalidImport(
        source: path, reason: "is no list of predictions (\(Self.reason(error)))", mend: mend)
    }
  }

  private static func reason(_ error: any Error) -> String {
    switch error {
    case DecodingError.keyNotFound(let key, _): "\"\(key.stringValue)\" is missing"
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
      DecodingError.dataCorrupted(let context):
      context.codingPath.isEmpty
        ? "it is no JSON object"
        : "\(context.codingPath.map(\.stringValue).joined(separator: ".")) has another type"
    default: "it cannot be read"
    }
  }

  /// Reads every member's predictions, in order.
  ///
  /// - Parameter labels: A file of classes in place of the list's.
  /// - Throws: `EnsembleError` naming the file, the place and the mend; also where members predict different data.
  public func predictions(labels: String? = nil) throws(EnsembleError) -> [Predictions] {
    let labels = labels ?? content.labels.map(resolved)
    var found: [Predictions] = []
    for entry in content.members { found.append(try predictions(of: entry, labels: labels)) }
    try Predictions.checkSameData(found)
    return found
  }

  private func predictions(
    of entry: Entry, labels: String?
  ) throws(EnsembleError) -> Predictions {
    let file = resolved(entry.file)
    if file.lowercased().hasSuffix(".safetensors") { return try Predictions(path: file) }
    guard let macs = entry.macs, let parameters = entry.parameters else {
      throw .invalidImport(
        source: path, reason: "does not say what '\(entry.file)' costs",
        mend: "give its member \"macs\" and \"parameters\"")
    }
    let name = entry.name ?? Self.stem(entry.file)
    let description = MemberDescription(
      name: name, network: entry.network ?? name, multiplyAccumulates: macs,
      parameters: parameters, split: content.split, fingerprint: content.fingerprint)
    // A file's own labels serve where none are given.
    return try Predictions(importing: file, labels: labels, as: description, kind: entry.kind)
  }

  private func resolved(_ file: String) -> String {
    guard !file.hasPrefix("/"), let slash = path.lastIndex(of: "/") else { return file }
    return path[...slash] + file
  }

  private static func stem(_ file: String) -> String {
    let name = file.split(separator: "/").last.map(String.init) ?? file
    return name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
  }
}
