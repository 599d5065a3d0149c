import Datasets
import Files
import Foundation

/// What timm's `config.json` says of a model: its architecture, how images are prepared, and its classes.
///
/// Source: timm's `models/_hub.py` (`load_model_config_from_hf`) and `data/config.py`.
package struct TimmConfiguration: Sendable {
  private let path: String
  /// timm's name, such as "tf_efficientnet_b0".
  package let architecture: String
  /// The names of the classes, in the logits' order; nil where the file has none.
  package let classNames: [String]?
  private let input: Input

  /// How images are prepared, as far as the file says it.
  private struct Input: Decodable {
    let inputSize: [Int]?
    let interpolation: String?
    let cropFraction: Double?
    let cropMode: String?
    let mean, standardDeviation: [Float]?

    private enum CodingKeys: String, CodingKey {
      case mean, interpolation
      case inputSize = "input_size"
      case cropFraction = "crop_pct"
      case cropMode = "crop_mode"
      case standardDeviation = "std"
    }
  }

  private struct File: Decodable {
    let architecture: String?
    let pretrained: Input?
    let labelNames: [String]?
    let labelsByIndex: [String: String]?

    private enum CodingKeys: String, CodingKey {
      case architecture
      case pretrained = "pretrained_cfg"
      case labelNames = "label_names"
      case labelsByIndex = "id2label"
    }
  }

  /// - Throws: `DeploymentError.unfitConfiguration`, or `FileError`.
  package init(path: String) throws {
    let bytes = try MappedFile(path: path).withBytes { Data($0) }
    let file: File
    do {
      file = try JSONDecoder().decode(File.self, from: bytes)
      // Older files have it all on one level.
      input = try file.pretrained ?? JSONDecoder().decode(Input.self, from: bytes)
    } catch {
      throw DeploymentError.unfitConfiguration(
        path: path, reason: "it is not the JSON that timm writes",
        fix: "name a repository of a timm model")
    }
    guard let architecture = file.architecture else {
      throw DeploymentError.unfitConfiguration(
        path: path, reason: "it has no \"architecture\" of timm's",
        fix: "name a repository of a timm model, or import its file of weights with --network")
    }
    self.path = path
    self.architecture = architecture
    if let names = file.labelNames {
      classNames = names
    } else if let labels = file.labelsByIndex {
      classNames = try Self.ordered(labels, path: path)
    } else {
      classNames = nil
    }
  }

  private static func ordered(_ labels: [String: String], path: String) throws -> [String] {
    try labels.keys.indices.enumerated().map { index, _ in
      guard let name = labels["\(index)"] else {
        throw DeploymentError.unfitConfiguration(
          path: path, reason: "its \"id2label\" lacks \(index)",
          fix: "name the classes with --labels")
      }
      return name
    }
  }

  /// Our name of the network.
  ///
  /// - Throws: `DeploymentError.unfitConfiguration` where it is none of ours.
  package func networkName() throws -> String {
    if let network = Self.networks[architecture] { return network }
    throw DeploymentError.unfitConfiguration(
      path: path, reason: "its architecture '\(architecture)' is none that is known here",
      fix:
        "export it to ONNX, which `consort predict --onnx` takes, or say --network where it is one of ours"
    )
  }

  /// The two kinds of EfficientNet have the same names of tensors and differ in padding, which only the architecture says.
  private static let networks: [String: String] = {
    var networks = ["resnet18": "resnet-18", "resnet34": "resnet-34", "resnet50": "resnet-50"]
    for scale in [
      "b0", "b1", "b2", "b3", "b4", "b5", "b6", "b7", "lite0", "lite1", "lite2", "lite3", "lite4",
    ] {
      networks["tf_efficientnet_\(scale)"] = "efficientnet-\(scale)"
      networks["efficientnet_\(scale)"] = "efficientnet-\(scale)-symmetric"
    }
    return networks
  }()

  /// Pixels of each side of the input; nil where the file does not say it.
  ///
  /// - Throws: `DeploymentError.unfitConfiguration` where the input is not square, or not of three channels.
  package func inputSize() throws -> Int? {
    guard let size = input.inputSize else { return nil }
    guard size.count == 3, size[0] == 3, size[1] == size[2], (1...10_000).contains(size[1]) else {
      throw DeploymentError.unfitConfiguration(
        path: path, reason: "its input is of \(size), and not 3 x N x N", fix: "say --input-size N")
    }
    return size[1]
  }

  /// How timm prepares images of `size` pixels when it evaluates: the short side becomes size / crop, and the centre is cropped.
  ///
  /// - Throws: `DeploymentError.unfitConfiguration` where the file asks for what is not done here.
  package func preprocessing(size: Int) throws -> Preprocessing {
    guard let mean = input.mean, let deviation = input.standardDeviation, mean.count == 3,
      deviation.count == 3
    else {
      throw DeploymentError.unfitConfiguration(
        path: path, reason: "it does not say mean and std of three channels",
        fix: "import the file of weights with --mean and --std")
    }
    let fraction = input.cropFraction ?? 0.875
    guard ["center", nil].contains(input.cropMode), fraction > 0, fraction <= 1 else {
      throw DeploymentError.unfitConfiguration(
        path: path,
        reason: "it crops images as '\(input.cropMode ?? "\(fraction)")', which is not done here",
        fix: "import the file of weights with --resize")
    }
    let name = input.interpolation ?? "bicubic"
    guard let interpolation = Preprocessing.Interpolation(rawValue: name) else {
      throw DeploymentError.unfitConfiguration(
        path: path, reason: "its interpolation '\(name)' is not done here",
        fix: "import the file of weights with --interpolation")
    }
    return Preprocessing(
      height: size, width: size,
      resizing: .shortSide(Int((Double(size) / fraction).rounded(.down))),
      interpolation: interpolation, mean: mean.map { $0 * 255 },
      standardDeviation: deviation.map { $0 * 255 })
  }
}
