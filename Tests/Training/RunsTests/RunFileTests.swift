import Testing

@testable import Runs

/// The names under which what a run has written is found again, by later versions too.
@Suite struct RunFileTests {
  @Test func namesStayAsTheyAre() {
    let run = RunDirectory(path: "runs/a")
    #expect(run.experimentPath == "runs/a/experiment.json")
    #expect(run.environmentPath == "runs/a/environment.json" && run.dataPath == "runs/a/data.json")
    let member = run.member("m-0")
    #expect(member.path == "runs/a/members/m-0")
    let names = [
      member.networkPath, member.descriptionPath, member.metricsPath, member.weightsPath,
      member.predictionsPath(split: "hold-out"),
    ]
    #expect(
      names.map { $0.dropFirst("runs/a/members/m-0/".count) } == [
        "network.json", "member.json", "metrics.jsonl", "weights.safetensors",
        "predictions-hold-out.safetensors",
      ])
    #expect(
      [RunFile.progress, .failure, .plan, .latencies, .evaluations, .found, .finalistLatencies]
        .map(\.rawValue) == [
          "progress.json", "failure.json", "search.json", "latencies.json", "evaluations.jsonl",
          "found.json", "finalists-latencies.json",
        ])
  }

  @Test(arguments: [
    (0, "checkpoint-00000000.safetensors"), (1234, "checkpoint-00001234.safetensors"),
    (123_456_789, "checkpoint-123456789.safetensors"),
  ])
  func checkpointsAreNamedAfterTheirStep(step: Int, name: String) {
    #expect(RunFile.checkpoint(step: step) == name)
    #expect(RunFile.step(ofCheckpoint: name) == step)
  }

  @Test(arguments: [
    (1, "epochs.jsonl"), (2, "epochs.000002.jsonl"), (1_234_567, "epochs.1234567.jsonl"),
  ])
  func linesSoFarAreNamedAfterTheirLease(token: Int, name: String) {
    #expect(RunFile.epochs(token: token) == name)
    #expect(RunFile.token(ofEpochs: name) == token)
    #expect(RunFile.token(ofEpochs: name + ".12-3.partial") == nil)
    #expect(RunFile.token(ofEpochs: "metrics.jsonl") == nil)
  }

  @Test(arguments: [
    "checkpoint-1.safetensors.12-3.partial", "checkpoint-.safetensors", "weights.safetensors",
    "checkpoint-1.json", "",
  ])
  func otherFilesAreNoCheckpoints(name: String) {
    #expect(RunFile.step(ofCheckpoint: name) == nil)
  }

  @Test func aFileThatIsBeingWrittenIsKnownByItsName() {
    #expect(RunFile.experiment.isBeingWritten(as: "experiment.json.12-3.partial"))
    for name in ["experiment.json", "data.json.12-3.partial", "experiment.json.12-3"] {
      #expect(!RunFile.experiment.isBeingWritten(as: name))
    }
  }
}
