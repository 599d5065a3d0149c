import Datasets
import Deployment
import Ensembles
import Files
import Inference
import InferenceTestSupport
import ONNX
import Predictions
import TestSupport
import Testing

/// The one model of an ensemble, run by OpenVINO, says what `Combination` makes of what ONNX Runtime's members say.
@Suite struct JoinedEnsembleTests {
  private static let names = ["logits", "softmax", "log-softmax"]

  /// An ensemble of models of InferenceTests, all fed pixels as they are unless `feeding` says otherwise.
  private static func build(
    _ names: [String], _ combination: Combination = Combination(), in directory: String,
    feeding: [String: Preprocessing] = [:], at place: String = "ensemble"
  ) throws -> EnsembleDirectory {
    var members: [(member: EnsembleMember, bytes: MemberBytes)] = []
    for (index, name) in names.enumerated() {
      let path = modelFixture(name)
      let model = try ImageModel(path: path, imageSize: Expected.side)
      let plain = Preprocessing(
        height: Expected.side, width: Expected.side, resizing: .none, mean: [0, 0, 0],
        standardDeviation: [1, 1, 1], layout: model.input.layout)
      let member = try EnsembleMember(
        model, name: "\(name) \(index)", network: name, preprocessing: feeding[name] ?? plain)
      members.append((member, .file(try MappedFile(path: path))))
    }
    return try EnsembleDirectory.write(
      to: "\(directory)/\(place)", members: members, combination: combination)
  }

  /// What the model says of the fixtures' images, `[3 * classes]`.
  private static func run(_ joined: JoinedEnsemble, scale: Float = 1) throws -> [Float] {
    let model = try joined.bytes.withUnsafeBytes { try ImageModel(bytes: $0, source: "joined") }
    let batch = joined.input.fixedBatch ?? 2
    let session = try InferenceSession(
      Classifier(
        [model], batch: batch, options: InferenceOptions(threads: 1, cacheDirectory: nil)))
    return try session.logProbabilities(
      ofAll: Expected.load().images(for: model).map { $0 / scale })[0]
  }

