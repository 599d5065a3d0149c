import Foundation
import Networks
import TestSupport
import Testing

@Suite struct CostTests {
  @Test func wideResNet164() throws {
    let run = try Consort(["cost", "wide-resnet-16-4"])
    #expect(run.status == 0)
    #expect(run.errors == "")
    #expect(
      run.output == """
        wide-resnet-16-4, one image of 3 x 32 x 32, 10 classes
          parameters                            2,748,890
          MACs                                392,612,352
          FLOPs (2 x MACs)                    785,224,704
          activation bytes, inference peak        786,432
          activation bytes, kept in training    7,078,952

        """)
  }

  // Counted with torch.utils.flop_counter; see Tests/Networks/NetworksTests.
  @Test(arguments: [
    ("wide-resnet-16-1", 175_066, 26_657_408), ("wide-resnet-16-4", 2_748_890, 392_612_352),
    ("wide-resnet-28-10", 36_479_194, 5_243_328_768),
  ])
  func json(network: String, parameters: Int, macs: Int) throws {
    let answer = try Consort(["cost", network, "--json", "--layers"]).object()
    #expect(answer["network"] as? String == network)
    #expect(answer["parameters"] as? Int == parameters)
    #expect(answer["multiplyAccumulates"] as? Int == macs)
    #expect(answer["floatingPointOperations"] as? Int == 2 * macs)
    let layers = try #require(answer["layers"] as? [[String: Any]])
    #expect(layers.reduce(0) { $0 + ($1["multiplyAccumulates"] as? Int ?? 0) } == macs)
    #expect(layers.reduce(0) { $0 + ($1["parameters"] as? Int ?? 0) } == parameters)
  }

  @Test func sizesAndClassesCount() throws {
    let run = try Consort([
      "cost", "wide-resnet-16-1", "--input-size=64", "--classes", "100", "--json",
    ])
    let answer = try run.object()
    // The convolutions cost four times as much, the head ten times: 64 x 10 to 64 x 100.
    #expect(answer["multiplyAccumulates"] as? Int == 4 * (26_657_408 - 640) + 6400)
    #expect(answer["parameters"] as? Int == 175_066 + 90 * 65)
    #expect(answer["inputChannels"] as? Int == 3)
    #expect(answer["classes"] as? Int == 100)
    #expect(answer["inputHeight"] as? Int == 64 && answer["inputWidth"] as? Int == 64)
  }

  @Test func aTableALayer() throws {
    let lines = try Consort(["cost", "wide-resnet-10-1", "--layers"]).output
      .split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(lines[0] == ["layer", "output", "parameters", "MACs", "bytes"])
    #expect(lines[1] == ["stem", "16", "x", "32", "x", "32", "432", "442,368", "65,536"])
  }

  @Test func aFileIsRead() throws {
    try Consort.withDirectory { directory in
      let path = directory + "/network.json"
      let network = try Network(named: "wide-resnet-16-4", classes: 100)
      try JSONEncoder().encode(network).write(to: URL(filePath: path))
      let answer = try Consort(["cost", path, "--json"]).object()
      let named = try Consort(["cost", "wide-resnet-16-4", "--classes", "100", "--json"]).object()
      #expect(answer as NSDictionary == named as NSDictionary)
      let both = try Consort(["cost", path, "--classes", "10"])
      #expect(both.status == 2)
    }
  }

  @Test(arguments: [
    ("{", "describes no network"), ("[]", "describes no network"),
    (
      #"{"name": "x", "input": {"channels": 3, "height": 8, "width": 8}, "layers": []}"#,
      "no layers"
    ),
    (#"{"name": "x", "layers": []}"#, "input"),
  ])
  func aBadFileIsNamed(text: String, complaint: String) throws {
    try Consort.withDirectory { directory in
      let path = directory + "/network.json"
      try Data(text.utf8).write(to: URL(filePath: path))
      let run = try Consort(["cost", path])
      #expect(run.status == 1)
      #expect(run.output == "")
      #expect(run.errors.hasPrefix("consort: error: '\(path)'"))
      #expect(run.errors.contains(complaint))
      #expect(run.errors.split(separator: "\n").count == 1)
    }
  }

  @Test func mistakesAreNamed() throws {
    let unknown = try Consort(["cost", "nosuch"])
    #expect(unknown.status == 1)
    #expect(unknown.errors.contains("no network is called 'nosuch'"))
    let size = try Consort(["cost", "wide-resnet-16-1", "--input-size", "big"])
    #expect(size.status == 2)
    #expect(
      size.errors == """
        consort: error: --input-size needs a whole number, not 'big'
        usage: see 'consort help cost'

        """)
    #expect(try Consort(["cost", "wide-resnet-16-1", "--input-size", "-1"]).status == 1)
    #expect(try Consort(["cost", "./missing.json"]).errors.contains("No such file or directory"))
  }
}
