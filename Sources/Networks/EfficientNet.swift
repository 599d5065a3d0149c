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
  ///   - stochasticDepth: The rate that the last block would have; earlier ones have a share of it.
  public init(
    _ scale: Scale, flavor: Flavor = .tensorFlow, inputSize: Int? = nil, classes: Int = 1000,
    stochasticDepth: Double = 0.2
  ) throws(NetworkError) {
    let figures = scale.figures
    var builder = Builder(
      flavor: flavor, width: figures.width, depth: figures.depth, stochasticDepth: stochasticDepth)
    builder.appendStem()
    for (index, stage) in Self.stages.enumerated() { builder.append(stage, index: index) }
    builder.appendHead(classes: classes, dropout: figures.dropout)
    let size = inputSize ?? figures.resolution
    network = Network(
      name: "efficientnet-\(scale)" + (flavor == .symmetric ? "-symmetric" : ""),
      input: ImageShape(channels: 3, height: size, width: size), layers: builder.layers.layers,
      initialization: .efficientNet)
    _ = try network.shapes()
  }

  fileprivate struct Stage {
    let repeats, kernelSize, stride, expansion, channels: Int
  }

  /// B0's.
  fileprivate static let stages = [
    Stage(repeats: 1, kernelSize: 3, stride: 1, expansion: 1, channels: 16),
    Stage(repeats: 2, kernelSize: 3, stride: 2, expansion: 6, channels: 24),
    Stage(repeats: 2, kernelSize: 5, stride: 2, expansion: 6, channels: 40),
    Stage(repeats: 3, kernelSize: 3, stride: 2, expansion: 6, channels: 80),
    Stage(repeats: 3, kernelSize: 5, stride: 1, expansion: 6, channels: 112),
    Stage(repeats: 4, kernelSize: 5, stride: 2, expansion: 6, channels: 192),
    Stage(repeats: 1, kernelSize: 3, stride: 1, expansion: 6, channels: 320),
  ]
}

extension EfficientNet {
  private struct Builder {
    let flavor: Flavor
    let width, depth, stochasticDepth: Double
    var layers = LayerList()
    private var channels = 0
    private var blocks = 0

    init(flavor: Flavor, width: Double, depth: Double, stochasticDepth: Double) {
      self.flavor = flavor
      self.width = width
      self.depth = depth
      self.stochasticDepth = stochasticDepth
    }

    mutating func appendStem() {
      channels = scaled(32)
      appendConvolution("conv_stem", outputs: channels, kernelSize: 3, stride: 2)
      appendNormalization("bn1", activates: true)
    }

    mutating func append(_ stage: Stage, index: Int) {
      for block in 0..<repeats(of: stage) {
        appendBlock(stage, "blocks.\(index).\(block)", stride: block == 0 ? stage.stride : 1)
      }
    }

    mutating func appendHead(classes: Int, dropout: Double) {
      appendConvolution("conv_head", outputs: scaled(1280))
      appendNormalization("bn2", activates: true)
      layers.append("global_pool", .globalAveragePool)
      layers.append("dropout", .dropout(rate: dropout))
      layers.append("classifier", .linear(outputs: classes))
    }

    /// Widen, convolve each channel by itself, weigh the channels, and narrow again; plus x where nothing changes shape.
    private mutating func appendBlock(_ stage: Stage, _ name: String, stride: Int) {
      let (input, inputs, outputs) = (layers.last, channels, scaled(stage.channels))
      let expanded = inputs * stage.expansion
      // Without widening there is one convolution and one normalisation less, and timm counts from the first.
      var names = ["conv_dw", "bn1", "conv_pw", "bn2"]
      if stage.expansion > 1 {
        appendConvolution("\(name).conv_pw", outputs: expanded)
        appendNormalization("\(name).bn1", activates: true)
        names = ["conv_dw", "bn2", "conv_pwl", "bn3"]
      }
      appendConvolution(
        "\(name).\(names[0])", outputs: expanded, kernelSize: stage.kernelSize, stride: stride,
        groups: expanded)
      appendNormalization("\(name).\(names[1])", activates: true)
      appendSqueezeExcitation("\(name).se", channels: expanded, squeezed: max(1, inputs / 4))
      appendConvolution("\(name).\(names[2])", outputs: outputs)
      appendNormalization("\(name).\(names[3])", activates: false)
      if stride == 1, inputs == outputs { appendShortcut(from: input, name) }
      channels = outputs
      blocks += 1
    }

    private mutating func appendSqueezeExcitation(_ name: String, channels: Int, squeezed: Int) {
      let map = layers.last
      layers.append("\(name).squeeze", .squeeze)
      appendConvolution("\(name).conv_reduce", outputs: squeezed, hasBias: true)
      layers.append("\(name).act1", .silu)
      appendConvolution("\(name).conv_expand", outputs: channels, hasBias: true)
      layers.append("\(name).gate", .sigmoid)
      layers.append("\(name).scale", .scale, from: [map, layers.last])
    }

    private mutating func appendShortcut(from input: String, _ name: String) {
      let rate = stochasticDepth * Double(blocks) / Double(totalBlocks)
      if rate > 0 { layers.append("\(name).drop_path", .stochasticDepth(rate: rate)) }
      layers.append("\(name).add", .add, from: [layers.last, input])
    }

    private mutating func appendConvolution(
      _ name: String, outputs: Int, kernelSize: Int = 1, stride: Int = 1, groups: Int = 1,
      hasBias: Bool = false
    ) {
      layers.append(
        name,
        .convolution(
          Convolution(
            outputChannels: outputs, kernelSize: kernelSize, stride: stride,
            padding: flavor == .tensorFlow && kernelSize > 1 ? .same : .half(of: kernelSize),
            groups: groups, hasBias: hasBias)))
    }

    private mutating func appendNormalization(_ name: String, activates: Bool) {
      layers.append(
        name,
        flavor == .tensorFlow
          ? .batchNormalization(epsilon: 1e-3, momentum: 0.01)
          : .batchNormalization(epsilon: 1e-5, momentum: 0.1))
      if activates { layers.append("\(name).act", .silu) }
    }

    /// The scaled channels, to the nearest multiple of 8 that does not lose more than a tenth.
    private func scaled(_ channels: Int) -> Int {
      let wanted = Double(channels) * width
      let rounded = max(8, Int(wanted + 4) / 8 * 8)
      return Double(rounded) < 0.9 * wanted ? rounded + 8 : rounded
    }

    private func repeats(of stage: Stage) -> Int {
      Int((Double(stage.repeats) * depth).rounded(.up))
    }

    private var totalBlocks: Int { EfficientNet.stages.map(repeats).reduce(0, +) }
  }
}
