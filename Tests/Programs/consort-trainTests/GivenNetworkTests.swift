import Foundation
import TestSupport
import Testing

/// A network in a file of its own, from its training to its deployment.
@Suite struct GivenNetworkTests {
  private func consort(
    _ arguments: [String], in directory: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Consort {
    let run = try Consort(
      arguments, environment: ["XDG_CACHE_HOME": "\(directory)/cache"], directory: directory)
    #expect(run.status == 0, "\(run.errors)", sourceLocation: sourceLocation)
    return run
  }

  @Test func isTrainedJudgedAndExported() throws {
    try Consort.withDirectory { directory in
      // What the training of the named network left behind, under another name.
      let whole = try TinyExperiment.finishedRun()
      let file = try #require(
        whole.contents["members/wide-resnet-10-1-0/network.json"].flatMap { $0 })
      let network = String(decoding: file, as: UTF8.self)
        .replacing("\"wide-resnet-10-1\"", with: "\"mine\"")
      try Data(network.utf8).write(to: URL(filePath: "\(directory)/mine.json"))
      let experiment = TinyExperiment.json(epochs: TinyExperiment.many)
        .replacing("wide-resnet-10-1", with: "mine.json")
      try TinyExperiment.write(experiment, in: directory)
      let training = try TinyExperiment.start(in: directory)
      #expect(training.wait { $0.output.contains("epoch 4/") })
      try training.sendToTrainer(SIGKILL)
      #expect(try training.finish().wasKilled)
      let status = try consort(["status", "runs/tiny"], in: directory).output
      #expect(status.hasPrefix("0 of 2 members complete, 1 stopped, 1 waiting; about "))
      #expect(status.contains("mine-0"))
      #expect(try TinyExperiment.train(in: directory).status == 0)
      let frontier = try consort(["frontier", "runs/tiny"], in: directory).output
      #expect(frontier.contains("mine"))
      _ = try consort(
        ["export", "runs/tiny", "--format", "onnx", "--out", "models"], in: directory)
      _ = try consort(["predict", "runs/tiny"], in: directory)
      // The run holds the network itself: what becomes of the file does not matter to it.
      try Data().write(to: URL(filePath: "\(directory)/mine.json"))
      #expect(try consort(["status", "runs/tiny"], in: directory).output.hasPrefix("2 of 2"))
    }
  }
}
