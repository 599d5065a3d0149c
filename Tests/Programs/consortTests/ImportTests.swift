import Files
import Foundation
import Networks
import Runs
import TestSupport
import Testing
import Weights

/// Public weights, taken in and written as ONNX.
///
/// `check_exports.py` had ONNX's checker and ONNX Runtime look at the very files that are written here: their logits are
/// PyTorch's.
@Suite struct ImportTests {
  private struct Export: Decodable {
    let network, peer, sha256: String
    let size: Int
    let relativeError: Double
  }

  private static let exports: [Export] = {
    let path = fixture("exports.json", of: "Networks/ONNXTests")
    let data = try? Data(contentsOf: URL(filePath: path))
    return data.flatMap { try? JSONDecoder().decode([Export].self, from: $0) } ?? []
  }()

  /// Weights of the network by the fixture's formula, under timm's names or torchvision's.
  private static func writeWeights(
    of network: Network, named name: (String) -> String = { $0 }, to path: String,
    change: (inout [TensorContent]) -> Void = { _ in }
  ) throws {
    var tensors = network.parameters.enumerated().map { phase, parameter in
      let (scale, offset): (Double, Float) =
        switch parameter.kind {
        case .convolutionWeight:
          ((6 / Double(parameter.count / parameter.shape[0])).squareRoot(), 0)
        case .linearWeight: (0.2, 0)
        case .normalizationWeight, .runningVariance: (0.1, 1)
        default: (0.1, 0)
        }
      return TensorContent(
        name: name(parameter.name), shape: parameter.shape,
        floats: fixtureNumbers(parameter.count, phase: phase).map { $0 * Float(scale) + offset })
    }
    change(&tensors)
    try SafeTensors.write(to: path, tensors: tensors)
  }

