import Files

extension Network {
  /// The forms of the names, for those who ask for another.
  static let knownNames =
    "wide-resnet-DEPTH-WIDTH, such as wide-resnet-16-4, packed-wide-resnet-DEPTH-WIDTH-mMEMBERS-aALPHA-gGAMMA, such as "
    + "packed-wide-resnet-16-4-m4-a2-g1, resnet-DEPTH, such as resnet-18, efficientnet-b0 to "
    + "efficientnet-b7 and efficientnet-lite0 to efficientnet-lite4, also with -symmetric"

  /// The network whose name is near `name`, as an error says it; nothing where none is.
  static func suggestion(for name: String) -> String {
    let known =
      ResNet.depths.map { "resnet-\($0)" }
      + EfficientNet.Scale.allCases.flatMap {
        ["efficientnet-\($0)", "efficientnet-\($0)-symmetric"]
      }
      + EfficientNetLite.Scale.allCases.flatMap {
        ["efficientnet-\($0)", "efficientnet-\($0)-symmetric"]
      }
    if let meant = wideResNet(meant: name) { return " (did you mean '\(meant)'?)" }
    return Spelling.suggestion(for: name.lowercased(), among: known)
  }

  /// The Wide ResNet with the numbers in `name`, which others call WRN-28-10 or WideResNet28x10.
  private static func wideResNet(meant name: String) -> String? {
    let numbers = name.split { !$0.isASCII || !$0.isNumber }.compactMap { Int($0) }
    guard ["wide", "wrn"].contains(where: name.lowercased().hasPrefix), numbers.count <= 2 else {
      return nil
    }
    let depth = numbers.first ?? 16
    guard depth >= 10, depth % 6 == 4 else { return nil }
    return "wide-resnet-\(depth)-\(numbers.count > 1 ? numbers[1] : 1)"
  }

  /// The network of that name: "wide-resnet-DEPTH-WIDTH", "packed-wide-resnet-DEPTH-WIDTH-mMEMBERS-aALPHA-gGAMMA", "resnet-DEPTH", "efficientnet-b0" to "-b7",
  /// "efficientnet-lite0" to "-lite4", or these with "-symmetric".
  ///
  /// - Parameters:
  ///   - inputSize: Pixels of each side; what the network was made for where it is nil.
  ///   - classes: The number of logits; 10 or 1,000, by the network's data, where it is nil.
  public init(
    named name: String, inputSize: Int? = nil, classes: Int? = nil
  ) throws(NetworkError) {
    let parts = name.split(separator: "-", omittingEmptySubsequences: false)
    switch parts.first {
    case "wide" where parts.count == 4 && parts[1] == "resnet":
      guard let depth = Int(parts[2]), let widenFactor = Int(parts[3]) else { break }
      self = try WideResNet(
        depth: depth, widenFactor: widenFactor, inputSize: inputSize ?? 32, classes: classes ?? 10
      ).network
      return
    case "packed" where parts.count == 8 && parts[1] == "wide" && parts[2] == "resnet":
      guard let depth = Int(parts[3]), let widenFactor = Int(parts[4]),
        let packing = Packing(parts[5...])
      else { break }
      self = try PackedWideResNet(
        depth: depth, widenFactor: widenFactor, packing, inputSize: inputSize ?? 32,
        classes: classes ?? 10
      ).network
      return
    case "resnet" where parts.count == 2:
      guard let depth = Int(parts[1]) else { break }
      self = try ResNet(depth: depth, inputSize: inputSize, classes: classes).network
      return
    case "efficientnet" where parts.count == 2 || parts.count == 3 && parts[2] == "symmetric":
      let flavor = parts.count == 3 ? EfficientNet.Flavor.symmetric : .tensorFlow
      if let scale = EfficientNet.Scale.allCases.first(where: { "\($0)" == parts[1] }) {
        self = try EfficientNet(
          scale, flavor: flavor, inputSize: inputSize, classes: classes ?? 1000
        ).network
        return
      }
      if let scale = EfficientNetLite.Scale.allCases.first(where: { "\($0)" == parts[1] }) {
        self = try EfficientNetLite(
          scale, flavor: flavor, inputSize: inputSize, classes: classes ?? 1000
        ).network
        return
      }
    default: break
    }
    throw .unknownName(name)
  }
}
