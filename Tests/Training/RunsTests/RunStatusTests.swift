import Datasets
import Files
import Foundation
import Networks
import Runs
import Schemas
import Testing

/// How far a run is, read from directories in every state.
@Suite struct RunStatusTests {
  /// A run of three WRN-10-1 and one WRN-16-1, four epochs each, built by hand.
  private struct Run {
    let directory: RunDirectory

    init() throws {
      directory = RunDirectory(
        path: FileManager.default.temporaryDirectory.path + "/status-\(UUID().uuidString)")
      try Directory.create(directory.path)
      var recipe = Recipe(.fast)
      recipe.epochs = 4
      let experiment = Experiment(
        name: "tiny",
        data: DataSelection(
          procedural: ProceduralImages(imageSize: 8, trainCount: 140, testCount: 60), holdOut: 40),
        members: [
          .init(network: "wide-resnet-10-1", count: 3),
          .init(network: "wide-resnet-16-1", count: 1),
        ], recipe: recipe)
      try DurableFile.write(experiment.readableJSON(), to: directory.experimentPath)
    }

    func remove() { try? FileManager.default.removeItem(atPath: directory.path) }

    /// The member's directory, created.
    func member(_ name: String) throws -> MemberDirectory {
      let member = directory.member(name)
      try Directory.create(member.path)
      return member
    }

    func writeProgress(_ name: String, epoch: Int, step: Int, secondsLeft: Double) throws {
      let record = ProgressRecord(
        epoch: epoch, epochs: 4, step: step, stepsPerEpoch: 10, trainingLoss: 1.5,
        holdOutAccuracy: 0.25, imagesPerSecond: 100, secondsLeft: secondsLeft)
      try DurableFile.write(record.readableJSON(), to: member(name).progressPath)
    }

    func writeMetrics(_ name: String, secondsAnEpoch: Double) throws {
      let lines = (1...4).map {
        // Only what the status shows: damage to the rest is no reason to show less.
        #"{"epoch":\#($0),"holdOutAccuracy":0.\#($0),"seconds":\#(secondsAnEpoch)}"#
      }
      try DurableFile.write(lines.joined(separator: "\n") + "\n", to: member(name).metricsPath)
    }
  }

  @Test func aRunThatHasNotBegunWaits() throws {
    let run = try Run()
    defer { run.remove() }
    let status = try RunStatus(of: run.directory)
    #expect(status.members.map(\.state) == [.waiting, .waiting, .waiting, .waiting])
    #expect(!status.isTraining && status.secondsLeft == nil && status.imagesPerSecond == nil)
  }

  @Test func tellsEveryState() throws {
    let run = try Run()
    defer { run.remove() }
    try run.writeMetrics("wide-resnet-10-1-0", secondsAnEpoch: 25)
    let complete = try run.member("wide-resnet-10-1-0")
    let splits = ["hold-out", "test"].map(complete.predictionsPath)
    for path in [complete.networkPath, complete.weightsPath] + splits {
      try DurableFile.write("", to: path)
    }
    try run.writeProgress("wide-resnet-10-1-1", epoch: 3, step: 5, secondsLeft: 30)
    try run.writeProgress("wide-resnet-10-1-2", epoch: 2, step: 0, secondsLeft: 75)
    let failure = FailureRecord(reason: "the loss is not finite", epoch: 2, step: 3)
    try DurableFile.write(
      failure.readableJSON(), to: run.member("wide-resnet-16-1-0").failurePath)
    var lock = try DirectoryLock(ifFree: run.member("wide-resnet-10-1-1").path)
    #expect(lock != nil)
    let status = try RunStatus(of: run.directory)
    lock = nil
    #expect(status.members.map(\.state) == [.complete, .running, .stopped, .failed])
    #expect(status.members.map(\.doneShare) == [1, 0.625, 0.25, 0])
    // A whole training took 100 s, or takes 30 s / (1 - 0.625) = 80 s: 90 s, of which three quarters are left.
    #expect(status.members.map(\.secondsLeft) == [0, 30, 67.5, nil])
    #expect(status.secondsLeft == 97.5)
    #expect(status.isTraining && status.imagesPerSecond == 100)
    #expect(status.members[0].holdOutAccuracy == 0.4)
    #expect(status.members[3].reason == "the loss is not finite")
    #expect(try !RunStatus(of: run.directory).isTraining)
  }

