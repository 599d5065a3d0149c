import Files

extension Predictions {
  /// Checks that there are members and that all predict the same data.
  ///
  /// - Throws: `EnsembleError.noMembers`, or `.differentData` naming two members and how their data differ.
  public static func checkSameData(_ members: [Predictions]) throws(EnsembleError) {
    guard let first = members.first else { throw .noMembers }
    for member in members.dropFirst() {
      if let difference = first.dataDifference(from: member) {
        throw .differentData(first: first.source, second: member.source, difference: difference)
      }
    }
  }

  private func dataDifference(from other: Predictions) -> String? {
    if split != other.split { return "splits '\(split)' and '\(other.split)'" }
    if count != other.count { return "\(count) and \(other.count) images" }
    if classes != other.classes { return "\(classes) and \(other.classes) classes" }
    // Equal ones need no look at the labels' fingerprints, which take time.
    if fingerprint != other.fingerprint, !identity.mayBeSame(as: other.identity) {
      return "fingerprints '\(fingerprint)' and '\(other.fingerprint)'"
    }
    if let image = labels.indices.first(where: { labels[$0] != other.labels[$0] }) {
      return "labels \(labels[image]) and \(other.labels[image]) of image \(image)"
    }
    return nil
  }
}

/// Which images some predictions are of.
public struct DataIdentity: Codable, Hashable, Sendable {
  /// Of the images and labels, in order.
  public let fingerprint: String
  /// Of the labels alone, in order.
  public let labelsFingerprint: String

  static let labelsPrefix = "labels-sha256:"

  package static func fingerprint(ofLabels labels: [Int64]) -> String {
    var hasher = SHA256Hasher()
    labels.map(\.littleEndian).withUnsafeBytes { hasher.update($0) }
    return labelsPrefix + hasher.finish()
  }

  /// Whether both may be of the same images: fingerprints are equal or, where one is of labels alone, the labels are.
  public func mayBeSame(as other: DataIdentity) -> Bool {
    fingerprint == other.fingerprint
      || (knowsLabelsOnly || other.knowsLabelsOnly) && labelsFingerprint == other.labelsFingerprint
  }

  /// Whether nothing but the labels is known.
  var knowsLabelsOnly: Bool { fingerprint.hasPrefix(Self.labelsPrefix) }
}

extension Predictions {
  /// Which images the predictions are of.
  public var identity: DataIdentity {
    DataIdentity(
      fingerprint: fingerprint, labelsFingerprint: DataIdentity.fingerprint(ofLabels: labels))
  }

  /// Checks that `test` is of data on which nothing was chosen.
  ///
  /// - Parameters:
  ///   - test: Predictions to report on.
  ///   - choice: Which images the choice was made on.
  /// - Throws: `EnsembleError.noMembers`, `.differentData` where the members differ, or `.testDataUsedToChoose`.
  public static func checkUnseen(
    _ test: [Predictions], by choice: DataIdentity
  ) throws(EnsembleError) {
    try checkSameData(test)
    guard !test[0].identity.mayBeSame(as: choice) else {
      throw .testDataUsedToChoose(source: test[0].source, fingerprint: test[0].fingerprint)
    }
  }

  /// The predictions of the named members, in the order of the names.
  ///
  /// - Throws: `EnsembleError.missingMember`, `.duplicateMember`, or `.differentData`.
  package static func of(_ names: [String], in given: [Predictions]) throws(EnsembleError)
    -> [Predictions]
  {
    try checkNamesDiffer(given)
    let byName = Dictionary(given.map { ($0.name, $0) }) { first, _ in first }
    var found: [Predictions] = []
    for name in names {
      guard let member = byName[name] else {
        throw .missingMember(name: name, given: given.map(\.name))
      }
      found.append(member)
    }
    try checkSameData(found)
    return found
  }

  /// Checks that each member is given once.
  ///
  /// - Throws: `EnsembleError.duplicateMember`.
  package static func checkNamesDiffer(_ members: [Predictions]) throws(EnsembleError) {
    var sources: [String: String] = [:]
    for member in members {
      if let earlier = sources.updateValue(member.source, forKey: member.name) {
        throw .duplicateMember(name: member.name, first: earlier, second: member.source)
      }
    }
  }
}
