extension Network {
  /// The names of networks of the families of these, that are not among them: those between them, and the next smaller and larger.
  ///
  /// Wide ResNets of one depth are each twice as wide as the one before. Names of no family, or of networks that are given as data, have
  /// no relatives.
  package static func relatives(of names: [String]) -> [String] {
    var families: [Family: Set<Int>] = [:]
    for name in names {
      if let (family, place) = Family.find(name) { families[family, default: []].insert(place) }
    }
    return families.sorted { ($0.key.prefix, $0.key.suffix) < ($1.key.prefix, $1.key.suffix) }
      .flatMap { family, places in family.names(around: places) }
      .filter { !names.contains($0) }
  }
}

/// Networks that differ in one number.
private struct Family: Hashable {
  /// Before the number, and after it.
  let prefix, suffix: String
  /// The numbers that are no doublings, ascending; nil for doublings.
  let steps: [Int]?

  /// Wider ones are not trained, and names come from files.
  private static let mostWidth = 1 << 16

  /// The family of a name, and the number in it.
  static func find(_ name: String) -> (Family, Int)? {
    let parts = name.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
    if parts.count == 4, name.hasPrefix("wide-resnet-"), let width = Int(parts[3]),
      (1...mostWidth).contains(width)
    {
      return (Family(prefix: "wide-resnet-\(parts[2])-", suffix: "", steps: nil), width)
    }
    if parts.count == 2, parts[0] == "resnet", let depth = Int(parts[1]) {
      let kinds = [ResNet.cifarDepths, ResNet.imageNetDepths]
      guard let steps = kinds.first(where: { $0.contains(depth) }) else { return nil }
      return (Family(prefix: "resnet-", suffix: "", steps: steps), depth)
    }
    if parts.count >= 2, parts[0] == "efficientnet", let scale = Int(parts[1].dropFirst()) {
      let suffix = parts.count > 2 ? "-" + parts[2...].joined(separator: "-") : ""
      return (
        Family(
          prefix: "efficientnet-b", suffix: suffix,
          steps: Array(EfficientNet.Scale.allCases.indices)), scale
      )
    }
    return nil
  }

  /// From one below the least of the numbers to one above the greatest.
  func names(around places: Set<Int>) -> [String] {
    guard let least = places.min(), let most = places.max() else { return [] }
    var numbers: [Int] = []
    if let steps {
      let below = steps.last { $0 < least } ?? least
      let above = steps.first { $0 > most } ?? most
      numbers = steps.filter { (below...above).contains($0) }
    } else {
      if least.isMultiple(of: 2) { numbers.append(least / 2) }
      var width = least
      while width < most {
        numbers.append(width)
        width *= 2
      }
      numbers += [most, 2 * most]
    }
    return numbers.map { "\(prefix)\($0)\(suffix)" }
  }
}
