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
    if fingerprint != other.fingerprint {
      return "fingerprints '\(fingerprint)' and '\(other.fingerprint)'"
    }
    if let image = labels.indices.first(where: { labels[$0] != other.labels[$0] }) {
      return "labels \(labels[image]) and \(other.labels[image]) of image \(image)"
    }
    return nil
  }
}