  @Test(arguments: [
    "timm tf_efficientnet_b0", "torchvision efficientnet_b0", "torchvision resnet18",
  ])
  func whatWasCheckedIsWhatIsWritten(peer: String) throws {
    let expected = try #require(Self.exports.first { $0.peer == peer })
    #expect(expected.relativeError <= 1e-4)
    let network = try Network(
      named: expected.network, inputSize: expected.size, classes: 10)
    try Consort.withDirectory { directory in
      let weights = "\(directory)/weights.safetensors"
      let isTorchvision = peer.hasPrefix("torchvision efficientnet")
      try Self.writeWeights(
        of: network,
        named: { isTorchvision ? TorchvisionNames.name(of: $0) ?? "no name" : $0 }, to: weights)
      let taken = try Consort([
        "import", weights, "--network", expected.network, "--input-size", "\(expected.size)",
        "--out", "\(directory)/member",
      ])
      #expect(taken.status == 0, "\(taken.errors)")
      #expect(taken.output.contains(isTorchvision ? "torchvision's names" : "timm's names"))
      let exported = try Consort([
        "export", "\(directory)/member", "--format", "onnx", "--out", "\(directory)/models",
      ])
      #expect(exported.status == 0, "\(exported.errors)")
      // The file that was checked lacks this entry of the metadata, which came later.
      var model = try Data(contentsOf: URL(filePath: "\(directory)/models/member.onnx"))
      let entry = [0x72, 26, 0x0A, 21] + Array("preprocessing_version".utf8) + [0x12, 1, 0x32]
      model.removeSubrange(try #require(model.range(of: Data(entry))))
      var hasher = SHA256Hasher()
      model.withUnsafeBytes { hasher.update($0) }
      #expect(hasher.finish() == expected.sha256)
    }
  }

  @Test func whatDoesNotFitIsListedAndNothingWritten() throws {
    try Consort.withDirectory { directory in
      let weights = "\(directory)/weights.safetensors"
      let network = try Network(named: "resnet-20")
      try Self.writeWeights(of: network, to: weights) { tensors in
        tensors.removeAll { $0.name == "bn1.bias" }
        tensors.append(TensorContent(name: "strange", shape: [1], floats: [0]))
        tensors.append(TensorContent(name: "bn1.num_batches_tracked", shape: [], int64s: [7]))
        let place = tensors.firstIndex { $0.name == "conv1.weight" } ?? 0
        tensors[place] = TensorContent(name: "conv1.weight", shape: [1], floats: [0])
      }
      let run = try Consort([
        "import", weights, "--network", "resnet-20", "--out", "\(directory)/member",
      ])
      #expect(run.status == 1)
      for part in [
        weights, "1 tensor is missing (bn1.bias)", "1 tensor is unexpected (strange)",
        "1 tensor is of another shape (conv1.weight [1] for [16, 3, 3, 3])",
      ] {
        #expect(run.errors.contains(part), "\(run.errors)")
      }
      #expect(!FileManager.default.fileExists(atPath: "\(directory)/member"))
    }
  }

  @Test func otherFormsAreRefusedWithTheMend() throws {
    try Consort.withDirectory { directory in
      let pickle = "\(directory)/model.pth"
      try Data([0x50, 0x4B, 3, 4, 0, 0, 0, 0, 0, 0]).write(to: URL(filePath: pickle))
      let pickled = try Consort(["import", pickle, "--network", "resnet-20"])
      #expect(pickled.status == 1 && pickled.errors.contains("not a whole ZIP archive"))
      let attack = fixture("hostile/system.pth", of: "Networks/CheckpointsTests")
      let attacked = try Consort(["import", attack, "--network", "resnet-20"])
      #expect(attacked.status == 1 && attacked.errors.contains("'posix.system'"))
      #expect(attacked.errors.contains("nothing in it was run"), "\(attacked.errors)")
      let weights = "\(directory)/weights.safetensors"
      let network = try Network(named: "efficientnet-b0-symmetric", classes: 2)
      try Self.writeWeights(
        of: network, named: { TorchvisionNames.name(of: $0) ?? "no name" }, to: weights)
      let padded = try Consort(["import", weights, "--network", "efficientnet-b0"])
      #expect(padded.status == 1 && padded.errors.contains("--network efficientnet-b0-symmetric"))
      let nameless = try Consort(["import", weights])
      #expect(nameless.status == 2 && nameless.errors.contains("--network"))
      let labels = "\(directory)/labels.txt"
      try "one\n".write(toFile: labels, atomically: true, encoding: .utf8)
      let few = try Consort([
        "import", weights, "--network", "efficientnet-b0-symmetric", "--labels", labels, "--out",
        "\(directory)/member",
      ])
      #expect(few.status == 1 && few.errors.contains("1 names for 2 classes"))
      #expect(!FileManager.default.fileExists(atPath: "\(directory)/member"))
      let nothing = try Consort(["export", directory])
      #expect(nothing.status == 1 && nothing.errors.contains("consort import"))
    }
  }

  /// Names as trainings leave them; the same weights come of them.
  @Test(arguments: ["module.", "module._orig_mod.", "model."])
  func prefixesOfNamesAreStrippedWithAWord(_ prefix: String) throws {
    try Consort.withDirectory { directory in
      let (plain, weights) = ("\(directory)/plain.safetensors", "\(directory)/w.safetensors")
      let network = try Network(named: "resnet-20", classes: 2)
      try Self.writeWeights(of: network, to: plain)
      try Self.writeWeights(of: network, named: { prefix + $0 }, to: weights)
      let run = try Consort([
        "import", weights, "--network", "resnet-20", "--out", "\(directory)/m",
      ])
      #expect(run.status == 0 && run.errors.contains("without the '\(prefix)'"), "\(run.errors)")
      #expect(run.errors.contains("0.485,0.456,0.406"), "\(run.errors)")
      let imported = try SafeTensors(path: "\(directory)/m/weights.safetensors")
      let original = try SafeTensors(path: plain)
      for name in original.names {
        #expect(try imported.floats(named: name) == original.floats(named: name))
      }
    }
  }

  @Test(arguments: [
    ("layer2.1.bn2.running_var", -0.25, "variance"), ("fc.weight", Float.nan, "NaN"),
    ("layer3.0.conv1.weight", Float.infinity, "infinite"),
  ])
  func weightsThatCannotBeAreRefused(_ name: String, _ number: Float, _ word: String) throws {
    try Consort.withDirectory { directory in
      let weights = "\(directory)/w.safetensors"
      try Self.writeWeights(of: Network(named: "resnet-20", classes: 2), to: weights) { tensors in
        guard let place = tensors.firstIndex(where: { $0.name == name }) else { return }
        let shape = tensors[place].shape
        var numbers = [Float](repeating: 1, count: shape.reduce(1, *))
        numbers[numbers.count - 1] = number
        tensors[place] = TensorContent(name: name, shape: shape, floats: numbers)
      }
      let run = try Consort([
        "import", weights, "--network", "resnet-20", "--out", "\(directory)/m",
      ])
      #expect(run.status == 1 && run.errors.contains(name), "\(run.errors)")
      #expect(run.errors.contains(word), "\(run.errors)")
      #expect(!FileManager.default.fileExists(atPath: "\(directory)/m"))
    }
  }

  /// The checkpoint of `make_checkpoints.py` with two sets of weights, none of which is a ResNet's.
  @Test func whichWeightsOfACheckpointIsAskedFor() throws {
    let path = fixture("zip-average.pth", of: "Networks/CheckpointsTests")
    let both = try Consort(["import", path, "--network", "resnet-20"])
    #expect(
      both.status == 1 && both.errors.contains("say which with --weights-key"), "\(both.errors)")
    let one = try Consort(["import", path, "--network", "resnet-20", "--weights-key", "model_ema"])
    #expect(one.status == 1 && one.errors.contains("does not fit"), "\(one.errors)")
    let object = fixture("hostile/unknown-type.pth", of: "Networks/CheckpointsTests")
    let refused = try Consort(["import", object, "--network", "resnet-20"])
    #expect(refused.status == 1 && refused.errors.contains("--skip-objects"), "\(refused.errors)")
    let skipped = try Consort(["import", object, "--network", "resnet-20", "--skip-objects"])
    #expect(skipped.status == 1 && skipped.errors.contains("does not fit"), "\(skipped.errors)")
  }