  @Test func estimatesByMultiplyAccumulatesWhereNothingElseIsKnown() throws {
    func member(_ network: String, _ state: MemberState, left: Double? = nil) -> TimeEstimate.Member
    {
      TimeEstimate.Member(network: network, state: state, doneShare: 0.5, ownSecondsLeft: left)
    }
    var waiting = member("wide-resnet-16-2", .waiting)
    waiting.doneShare = 0
    let names = ["wide-resnet-16-1", "wide-resnet-16-2"]
    let estimate = TimeEstimate(
      [member(names[0], .running, left: 10), waiting, waiting], costs: NetworkCosts(of: names))
    // 20 s for 26,657,408 multiply-accumulates, so 75.86 s for 101,106,944, one after another.
    let each = 20.0 * 101_106_944 / 26_657_408
    #expect(estimate.memberSecondsLeft[0] == 10)
    #expect(abs((estimate.memberSecondsLeft[1] ?? 0) - each) < 1e-9)
    #expect(abs((estimate.secondsLeft ?? 0) - (10 + 2 * each)) < 1e-9)
    #expect(estimate.membersAtOnce == 1)
  }

  @Test func theCostsOfGivenNetworksAreTheirOwn() throws {
    let network = try Network(named: "wide-resnet-10-2").replacing(name: "mine")
    let experiment = Experiment(
      name: "e", data: DataSelection(holdOut: 0),
      members: [.init(network: "wide-resnet-10-1", count: 1), .init(network: network, count: 1)],
      recipe: Recipe(.fast))
    let estimate = TimeEstimate(
      [
        .init(network: "wide-resnet-10-1", state: .running, doneShare: 0.5, ownSecondsLeft: 10),
        .init(network: "mine", state: .waiting),
      ], costs: NetworkCosts(ofMembers: experiment.allMembers))
    let ratio =
      try Double(network.cost.multiplyAccumulates)
      / Double(Network(named: "wide-resnet-10-1").cost.multiplyAccumulates)
    #expect(abs((estimate.memberSecondsLeft[1] ?? 0) - 20 * ratio) < 1e-9)
  }

  @Test func followersTakeTheNextFreePlace() {
    func member(_ state: MemberState, left: Double? = nil) -> TimeEstimate.Member {
      TimeEstimate.Member(
        network: "wide-resnet-10-1", state: state, doneShare: state == .running ? 0.5 : 0,
        ownSecondsLeft: left)
    }
    let estimate = TimeEstimate(
      [member(.running, left: 10), member(.running, left: 30), member(.waiting), member(.waiting)],
      costs: NetworkCosts(of: ["wide-resnet-10-1"]))
    // Whole trainings take 40 s on average: from 10 to 50, and from 30 to 70.
    #expect(estimate.secondsLeft == 70 && estimate.membersAtOnce == 2)
  }

  @Test func estimatesInProportionToTheImages() {
    let members: [TimeEstimate.Member] = [
      .init(network: "a", state: .complete, doneShare: 1, secondsByEpochs: 10, images: 1000),
      .init(network: "a", state: .running, doneShare: 0.5, ownSecondsLeft: 15, images: 3000),
      .init(network: "a", state: .waiting, images: 5000),
    ]
    // An image took 0.01 s in both: 5,000 take 50 s after the 15 that are left.
    #expect(TimeEstimate(members, costs: NetworkCosts(of: [])).secondsLeft == 65)
  }

  @Test func whatIsNoRunIsNamed() {
    #expect(throws: ExperimentError.notARun(directory: "/nowhere")) {
      try RunStatus(of: RunDirectory(path: "/nowhere"))
    }
  }
}
