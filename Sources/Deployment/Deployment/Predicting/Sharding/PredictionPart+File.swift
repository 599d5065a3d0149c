import Datasets
import Files
import Schemas
import Weights

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

// A shard as a safetensors file: `kept` and `last_members` [n] int64, `member_K` [m, classes] float32, `content_hashes`
// [n, 64] bytes; in the metadata whose it is, and the rest. Written once, whole, with a checksum over all of it.

extension PredictionPart {
  private static let identityKey = "consort_prediction_shard"
  private static let detailsKey = "details"
  private static let hashLength = 64

  /// What is no array of numbers.
  private struct Details: Codable {
    struct Skipped: Codable {
      let index: Int
      let name, reason: String
    }
    struct Odd: Codable {
      let index: Int
      let bits: UInt8
    }
    let first, end: Int
    let seconds: Double
    let skipped: [Skipped]
    let odd: [Odd]
    let notes: [Note]
  }

  /// Writes the file at `path` where there is none.
  ///
  /// - Parameter classes: Of each member.
  /// - Returns: Whether this call made it; of several processes, also on other machines, one does.
  /// - Throws: `WeightsError`, or `EncodingError`.
  func write(
    to path: String, identity: PredictionIdentity, classes: Int
  ) throws -> Bool {
    let hashes = contentHashes.contains("") ? [] : contentHashes.flatMap { Array($0.utf8) }
    var tensors = [
      TensorContent(name: "kept", shape: [kept.count], int64s: kept.map(Int64.init)),
      TensorContent(
        name: "last_members", shape: [kept.count], int64s: lastMembers.map(Int64.init)),
      TensorContent(
        name: "content_hashes", dataType: .uint8,
        shape: [hashes.count / Self.hashLength, Self.hashLength], bytes: hashes),
    ]
    for (member, values) in logProbabilities.enumerated() {
      tensors.append(
        TensorContent(
          name: "member_\(member)", shape: [values.count / classes, classes], floats: values))
    }
    let details = Details(
      first: images.lowerBound, end: images.upperBound, seconds: seconds,
      skipped: skipped.map { .init(index: $0.index, name: $0.name, reason: $0.reason) },
      odd: oddities.keys.sorted().map { .init(index: $0, bits: oddities[$0]?.rawValue ?? 0) },
      notes: notes)
    return try SafeTensors.create(
      at: path, tensors: tensors,
      metadata: [
        Self.identityKey: identity.readableJSON(), Self.detailsKey: details.readableJSON(),
      ])
  }

  /// Reads and checks the file at `path`.
  ///
  /// - Parameters:
  ///   - identity: What it has to be of.
  ///   - images: Which of all images it has to have.
  ///   - classes: Of each of `members`.
  /// - Throws: `ShardError`, or `WeightsError.file` where it cannot be read.
  init(
    path: String, identity: PredictionIdentity, images: Range<Int>, members: Int, classes: Int
  ) throws {
    do {
      let file = try SafeTensors(path: path)
      try file.verifyChecksum()
      let own: PredictionIdentity = try Self.json(Self.identityKey, in: file)
      if let difference = identity.difference(from: own) {
        throw ShardError.otherPrediction(path: path, difference: difference)
      }
      try self.init(file, images: images, members: members, classes: classes)
    } catch WeightsError.file(let error) {
      throw WeightsError.file(error)
    } catch let error as WeightsError {
      throw ShardError.damaged(path: path, reason: "\(error)")
    }
  }

  private init(_ file: SafeTensors, images: Range<Int>, members: Int, classes: Int) throws {
    func check(_ holds: Bool, _ what: String) throws {
      guard holds else { throw ShardError.damaged(path: file.path, reason: what) }
    }
    let details: Details = try Self.json(Self.detailsKey, in: file)
    try check(
      details.first == images.lowerBound && details.end == images.upperBound,
      "it is about images \(details.first)..<\(details.end), not \(images)")
    let kept = try file.int64s(named: "kept").map { Int($0) }
    let lastMembers = try file.int64s(named: "last_members").map { Int($0) }
    let skipped = details.skipped.map(\.index)
    try check(
      kept == kept.sorted() && (kept + skipped).sorted() == Array(images),
      "its images are not each there once")
    try check(
      lastMembers.count == kept.count && lastMembers.allSatisfy((0..<members).contains),
      "its members are not those of the ensemble")
    let logProbabilities = try (0..<members).map { member in
      let name = "member_\(member)"
      try check(
        file.entry(name).shape == [lastMembers.count { $0 >= member }, classes],
        "'\(name)' does not have a row for each of its images")
      return try file.floats(named: name)
    }
    try check(details.seconds.isFinite && details.seconds >= 0, "its time is none")
    self.init(
      images: images, kept: kept, lastMembers: lastMembers, logProbabilities: logProbabilities,
      skipped: details.skipped.map {
        SkippedImage(index: $0.index, name: $0.name, reason: $0.reason)
      },
      contentHashes: try Self.hashes(file, count: kept.count),
      oddities: Dictionary(
        details.odd.filter { images.contains($0.index) }
          .map { ($0.index, ImageOddity(rawValue: $0.bits)) }, uniquingKeysWith: { $1 }),
      notes: details.notes,
      seconds: details.seconds)
  }

  private static func hashes(_ file: SafeTensors, count: Int) throws -> [String] {
    let entry = try file.entry("content_hashes")
    if entry.shape == [0, hashLength] { return [String](repeating: "", count: count) }
    guard entry.shape == [count, hashLength], entry.dataType == .uint8 else {
      throw ShardError.damaged(
        path: file.path, reason: "'content_hashes' does not have a row for each of its images")
    }
    return try file.bytes(of: "content_hashes").withBytes { bytes in
      (0..<count).map {
        String(decoding: bytes[$0 * hashLength..<($0 + 1) * hashLength], as: UTF8.self)
      }
    }
  }

  private static func json<Value: Decodable>(_ key: String, in file: SafeTensors) throws -> Value {
    guard let text = file.metadata[key] else {
      throw ShardError.damaged(path: file.path, reason: "it is no shard of a prediction")
    }
    do {
      return try StrictJSON.decode(Value.self, from: Data(text.utf8))
    } catch {
      throw ShardError.damaged(path: file.path, reason: "its '\(key)' makes no sense")
    }
  }
}
