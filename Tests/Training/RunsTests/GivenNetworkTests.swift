import Datasets
import Foundation
import Networks
import Schemas
import TestSupport
import Testing

@testable import Runs
@testable import SearchRuns

/// Members whose network is given as data, in the experiment or in a file of its own.
@Suite struct GivenNetworkTests {
  private static let json = """
    {"name": "mine", "input": {"channels": 3, "height": 8, "width": 8}, "layers": [
      {"name": "conv", "inputs": ["input"], "operation":
        {"convolution": {"outputChannels": 8, "kernelSize": 3, "stride": 1, "padding": 1, "groups": 1}}},
      {"name": "bn", "inputs": ["conv"], "operation":
        {"batchNormalization": {"epsilon": 1e-5, "momentum": 0.1}}},
      {"name": "pool", "inputs": ["bn"], "operation": {"globalAveragePool": {}}},
      {"name": "head", "inputs": ["pool"], "operation": {"linear": {"outputs": 10}}}]}
    """

  private static let network = Result {
    try Network(
      name: "mine", input: ImageShape(channels: 3, height: 8, width: 8),
      layers: [
        Layer(
          "conv",
          .convolution(
            Convolution(outputChannels: 8, kernelSize: 3, stride: 1, padding: .symmetric(1))),
          inputs: ["input"]),
        Layer("bn", .batchNorm(epsilon: 1e-5, momentum: 0.1), inputs: ["conv"]),
        Layer("pool", .globalAveragePool(keepsDimensions: false), inputs: ["bn"]),
        Layer("head", .linear(outputs: 10), inputs: ["pool"]),
      ])
  }