  /// What `Combination` makes of what ONNX Runtime computed.
  private static func expected(_ names: [String], _ combination: Combination) throws -> [Double] {
    let expected = try Expected.load()
    let members = try names.enumerated().map { index, name in
      let values = try #require(expected.logProbabilities[name]).map {
        $0 < -1e29 ? -Float.infinity : Float($0)
      }
      return try Predictions(
        name: "\(name) \(index)", network: name, multiplyAccumulates: 1, parameters: 1,
        split: "test",
        fingerprint: "test", logProbabilities: values,
        labels: [Int64](repeating: 0, count: Expected.count), classes: 5)
    }
    return try combination.combine(members, name: "all").withLogProbabilities {
      $0.map { max(Double($0), -1e12) }
    }
  }

  static let combinations: [Combination] = [
    Combination(), Combination(rule: .logitMean), Combination(rule: .arithmeticMean),
    Combination(rule: .majorityVote), Combination(rule: .majorityVote, temperature: 1.7),
    Combination(weights: [0.5, 0.125, 0.375], temperature: 0.7),
    Combination(
      rule: .arithmeticMean, memberTemperatures: [0.5, 1, 3], temperature: 2.5),
    Combination(memberTemperatures: [2, 1, 0.8]),
    Combination(
      calibration: .vector(
        VectorScaling(slopes: [0.5, 1, 1.5, 0.8, 1.1], intercepts: [0.1, -0.2, 0, 0.4, -0.3]))),
    Combination(
      rule: .arithmeticMean,
      calibration: .dirichlet(
        DirichletScaling(weights: dirichletWeights, intercepts: [0.2, 0, -0.1, 0, 0.3]))),
  ]

  private static let dirichletWeights: [[Double]] = (0..<5).map { row in
    (0..<5).map { column -> Double in
      if row == column { return 1.2 }
      return Double(row - 2 * column) / 40
    }
  }

  @Test(arguments: combinations) func saysWhatTheMembersSayTogether(
    _ combination: Combination
  ) throws {
    let temporary = try TemporaryDirectory()
    let directory = temporary.path
    let ensemble = try Self.build(Self.names, combination, in: directory)
    let joined = try JoinedEnsemble(of: ensemble, name: "all")
    let found = try Self.run(joined)
    let expected = try Self.expected(Self.names, combination)
    let pairs = zip(found, expected).filter { $0.1 > -1e11 }
    #expect(pairs.allSatisfy { abs(Double($0.0) - $0.1) <= 1e-5 }, "\(found) for \(expected)")
    #expect(zip(found, expected).allSatisfy { $0.1 > -1e11 || $0.0 < -1e11 })
    #expect(try joined.check() <= 1e-6)
  }

  @Test func modelSaysWhatItIs() throws {
    let temporary = try TemporaryDirectory()
    let directory = temporary.path
    let joined = try JoinedEnsemble(
      of: Self.build(Self.names, in: directory), name: "named")
    let model = try ONNXModel(bytes: joined.bytes, path: "joined")
    #expect(model.inputs.map(\.name) == ["images"])
    #expect(model.inputs[0].dimensions == [.symbolic("batch"), .fixed(3), .fixed(8), .fixed(8)])
    #expect(model.outputs.map(\.name) == ["probabilities", "log_probabilities"])
    #expect(model.metadata["name"] == "named")
    #expect(model.metadata["labels"]?.contains("class 4") == true)
    #expect(model.metadata["ensemble"]?.contains("sha256") == true)
    let read = try joined.bytes.withUnsafeBytes { try ImageModel(bytes: $0, source: "joined") }
    #expect(read.outputKind == .probabilities && read.classes == 5)
    #expect(read.preprocessing == joined.input.preprocessing && joined.input.isMembersOwn)
  }

  /// Layout, order and type of the input differ, and how pixels are normalised: the model takes pixels of 0...1.
  @Test func membersThatAreFedOtherwiseTakePixels() throws {
    let temporary = try TemporaryDirectory()
    let directory = temporary.path
    let names = ["logits", "channels-last", "bytes", "half", "map"]
    let joined = try JoinedEnsemble(of: Self.build(names, in: directory), name: "all")
    #expect(!joined.input.isMembersOwn && joined.input.preprocessing.layout == .channelsFirst)
    #expect(joined.input.preprocessing.standardDeviation == [255, 255, 255])
    let found = try Self.run(joined, scale: 255)
    let expected = try Self.expected(names, Combination())
    // Half precision takes 255 * (n / 255), which may not be n.
    #expect(difference(found, expected) <= 1e-3)
    let shifted = Preprocessing(
      height: 8, width: 8, resizing: .none, mean: [120, 110, 100],
      standardDeviation: [60, 50, 40], channelOrder: .bgr)
    let other = try Self.build(
      ["logits", "logits-2"], in: directory, feeding: ["logits": shifted], at: "other")
    #expect(try JoinedEnsemble(of: other, name: "all").check() <= 1e-5)
  }

  @Test func fixedBatchesAreKept() throws {
    let temporary = try TemporaryDirectory()
    let directory = temporary.path
    let names = ["fixed-batch", "logits"]
    let joined = try JoinedEnsemble(of: Self.build(names, in: directory), name: "all")
    #expect(joined.input.fixedBatch == 3)
    #expect(
      difference(try Self.run(joined), try Self.expected(names, Combination())) <= 1e-5)
  }

  @Test func whatCannotBeOneModelIsRefused() throws {
    let temporary = try TemporaryDirectory()
    let directory = temporary.path
    let stops = CascadeStops(confidence: .margin, confidenceThresholds: [0.5])
    let cascade = try Self.build(
      ["logits", "softmax"], Combination(cascade: stops), in: directory)
    let error = #expect(throws: DeploymentError.self) {
      try JoinedEnsemble(of: cascade, name: "all")
    }
    #expect("\(error.map { "\($0)" } ?? "")".contains("--format triton"))
    let curve = IsotonicCalibration.Curve(given: [0], calibrated: [0.5])
    let scaling = CalibrationMap.vector(
      VectorScaling(slopes: [1, 1, 1, 1, 1], intercepts: [0, 0, 0, 0, 1]))
    for (place, combination) in [
      Combination(
        calibration: .isotonic(
          IsotonicCalibration(curves: Array(repeating: curve, count: 5)))),
      Combination(
        calibration: .histogram(
          HistogramBinning(logOdds: Array(repeating: [0, 1], count: 5)))),
      Combination(rule: .majorityVote, calibration: scaling),
    ].enumerated() {
      let calibrated = try Self.build(
        ["logits", "softmax"], combination, in: directory, at: "calibrated-\(place)")
      let error = #expect(throws: DeploymentError.self) {
        try JoinedEnsemble(of: calibrated, name: "all")
      }
      #expect("\(error.map { "\($0)" } ?? "")".contains("calibrated"))
    }
    var other = try #require(cascade.manifest.members.first).preprocessing
    other.resizing = .shortSide(9)
    let framed = try Self.build(
      ["logits", "logits-2"], in: directory, feeding: ["logits": other], at: "framed")
    let second = #expect(throws: DeploymentError.self) {
      try JoinedEnsemble(of: framed, name: "all")
    }
    #expect("\(second.map { "\($0)" } ?? "")".contains("'logits 0' and 'logits-2 1'"))
  }
}
