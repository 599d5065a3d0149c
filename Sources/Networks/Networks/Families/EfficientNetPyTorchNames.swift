/// The names that the package `efficientnet-pytorch`, and `efficientnet-lite-pytorch` after it, give to the parameters of an
/// EfficientNet, beside timm's, which are ours. They count blocks through all stages.
public enum EfficientNetPyTorchNames {
  /// A tensor that its files have and those of others have not.
  public static let sign = "_conv_stem.weight"

  /// What the package calls the parameters of `network`, by our names; those that it does not have are left out.
  public static func names(of network: Network) -> [String: String] {
    var blocks: [String: Int] = [:]
    var names: [String: String] = [:]
    for parameter in network.parameters {
      var parts = parameter.name.split(separator: ".").map(String.init)
      guard parts.count >= 2 else { continue }
      let tensor = parts.removeLast()
      if parts.first != "blocks" {
        names[parameter.name] = outer[parts.joined(separator: ".")].map { "\($0).\(tensor)" }
      } else if parts.count >= 4 {
        let block = "\(parts[1]).\(parts[2])"
        let number = blocks[block] ?? blocks.count
        blocks[block] = number
        // The blocks of the first stage do not widen.
        let layers = parts[1] == "0" ? narrow : widening
        names[parameter.name] = layers[parts[3...].joined(separator: ".")].map {
          "_blocks.\(number).\($0).\(tensor)"
        }
      }
    }
    return names
  }

  private static let outer = [
    "conv_stem": "_conv_stem", "bn1": "_bn0", "conv_head": "_conv_head", "bn2": "_bn1",
    "classifier": "_fc",
  ]

  private static let narrow = [
    "conv_dw": "_depthwise_conv", "bn1": "_bn1", "se.conv_reduce": "_se_reduce",
    "se.conv_expand": "_se_expand", "conv_pw": "_project_conv", "bn2": "_bn2",
  ]

  private static let widening = [
    "conv_pw": "_expand_conv", "bn1": "_bn0", "conv_dw": "_depthwise_conv", "bn2": "_bn1",
    "se.conv_reduce": "_se_reduce", "se.conv_expand": "_se_expand", "conv_pwl": "_project_conv",
    "bn3": "_bn2",
  ]
}
