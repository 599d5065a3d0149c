/// An EfficientNet: inverted residual blocks with squeeze-and-excitation, scaled in width, depth and resolution.
///
/// Layers have the names that timm gives them. Source: Tan & Le 2019, arXiv:1905.11946, and its official code.
public struct EfficientNet: Hashable, Sendable {
  /// The network as data, called "efficientnet-b0", or "efficientnet-b0-symmetric".
  public let network: Network

  /// The members of the family.
  public enum Scale: Int, CaseIterable, Hashable, Sendable {
    case b0, b1, b2, b3, b4, b5, b6, b7

    /// Factors of channels and of blocks, pixels of each side of the image, dropout before the last layer.
    var figures: (width: Double, depth: Double, resolution: Int, dropout: Double) {
      switch self {
      case .b0: (1.0, 1.0, 224, 0.2)
      case .b1: (1.0, 1.1, 240, 0.2)
      case .b2: (1.1, 1.2, 260, 0.3)
      case .b3: (1.2, 1.4, 300, 0.3)
      case .b4: (1.4, 1.8, 380, 0.4)
      case .b5: (1.6, 2.2, 456, 0.4)
      case .b6: (1.8, 2.6, 528, 0.5)
      case .b7: (2.0, 3.1, 600, 0.5)
      }
    }
  }

  /// Whose conventions the network follows: weights of one do not suit the other.
  public enum Flavor: Hashable, Sendable {
    /// SAME padding, epsilon 1e-3, momentum 0.01: the official code, and timm's `tf_efficientnet_b*`.
    case tensorFlow
    /// The same padding on each side, epsilon 1e-5, momentum 0.1: timm's `efficientnet_b*`, and torchvision's, B5 to B7
    /// of which have epsilon 1e-3 and momentum 0.01.
    case symmetric
  }

  /// Creates EfficientNet-B0 to B7 for square RGB images.
  ///
  /// - Parameters:
  ///   - inputSize: Pixels of each side; the paper's where it is nil.
  ///   - classes: The number of logits.
  ///   - dropPathRate: The rate that the last block would have; earlier ones have a share of it.
  public init(
    _ scale: Scale, flavor: Flavor = .tensorFlow, inputSize: Int? = nil, classes: Int = 1000,
    dropPathRate: Double = 0.2
  ) throws(NetworkError) {
    let figures = scale.figures
    network = try MobileNetwork(
      name: "efficientnet-\(scale)" + (flavor == .symmetric ? "-symmetric" : ""),
      inputSize: inputSize ?? figures.resolution, stem: scale.channels(32), stemStride: 2,
      stages: scale.stages, head: scale.channels(1280), classes: classes,
      dropout: figures.dropout, dropPathRate: dropPathRate, flavor: flavor
    ).network
  }
}

extension EfficientNet.Scale {
  /// B0's.
  private static let stages = [
    MobileNetwork.Stage(blocks: 1, kernelSize: 3, stride: 1, expansion: 1, channels: 16),
    MobileNetwork.Stage(blocks: 2, kernelSize: 3, stride: 2, expansion: 6, channels: 24),
    MobileNetwork.Stage(blocks: 2, kernelSize: 5, stride: 2, expansion: 6, channels: 40),
    MobileNetwork.Stage(blocks: 3, kernelSize: 3, stride: 2, expansion: 6, channels: 80),
    MobileNetwork.Stage(blocks: 3, kernelSize: 5, stride: 1, expansion: 6, channels: 112),
    MobileNetwork.Stage(blocks: 4, kernelSize: 5, stride: 2, expansion: 6, channels: 192),
    MobileNetwork.Stage(blocks: 1, kernelSize: 3, stride: 1, expansion: 6, channels: 320),
  ]

  /// B0's, scaled.
  var stages: [MobileNetwork.Stage] {
    Self.stages.map { stage in
      var scaled = stage
      scaled.blocks = Int((Double(stage.blocks) * figures.depth).rounded(.up))
      scaled.channels = channels(stage.channels)
      return scaled
    }
  }

  /// The scaled channels, to the nearest multiple of 8 that does not lose more than a tenth.
  fileprivate func channels(_ channels: Int) -> Int {
    let wanted = Double(channels) * figures.width
    let rounded = max(8, Int(wanted + 4) / 8 * 8)
    return Double(rounded) < 0.9 * wanted ? rounded + 8 : rounded
  }
}
