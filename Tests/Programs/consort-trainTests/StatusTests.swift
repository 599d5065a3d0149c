import Foundation
import TestSupport
import Testing

/// `consort status` beside a training, after it, and where there is none.
@Suite struct StatusTests {
  private func status(_ arguments: [String] = [], in directory: String) throws -> Consort {
    try Consort(["status", "runs/tiny"] + arguments, directory: directory)
  }

  @Test func showsARunWhileItIsTrainedAndAfterwards() throws {
    try Consort.withDirectory { directory in
      try TinyExperiment.write(TinyExperiment.json(epochs: TinyExperiment.many), in: directory)
      let training = try TinyExperiment.start(in: directory)
      #expect(training.wait { $0.output.contains("epoch 4/") })
      try training.sendToTrainer(SIGSTOP)
      let during = try status(in: directory)
      let json = try status(["--json"], in: directory).object()
      try training.sendToTrainer(SIGCONT)
      training.send(SIGINT)
      #expect(try training.finish().status == 85)
      #expect(during.status == 0 && during.errors == "")
      let lines = during.output.split(separator: "\n")
      #expect(lines[0].hasPrefix("0 of 2 members complete, 1 running, 1 waiting; about "))
      #expect(lines[2].hasPrefix("wide-resnet-10-1-0  running"))
      #expect(lines.allSatisfy { $0.count <= 80 })
      #expect(json["isTraining"] as? Bool == true)
      let members = try #require(json["members"] as? [[String: Any]])
      #expect(members.map { $0["state"] as? String } == ["running", "waiting"])

      let stopped = try status(in: directory).output
      #expect(stopped.hasPrefix("0 of 2 members complete, 1 stopped, 1 waiting; about "))
      #expect(
        stopped.hasSuffix(
          "go on with: consort \(TinyExperiment.command.joined(separator: " "))\n"))
      #expect(try TinyExperiment.train(in: directory).status == 0)
      let complete = try status(in: directory).output.split(separator: "\n")
      #expect(complete[0] == "2 of 2 members complete")
      #expect(complete[2].hasPrefix("wide-resnet-10-1-0  complete  30/30  100 %"))
    }
  }

  @Test func saysWhatIsNoRun() throws {
    try Consort.withDirectory { directory in
      let run = try status(in: directory)
      #expect(run.status == 1 && run.output == "")
      #expect(
        run.errors == """
          consort: error: 'runs/tiny' is not a run directory: there is no such directory; \
          name one that `consort train` wrote, such as runs/NAME

          """)
      #expect(try status(["--watch", "--json"], in: directory).status != 0)
    }
  }
}
