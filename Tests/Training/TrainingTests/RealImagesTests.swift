import Datasets
import Ensembles
import Foundation
import Predictions
import Runs
import Synchronization
import TestSupport
import Testing
import Training

/// Two tiny members on a few hundred real CIFAR-10 images in JPEG.
///
/// The archive holds train/CLASS/*.jpg and test/CLASS/*.jpg; it is looked for where CONSORT_CIFAR10_JPEG says, or in
/// shared/data beside the checkout.
@Suite struct RealImagesTests {
  private static let archive: String? = {
    let beside = checkout.deletingLastPathComponent()
      .appendingPathComponent("shared/data/cifar10-jpeg.tar.xz").path
    let path = ProcessInfo.processInfo.environment["CONSORT_CIFAR10_JPEG"] ?? beside
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }()

  /// Takes the first images of each class out of the archive, as they come.
  private static let unpacking = """
    import os, sys, tarfile
    archive, target, wanted = sys.argv[1], sys.argv[2], {"train": 40, "test": 20}
    taken = {}
    with tarfile.open(archive, "r:xz") as tar:
        for member in tar:
            parts = member.name.split("/")
            if len(parts) != 3 or not member.isfile() or not parts[2].endswith(".jpg"):
                continue
            key = (parts[0], parts[1])
            if taken.get(key, 0) >= wanted.get(parts[0], 0):
                continue
            taken[key] = taken.get(key, 0) + 1
            os.makedirs(os.path.join(target, *key), exist_ok=True)
            with open(os.path.join(target, *parts), "wb") as file:
                file.write(tar.extractfile(member).read())
    """

  private static func unpack(_ archive: String, into target: String) throws {
    let unpacked = try Consort(
      ["python3", "-c", unpacking, archive, target], program: "/usr/bin/env")
    try #require(unpacked.status == 0, "\(unpacked.errors)")
  }

  @Test(
    .enabled(
      if: archive != nil, "skipped: no cifar10-jpeg.tar.xz at hand (CONSORT_CIFAR10_JPEG names it)")
  )
  func twoTinyMembersLearn() throws {
    let root = FileManager.default.temporaryDirectory.path + "/real-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: root) }
    try Self.unpack(#require(Self.archive), into: "\(root)/images")
    let dataset = try ImageDataset.load(
      directory: "\(root)/images", cacheDirectory: "\(root)/cache")
    #expect(dataset.train.count == 400 && dataset.test.count == 200)
    #expect(dataset.train.classNames.count == 10)
    var recipe = Recipe(.fast)
    (recipe.epochs, recipe.batchSize) = (3, 32)
    let experiment = Experiment(
      name: "real", data: DataSelection(holdOut: 50),
      members: [.init(network: "wide-resnet-10-1", count: 2)], recipe: recipe)
    let directory = RunDirectory(path: "\(root)/run")
    let losses = Mutex<[Int: [Double]]>([:])
    let run = try TrainingRun(of: experiment, on: .resident(dataset), in: directory, threads: 1)
    let outcome = try run.run(observe: { event in
      if case .epochFinished(let member, let metrics, _) = event {
        losses.withLock { $0[member.index, default: []].append(metrics.trainingLoss) }
      }
    })
    #expect(outcome == .complete)
    for member in 0..<2 {
      let loss = try #require(losses.withLock { $0[member] })
      #expect(loss.count == 3 && loss[2] < loss[0])
    }
    let predictions = try experiment.allMembers.map {
      try Predictions(path: directory.member($0.name).predictionsPath(split: "test"))
    }
    let together = try Metrics(of: predictions, rule: .geometricMean)
    // Chance is 0.1 with a standard deviation of 0.02 on 200 images.
    #expect(together.top1Accuracy > 0.15)
  }
}