  /// Network, preparation and classes out of config.json; from a server of the tests' own.
  @Test func aModelOfAHubBecomesAMember() throws {
    try Consort.withDirectory { directory in
      let (served, log) = ("\(directory)/served", "\(directory)/log")
      try FileManager.default.createDirectory(atPath: served, withIntermediateDirectories: true)
      let network = try Network(named: "resnet-20", classes: 2)
      try Self.writeWeights(of: network, to: "\(served)/model.safetensors")
      let configuration = """
        {"architecture": "resnet18", "num_classes": 2, "label_names": ["cat", "dog"], "pretrained_cfg": {
        "input_size": [3, 32, 32], "crop_pct": 0.8, "crop_mode": "center", "interpolation": "bilinear",
        "mean": [0.5, 0.5, 0.5], "std": [0.2, 0.2, 0.2]}}
        """
      try configuration.write(toFile: "\(served)/config.json", atomically: true, encoding: .utf8)
      let server = Process()
      let output = Pipe()
      server.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      server.arguments = [
        "python3", fixture("hub_server.py", of: "Data/DownloadsTests"), served, log,
      ]
      server.standardOutput = output
      try server.run()
      // Not a signal that worker threads block, because the process has their mask.
      defer { kill(server.processIdentifier, SIGKILL) }
      let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
      let port = try #require(Int(line.trimmingCharacters(in: .whitespacesAndNewlines)))
      func imported(_ manner: String) throws -> Consort {
        try Consort(
          ["import", "hf:timm/small", "--network", "resnet-20", "--out", "\(directory)/member"],
          environment: [
            "HF_ENDPOINT": "http://127.0.0.1:\(port)/\(manner)",
            "XDG_CACHE_HOME": "\(directory)/cache",
          ])
      }
      let lies = try imported("lies")
      #expect(lies.status == 1 && lies.errors.contains("was removed"), "\(lies.errors)")
      let run = try imported("ok")
      #expect(run.status == 0 && run.errors.contains("config.json says"), "\(run.errors)")
      let description = try #require(
        try MemberDirectory(path: "\(directory)/member").description())
      #expect(description.classNames == ["cat", "dog"])
      #expect(description.preprocessing.resizing == .shortSide(40))
      #expect(description.preprocessing.mean == [127.5, 127.5, 127.5])
      #expect(description.preprocessing.interpolation == .bilinear)
    }
  }

  /// How the publishers evaluate, and what a user says otherwise.
  @Test func theMemberSaysHowImagesBecomeTheInput() throws {
    try Consort.withDirectory { directory in
      let weights = "\(directory)/weights.safetensors"
      try Self.writeWeights(of: Network(named: "resnet-20", classes: 2), to: weights)
      let labels = "\(directory)/labels.txt"
      try "cat\ndog\n".write(toFile: labels, atomically: true, encoding: .utf8)
      let run = try Consort([
        "import", weights, "--network", "resnet-20", "--labels", labels, "--out",
        "\(directory)/member", "--resize", "40", "--mean", "0.5,0.5,0.5", "--interpolation",
        "bicubic",
      ])
      #expect(run.status == 0, "\(run.errors)")
      let description = try #require(
        try MemberDirectory(path: "\(directory)/member").description())
      #expect(description.classNames == ["cat", "dog"])
      #expect(description.preprocessing.resizing == .shortSide(40))
      #expect(description.preprocessing.mean == [127.5, 127.5, 127.5])
      #expect(description.preprocessing.height == 32)
      let again = try Consort([
        "import", weights, "--network", "resnet-20", "--out", "\(directory)/member",
      ])
      #expect(again.status == 1 && again.errors.contains("another --out"))
    }
  }
}
