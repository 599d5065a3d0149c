import Datasets
import Deployment
import Files
import Foundation
import Networks
import TestSupport
import Testing

/// `config.json` as timm writes it, and images prepared as timm prepares them: `Fixtures/make_configurations.py`.
@Suite struct TimmConfigurationTests {
  struct Expected: Decodable, Sendable {
    let file, interpolation: String
    let size, resize, parameters: Int
    let mean, std: [Float]
    let classes: [String]?
  }

  static let configurations: [Expected] = {
    let data = try? Data(contentsOf: URL(filePath: fixture("configurations.json")))
    return data.flatMap { try? JSONDecoder().decode([Expected].self, from: $0) } ?? []
  }()

  @Test(arguments: configurations)
  func isWhatTimmMakesOfIt(_ expected: Expected) throws {
    let configuration = try TimmConfiguration(path: fixture(expected.file))
    #expect(configuration.classNames == expected.classes)
    let network = try Network(
      named: configuration.networkName(), inputSize: configuration.inputSize(),
      classes: expected.classes?.count)
    #expect(network.totals.parameters == expected.parameters)
    #expect(network.input.height == expected.size)
    let preprocessing = try configuration.preprocessing(size: expected.size)
    #expect(preprocessing.resizing == .shortSide(expected.resize))
    #expect(preprocessing.interpolation.rawValue == expected.interpolation)
    for (found, wanted) in zip(preprocessing.mean, expected.mean) {
      #expect(abs(found / 255 - wanted) < 1e-6)
    }
    for (found, wanted) in zip(preprocessing.standardDeviation, expected.std) {
      #expect(abs(found / 255 - wanted) < 1e-6)
    }
  }

  @Test func thereAreSix() { #expect(Self.configurations.count == 6) }

  private func refusal(_ text: String) throws -> String {
    let directory = try TemporaryDirectory()
    let path = try directory.write(Array(text.utf8), to: "config.json")
    let error = #expect(throws: DeploymentError.self) {
      let configuration = try TimmConfiguration(path: path)
      _ = try configuration.networkName()
      _ = try configuration.preprocessing(size: try configuration.inputSize() ?? 224)
    }
    #expect(error?.description.contains(path) == true)
    return error?.description ?? ""
  }

  @Test func whatIsNotDoneHereIsRefusedWithTheOption() throws {
    func file(_ more: String) -> String {
      #"{"architecture": "resnet18", "mean": [0, 0, 0], "std": [1, 1, 1]\#(more)}"#
    }
    #expect(try refusal("<html>").contains("not the JSON"))
    #expect(try refusal(#"{"architectures": ["ViT"]}"#).contains("--network"))
    #expect(
      try refusal(#"{"architecture": "vit_tiny_patch16_224"}"#).contains("vit_tiny_patch16_224"))
    #expect(try refusal(#"{"architecture": "resnet18"}"#).contains("--mean"))
    #expect(try refusal(file(#", "crop_mode": "squash""#)).contains("--resize"))
    #expect(try refusal(file(#", "crop_pct": 1.5"#)).contains("--resize"))
    #expect(try refusal(file(#", "interpolation": "lanczos""#)).contains("--interpolation"))
    #expect(try refusal(file(#", "input_size": [3, 224, 320]"#)).contains("--input-size"))
    #expect(try refusal(file(#", "id2label": {"1": "a", "2": "b"}"#)).contains("--labels"))
    let noNumbers = #"{"architecture": "resnet18", "mean": "x", "std": [1, 1, 1]}"#
    #expect(try refusal(noNumbers).contains("timm"))
  }
}