  /// An experiment of two members of each of `networks`, which are JSON.
  private func read(_ networks: [String]) throws -> Experiment {
    let members = networks.map { #"{"network": \#($0), "count": 2}"# }.joined(separator: ", ")
    let text = """
      {"name": "e", "data": {"holdOut": 2}, "members": [\(members)], "recipe": {"preset": "fast"}}
      """
    return try Experiment(json: Data(text.utf8), file: "e.json")
  }

  private func message(_ networks: String...) -> String {
    do {
      _ = try read(networks)
      return "none"
    } catch {
      return "\(error)"
    }
  }

  private func json(of network: Network) throws -> String { try network.readableJSON() }

  @Test func theNetworkStandsInTheExperiment() throws {
    let experiment = try read([#""wide-resnet-10-1""#, Self.json])
    #expect(experiment.members.map(\.network) == ["wide-resnet-10-1", "mine"])
    #expect(try experiment.members.map(\.architecture) == [nil, Self.network.get()])
    #expect(try experiment.members[1] == .init(network: Self.network.get(), count: 2))
    let members = experiment.allMembers
    #expect(members[2...].map(\.name) == ["mine-0", "mine-1"])
    let given = try Self.network.get()
    #expect(members.map(\.architecture) == [nil, nil, given, given])
    let written = try experiment.readableJSON()
    #expect(try Experiment(json: Data(written.utf8), file: "r.json") == experiment)
  }

  /// Groups may share a network, for other weights.
  @Test func theSameNetworkMayStandTwice() throws {
    let experiment = try read([Self.json, Self.json])
    #expect(experiment.allMembers.map(\.name) == ["mine-0", "mine-1", "mine-2", "mine-3"])
  }

  /// What the experiment keeps is the network, not the file.
  @Test func aFileIsReadOnce() throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write(Array(Self.json.utf8), to: "network.json")
    let experiment = try read(["\"\(path)\""])
    #expect(try experiment == read([Self.json]))
    try directory.write([], to: "network.json")
    let written = Data(try experiment.readableJSON().utf8)
    #expect(try Experiment(json: written, file: "r.json") == experiment)
  }

  /// A known name may be given as data, if it is what the name says, for any size and number of classes.
  @Test func aKnownNetworkMayBeGiven() throws {
    let network = try Network(named: "resnet-20", inputSize: 16, classes: 7)
    #expect(try read([json(of: network)]).members[0].architecture == network)
  }

  @Test func whatHasNamesOnlyIsWrittenAsBefore() throws {
    let group = Experiment.MemberGroup(network: "resnet-20", count: 3)
    #expect(
      try group.readableJSON() == """
        {
          "count" : 3,
          "network" : "resnet-20"
        }

        """)
    let root = checkout.appending(path: "results").path
    let runs = try FileManager.default.contentsOfDirectory(atPath: root)
      .map { "\(root)/\($0)/experiment.json" }
      .filter { FileManager.default.fileExists(atPath: $0) }
    #expect(runs.count >= 4)
    for run in runs {
      let recorded = try JSONDecoder().decode(
        [String: JSONValue].self,
        from: Data(contentsOf: URL(fileURLWithPath: run)))
      let written = try Experiment(path: run).members.readableJSON()
      let members = try JSONDecoder().decode(JSONValue.self, from: Data(written.utf8))
      #expect(recorded["members"] == members, "\(run)")
    }
  }

  @Test(arguments: [
    (#""outputs": 10"#, #""outputs": "ten""#, "layers[3].operation.linear.outputs: "),
    (#""outputs": 10"#, #""outputs": 0"#, "layer 'head': the outputs must be in 1...16777216"),
    (#"{"globalAveragePool": {}}"#, #"{"pool": {}}"#, "layers[2].operation: needs one known"),
    (#""groups": 1"#, #""hasBias": true"#, "'layers[0].operation.convolution.hasBias'; remove it"),
    (#""layers": ["#, #""initialisation": "resnet", "layers": ["#, "'initialisation'; remove it"),
    (#""mine""#, #""../mine""#, "its name is '../mine', but must be 1 to 100 of letters, digits"),
    (#""mine""#, #"".mine""#, "its name is '.mine', but must be"),
    (#""mine""#, #""""#, "its name is '', but must be"),
    (#""bn""#, #""momentum/conv""#, "the name of its layer 'momentum/conv' must be"),
    (#"["pool"]"#, #"["conv"]"#, "layer 'head': needs a vector"),
    (#""mine""#, #""wide-resnet-10-1""#, "known as 'wide-resnet-10-1': give it another name"),
  ])
  func aMistakeNamesThePlace(part: String, other: String, complaint: String) throws {
    var text = Self.json.replacing(part, with: other)
    if part == #""bn""# { text = text.replacing(#"["bn"]"#, with: #"["momentum/conv"]"#) }
    let said = message(#""wide-resnet-16-1""#, text)
    #expect(said.hasPrefix("'e.json': members[1].network does not work: "), "\(said)")
    #expect(said.contains(complaint), "\(said)")
  }

  @Test func whatHasNothingToTrainIsRefused() {
    let text = """
      {"name": "mine", "input": {"channels": 3, "height": 8, "width": 8}, "layers":
      [{"name": "pool", "inputs": ["input"], "operation": {"globalAveragePool": {}}}]}
      """
    #expect(message(text).contains("it has no weights to train: add a convolution or a linear"))
  }

  @Test func aKnownNameStandsForHowItIsDrawnToo() throws {
    let network = try Network(named: "resnet-20").replacing(initialization: .efficientNet)
    #expect(try message(json(of: network)).contains("known as 'resnet-20': give it another name"))
  }

  @Test func oneNameStandsForOneNetwork() throws {
    let wider = Self.json.replacing(#""outputChannels": 8"#, with: #""outputChannels": 16"#)
    #expect(
      message(Self.json, #""resnet-20""#, wider)
        == "'e.json': members[2].network is not the same as members[0].network, which is called 'mine' too: "
        + "give one of them another name, or give both the same network")
    // By name it has the size and the classes of the images, as data its own.
    let given = try json(of: Network(named: "resnet-20"))
    #expect(message(#""resnet-20""#, given).contains("members[1].network is not the same as"))
  }

  @Test func aMistakeInAFileNamesBoth() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/n.json"
    let prefix = "'e.json': members[0].network does not work: "
    #expect(message("\"\(path)\"").hasPrefix(prefix + "cannot read '\(path)'"))
    for (text, complaint) in [
      ("{", "not valid JSON; "), ("[]", "Dictionary"),
      (Self.json.replacing("\"pool\"", with: "\"conv\""), "layer 'conv': the name is taken"),
      (Self.json.replacing("\"outputs\": 10", with: "\"outputs\": 10, \"outputs\": 9"), "twice"),
    ] {
      try directory.write(Array(text.utf8), to: "n.json")
      let said = message("\"\(path)\"")
      #expect(said.hasPrefix(prefix + "'\(path)' describes no network: "), "\(said)")
      #expect(said.contains(complaint), "\(said)")
    }
  }

  @Test(arguments: ["5", "[]", "true"]) func anythingElseIsOfTheWrongType(value: String) {
    let said = message(value)
    #expect(said.hasPrefix("'e.json': members[0].network must be a network's name, the path of"))
  }

  @Test func aNetworkIsNeeded() {
    #expect(message("null") == "'e.json': the key 'members[0].network' is missing; add it")
  }

  @Test func theDirectoryIsOfOneNetwork() throws {
    let directory = try TemporaryDirectory()
    let run = RunDirectory(path: "\(directory.path)/run")
    let data = DataRecord(
      name: "d", availableImages: 4, trainingImages: 2, holdOutImages: 2, testImages: 2,
      classNames: ["a", "b"], trainingFingerprint: "t", testFingerprint: "u", mean: [0],
      standardDeviation: [1], resizing: nil, interpolation: nil)
    let experiment = try read([Self.json])
    try run.claim(for: experiment, data: data)
    try run.claim(for: experiment, data: data)
    var other = experiment
    other.members = [.init(network: "resnet-20", count: 2)]
    #expect(throws: ExperimentError.self) { try run.claim(for: other, data: data) }
    let given = try Self.network.get()
    let layers = given.layers.enumerated().map { index, layer in
      Layer(
        index == 0 ? "a/b" : layer.name, layer.operation,
        inputs: layer.inputs.map { $0 == "conv" ? "a/b" : $0 })
    }
    let network = try given.replacing(layers: layers)
    other.members = [.init(network: network, count: 2)]
    #expect(throws: SchemaError.self) { try run.claim(for: other, data: data) }
    #expect(try run.experiment() == experiment)
  }
}
