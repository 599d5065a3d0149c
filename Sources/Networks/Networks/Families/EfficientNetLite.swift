/// An EfficientNet-Lite: without squeeze-and-excitation, with ReLU6, and with stem, head and outer stages that do not grow.
///
/// Layers have the names that timm gives them. Source: `efficientnet/lite` in the official code of EfficientNet.
public struct EfficientNetLite: Hashable, Sendable {
  /// The network as data, called "efficientnet-lite0", or "efficientnet-lite0-symmetric".
  public let network: Network

  /// The members of the family.
  public enum Scale: Int, CaseIterable, Hashable, Sendable {
    case lite0, lite1, lite2, lite3, lite4

    /// The EfficientNet whose factors of channels and blocks it has, and pixels of each side of the image.
    fileprivate var figures: (scale: EfficientNet.Scale, resolution: Int) {
      switch self {
      case .lite0: (.b0, 224)
      case .lite1: (.b1, 240)
      case .lite2: (.b2, 260)
      case .lite3: (.b3, 280)
      case .lite4: (.b4, 300)
      }
    }
  }

  /// Creates EfficientNet-Lite0 to 4 for square RGB images.
  ///
  /// - Parameters:
  ///   - flavor: Whose conventions it follows: `tensorFlow` for the official weights and timm's `tf_efficientnet_lite*`,
  ///     `symmetric` for timm's `efficientnet_lite*`.
  ///   - inputSize: Pixels of each side; the official code's where it is nil.
  ///   - classes: The number of logits.
  public init(
    _ scale: Scale, flavor: EfficientNet.Flavor = .tensorFlow, inputSize: Int? = nil,
    classes: Int = 1000
  ) throws(NetworkError) {
    let figures = scale.figures
    network = try MobileNetwork(
      name: "efficientnet-\(scale)" + (flavor == .symmetric ? "-symmetric" : ""),
      inputSize: inputSize ?? figures.resolution, stem: 32, stemStride: 2,
      stages: figures.scale.liteStages, head: 1280, classes: classes,
      dropout: scale.rawValue < 2 ? 0.2 : 0.3, flavor: flavor, activation: .relu6
    ).network
  }
}

extension EfficientNet.Scale {
  /// Without squeeze-and-excitation, and with as many blocks as B0 has in the first stage and the last.
  fileprivate var liteStages: [MobileNetwork.Stage] {
    var stages = stages
    for index in stages.indices { stages[index].squeezeRatio = 0 }
    for index in [0, stages.count - 1] { stages[index].blocks = 1 }
    return stages
  }
}
