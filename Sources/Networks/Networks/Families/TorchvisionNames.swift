/// The names that torchvision gives to the parameters of an EfficientNet, beside timm's, which are ours.
public enum TorchvisionNames {
  /// A tensor that torchvision's files have and timm's have not.
  public static let sign = "features.0.0.weight"

  /// What torchvision calls the parameter that timm calls `name`; nil for what it does not have.
  public static func name(of name: String) -> String? {
    var parts = name.split(separator: ".").map(String.init)
    guard parts.count >= 2 else { return nil }
    let tensor = parts.removeLast()
    guard let layer = parts.first == "blocks" ? block(parts) : outer[parts.joined(separator: ".")]
    else { return nil }
    return "\(layer).\(tensor)"
  }

  private static let outer = [
    "conv_stem": "features.0.0", "bn1": "features.0.1", "conv_head": "features.8.0",
    "bn2": "features.8.1", "classifier": "classifier.1",
  ]

  /// "blocks.S.J.LAYER": the first stage's blocks do not widen, and have one convolution and normalisation less.
  private static func block(_ parts: [String]) -> String? {
    guard parts.count >= 4, let stage = Int(parts[1]) else { return nil }
    let layers =
      stage == 0
      ? [
        "conv_dw": "0.0", "bn1": "0.1", "se.conv_reduce": "1.fc1", "se.conv_expand": "1.fc2",
        "conv_pw": "2.0", "bn2": "2.1",
      ]
      : [
        "conv_pw": "0.0", "bn1": "0.1", "conv_dw": "1.0", "bn2": "1.1", "se.conv_reduce": "2.fc1",
        "se.conv_expand": "2.fc2", "conv_pwl": "3.0", "bn3": "3.1",
      ]
    return layers[parts[3...].joined(separator: ".")].map {
      "features.\(stage + 1).\(parts[2]).block.\($0)"
    }
  }
}
