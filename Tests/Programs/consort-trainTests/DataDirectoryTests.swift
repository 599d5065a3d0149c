import Foundation
import TestSupport
import Testing

/// Images in directories: from the command line to the end of the training, and what is refused.
@Suite struct DataDirectoryTests {
  private static let images = checkout.appendingPathComponent("Tests/Data/DatasetsTests/Fixtures")

  /// Two classes, with four images of them for training and two for the test.
  private func writeFolders(in directory: String, first: String = "rgb.png") throws {
    let files = FileManager.default
    for (split, count) in [("train", 2), ("test", 1)] {
      for (label, image) in [("ada", first), ("bob", "full.jpeg")] {
        let folder = URL(filePath: "\(directory)/\(split)/\(label)")
        try files.createDirectory(at: folder, withIntermediateDirectories: true)
        for number in 0..<count {
          let suffix = image.split(separator: ".")[1]
          try files.copyItem(
            at: Self.images.appendingPathComponent(image),
            to: folder.appendingPathComponent("\(number).\(suffix)"))
        }
      }
    }
  }

  private func writeExperiment(in directory: String, data: String) throws {
    try TinyExperiment.write(TinyExperiment.json(epochs: 1, count: 1, data: data), in: directory)
  }

  @Test func classFoldersAreTrainedOnAndOtherImagesAreRefused() throws {
    try Consort.withDirectory { directory in
      try writeFolders(in: "\(directory)/pictures")
      try writeFolders(in: "\(directory)/others", first: "grey.png")
      try writeExperiment(in: directory, data: #"{"imageSize": 8, "holdOut": 1}"#)
      let run = try TinyExperiment.train(["--data", "pictures"], in: directory)
      #expect(run.status == 0)
      #expect(run.output.hasSuffix("next: consort report runs/tiny\n"))
      let before = try FileTree("\(directory)/runs")
      let other = try TinyExperiment.train(["--data", "others"], in: directory)
      #expect(other.status == 1)
      #expect(
        other.errors.split(separator: "\n").last
          == "consort: error: 'runs/tiny' was made with other images than these: give the same --data, or another --out"
      )
      #expect(try FileTree("\(directory)/runs") == before)
    }
  }

  @Test func anUnreadableImageIsNamed() throws {
    try Consort.withDirectory { directory in
      try writeFolders(in: "\(directory)/pictures")
      let image = URL(filePath: "\(directory)/pictures/train/ada/1.png")
      try Data(contentsOf: image).prefix(40).write(to: image)
      try writeExperiment(in: directory, data: #"{"imageSize": 8, "holdOut": 1}"#)
      try expectFailure(
        in: directory,
        ["'pictures/train/ada/1.png'", "cannot be decoded", "replace it or remove it"]
      ) { try TinyExperiment.train(["--data", "pictures"], in: directory) }
    }
  }

  @Test func truncatedCIFARIsNamed() throws {
    try Consort.withDirectory { directory in
      let names = (1...5).map { "data_batch_\($0).bin" } + ["test_batch.bin", "batches.meta.txt"]
      try FileManager.default.createDirectory(
        atPath: "\(directory)/cifar", withIntermediateDirectories: true)
      for name in names {
        try Data(count: 4000).write(to: URL(filePath: "\(directory)/cifar/\(name)"))
      }
      try FileManager.default.removeItem(atPath: "\(directory)/cifar/batches.meta.txt")
      try writeExperiment(in: directory, data: #"{"holdOut": 1}"#)
      try expectFailure(
        in: directory, ["'cifar/data_batch_1.bin' has 4000 bytes", "unpack the archive again"]
      ) { try TinyExperiment.train(["--data", "cifar"], in: directory) }
    }
  }
}
