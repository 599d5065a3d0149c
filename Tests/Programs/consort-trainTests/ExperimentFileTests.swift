import Foundation
import TestSupport
import Testing

/// Experiments that cannot be run, in a directory that holds a finished run of that name.
@Suite struct ExperimentFileTests {
  struct Mistake: CustomTestStringConvertible, Sendable {
    let testDescription: String
    var json: String? = TinyExperiment.json()
    var arguments: [String] = []
    var status: Int32 = 1
    let pieces: [String]
  }

  static let mistakes = [
    Mistake(
      testDescription: "missing", json: nil,
      pieces: ["'tiny.json'", "No such file", "name an experiment, or a search plan"]),
    Mistake(
      testDescription: "not JSON", json: #"{"name": "tiny","#,
      pieces: ["'tiny.json' is not JSON", "python3 -m json.tool tiny.json"]),
    Mistake(
      testDescription: "unknown key",
      json: TinyExperiment.json().replacing("batchSize", with: "batch"),
      pieces: ["'tiny.json': unknown key 'recipe.batch'", "did you mean", "batchSize"]),
    Mistake(
      testDescription: "wrong type",
      json: TinyExperiment.json().replacing("\"seed\": 5", with: "\"seed\": \"five\""),
      pieces: ["'tiny.json': seed must be a whole number, but is the text"]),
    Mistake(
      testDescription: "unknown network",
      json: TinyExperiment.json().replacing("wide-resnet-10-1", with: "wide-resnet-11-1"),
      pieces: ["'tiny.json': members[0].network", "wide-resnet-11-1"]),
    Mistake(
      testDescription: "a network file that is not there",
      json: TinyExperiment.json().replacing("wide-resnet-10-1", with: "mine.json"),
      pieces: ["'tiny.json': members[0].network", "cannot read 'mine.json'", "No such file"]),
    Mistake(
      testDescription: "a network of other classes",
      json: TinyExperiment.json().replacing(
        "\"wide-resnet-10-1\"",
        with: """
          {"name": "mine", "input": {"channels": 3, "height": 8, "width": 8}, "layers":
          [{"name": "pool", "inputs": ["input"], "operation": {"globalAveragePool": {}}},
          {"name": "head", "inputs": ["pool"], "operation": {"linear": {"outputs": 4}}}]}
          """),
      pieces: [
        "'tiny.json' does not fit the images: network 'mine'", "4 classes, the images 10",
        "give its last layer 10 outputs",
      ]),
    Mistake(
      testDescription: "hold-out larger than the data",
      json: TinyExperiment.json().replacing("\"holdOut\": 40", with: "\"holdOut\": 140"),
      pieces: ["'tiny.json'", "hold-out of 140", "the data has 140", "lower data.holdOut"]),
    Mistake(
      testDescription: "needs data", json: TinyExperiment.json(data: #"{"holdOut": 40}"#),
      status: 2,
      pieces: ["'tiny.json' needs images: --data DIR"]),
    Mistake(
      testDescription: "needs no data", arguments: ["--data", "."], status: 2,
      pieces: ["'tiny.json' draws its own images: leave --data out"]),
    Mistake(
      testDescription: "no such directory", json: TinyExperiment.json(data: #"{"holdOut": 40}"#),
      arguments: ["--data", "nosuch"],
      pieces: ["no directory 'nosuch'", "give the directory that holds the data"]),
    Mistake(
      testDescription: "no such member", arguments: ["--out", "new", "--members", "ada"], status: 2,
      pieces: ["the experiment has no 'ada'; it has wide-resnet-10-1-0, wide-resnet-10-1-1"]),
    Mistake(
      testDescription: "no threads", arguments: ["--out", "new", "--threads", "0"], status: 2,
      pieces: ["--threads needs 1 to 1024"]),
    Mistake(
      testDescription: "no such device", arguments: ["--out", "new", "--devices", "gpu"], status: 2,
      pieces: ["--devices takes cpu, cuda, or GPUs such as cuda:0,cuda:1, each once, not 'gpu'"]),
  ]

  @Test(arguments: mistakes) func isRefusedAndLeavesEverything(mistake: Mistake) throws {
    try Consort.withDirectory { directory in
      try TinyExperiment.finishedRun().write(to: "\(directory)/runs/tiny")
      if let json = mistake.json { try TinyExperiment.write(json, in: directory) }
      try expectFailure(in: directory, status: mistake.status, mistake.pieces) {
        try TinyExperiment.train(mistake.arguments, in: directory)
      }
    }
  }
}
