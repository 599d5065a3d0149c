extension Network {
  /// The network of that name: "wide-resnet-DEPTH-WIDTH", "resnet-DEPTH", "efficientnet-b0" to "-b7", or
  /// "efficientnet-b0-symmetric".
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
    case "resnet" where parts.count == 2:
      guard let depth = Int(parts[1]) else { break }
      self = try ResNet(depth: depth, inputSize: inputSize, classes: classes).network
      return
    case "efficientnet" where parts.count == 2 || parts.count == 3 && parts[2] == "symmetric":
      guard let scale = EfficientNet.Scale.allCases.first(where: { "\($0)" == parts[1] }) else {
        break
      }
      self = try EfficientNet(
        scale, flavor: parts.count == 3 ? .symmetric : .tensorFlow, inputSize: inputSize,
        classes: classes ?? 1000
      ).network
      return
    default: break
    }
    throw .unknownName(name)
  }
}
