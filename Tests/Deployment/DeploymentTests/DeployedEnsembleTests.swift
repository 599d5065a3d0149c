import Deployment
import Ensembles
import Files
import Inference
import ServingTestSupport
import TestSupport
import Testing

/// Triton's model repositories and KServe's manifests, as text; tests with real programs are in Tests/Serving.
@Suite struct DeployedEnsembleTests {
  private static let cascade = Combination(
    cascade: CascadeStops(confidence: .margin, confidenceThresholds: [0.5, nil]))

  private static func text(_ path: String) throws -> String {
    try MappedFile(path: path).withBytes { String(decoding: $0, as: UTF8.self) }
  }

  @Test func anEnsembleIsOneModelForONNXRuntime() throws {
    let temporary = try TemporaryDirectory()
    let ensemble = try TinyEnsemble(at: "\(temporary.path)/ensemble").directory
    let repository = try TritonRepository(of: ensemble, name: DeployedName("it"), backend: nil)
    let place = try repository.write(to: "\(temporary.path)/repository")
    #expect(place == "\(temporary.path)/repository/it")
    #expect(try Directory.names(in: place) == ["1", "config.pbtxt", "labels.txt"])
    #expect(try Directory.names(in: "\(place)/1") == ["model.onnx"])
    #expect(try Self.text("\(place)/labels.txt") == "a\nb\nc\nd\ne\n")
    let configuration = try Self.text("\(place)/config.pbtxt")
    for line in [
      "name: \"it\"", "backend: \"onnxruntime\"", "max_batch_size: 64", "dynamic_batching { }",
      "  { name: \"images\", data_type: TYPE_FP32, dims: [ 3, 12, 12 ] }",
      "  { name: \"probabilities\", data_type: TYPE_FP32, dims: [ 5 ], label_filename: \"labels.txt\" },",
      "  { name: \"log_probabilities\", data_type: TYPE_FP32, dims: [ 5 ] }",
    ] {
      #expect(configuration.contains("\(line)\n"), "\(line) in \(configuration)")
    }
    #expect(throws: InferenceError.placeTaken(path: place)) {
      try repository.write(to: "\(temporary.path)/repository")
    }
  }

  @Test func aCascadeKeepsItsFiles() throws {
    let temporary = try TemporaryDirectory()
    let ensemble = try TinyEnsemble(
      at: "\(temporary.path)/ensemble", combination: Self.cascade
    ).directory
    let repository = try TritonRepository(of: ensemble, name: DeployedName("it"), backend: nil)
    #expect(repository.backend == .python)
    let place = try repository.write(to: "\(temporary.path)/repository")
    #expect(
      try Directory.names(in: "\(place)/1")
        == ["ensemble.json", "member-0.onnx", "member-1.onnx", "member-2.onnx", "model.py"])
    #expect(
      try Self.text("\(place)/1/ensemble.json") == Self.text("\(ensemble.path)/ensemble.json"))
    let configuration = try Self.text("\(place)/config.pbtxt")
    #expect(configuration.contains("name: \"exit_stage\", data_type: TYPE_INT32, dims: [ 1 ]"))
    #expect(configuration.contains(#"{\"kind\":\"logits\",\"name\":\"logits\"}"#))
    #expect(throws: DeploymentError.self) {
      try TritonRepository(of: ensemble, name: DeployedName("it"), backend: .onnxruntime)
    }
  }

  @Test(arguments: ["", ".hidden", "a/b", "a b", "é", String(repeating: "a", count: 201)])
  func namesArePlain(_ name: String) {
    #expect(throws: DeploymentError.self) { try DeployedName(name) }
  }

  @Test func aServiceSaysWhatItNeeds() throws {
    let temporary = try TemporaryDirectory()
    let ensemble = try TinyEnsemble(at: "\(temporary.path)/My.Ensemble_1").directory
    let name = try DeployedName(of: ensemble.path)
    let open = try KServeManifest(
      of: ensemble, name: name, runtime: .consort, image: nil, storage: nil)
    #expect(open.name == "my-ensemble-1")
    #expect(open.placeholders == ["REGISTRY/consort:TAG", "s3://BUCKET/PATH"])
    #expect(
      open.yaml.contains(
        "# Fill in: REGISTRY/consort:TAG\n# Fill in: s3://BUCKET/PATH\napiVersion:"))
    let filled = try KServeManifest(
      of: ensemble, name: name, runtime: .triton, image: nil, storage: "gs://models/it")
    #expect(filled.placeholders.isEmpty && filled.yaml.contains("storageUri: \"gs://models/it\""))
    for text in ["a b", "a\"b", "a\nb", "", "é"] {
      #expect(throws: DeploymentError.self) {
        try KServeManifest(of: ensemble, name: name, runtime: .consort, image: text, storage: nil)
      }
    }
    for text in ["1a", "a-", "a.", String(repeating: "a", count: 41)] {
      #expect(throws: DeploymentError.self) { try DeployedName(text).serviceName() }
    }
  }
}
