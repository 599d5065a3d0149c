import Foundation
import TestSupport
import Testing

@testable import Datasets

extension CIFARLayout {
  /// The same layout with fewer images a file, so that a test can write them.
  fileprivate func withImages(train: Int, test: Int) -> CIFARLayout {
    CIFARLayout(
      name: name, usualDirectory: usualDirectory, trainFiles: trainFiles, testFiles: testFiles,
      imagesPerTrainFile: train, imagesPerTestFile: test, labelBytes: labelBytes,
      classNamesFile: classNamesFile, usualClassNames: usualClassNames, mean: mean,
      standardDeviation: standardDeviation)
  }
}

@Suite struct CIFARTests {
  private let directory: TemporaryDirectory
  private let small10 = CIFARLayout.cifar10.withImages(train: 3, test: 2)
  private let small100 = CIFARLayout.cifar100.withImages(train: 4, test: 2)

  init() throws { directory = try TemporaryDirectory() }

  /// Pixel bytes that differ from record to record and from place to place.
  private func pixels(_ record: Int) -> [UInt8] {
    (0..<3072).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ record &* 31 &+ ($0 >> 8)) }
  }

  private func writeCIFAR10(in folder: String = "") throws {
    for file in 0..<6 {
      let count = file < 5 ? 3 : 2
      let records = (0..<count).flatMap { record in
        let index = 3 * file + record
        return [UInt8(index % 10)] + pixels(index)
      }
      let name = file < 5 ? "data_batch_\(file + 1).bin" : "test_batch.bin"
      try directory.write(records, to: "\(folder)/\(name)")
    }
  }

  private func writeCIFAR100() throws {
    for (name, count, start) in [("train.bin", 4, 0), ("test.bin", 2, 4)] {
      let records = (start..<start + count).flatMap { [UInt8($0), UInt8(99 - $0)] + pixels($0) }
      try directory.write(records, to: name)
    }
  }

  private func expectError(
    _ expected: DatasetError, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws -> ImageDataset
  ) {
    #expect(throws: expected, sourceLocation: sourceLocation) { _ = try body() }
  }

  @Test func readsCIFAR10() throws {
    try writeCIFAR10()
    try directory.write(Array("a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n\n".utf8), to: "batches.meta.txt")
    let data = try small10.load(from: directory.path)
    #expect(data.name == "cifar10")
    #expect(data.train.count == 15 && data.test.count == 2)
    #expect(data.train.labels == (0..<15).map { Int64($0 % 10) })
    #expect(data.test.labels == [5, 6])
    #expect(data.train.classNames == "abcdefghij".map { String($0) })
    #expect(data.train.bytes.withBytes { Array($0) } == (0..<15).flatMap(pixels))
    #expect(data.test.bytes.withBytes { Array($0) } == (15..<17).flatMap(pixels))
    #expect(data.mean == [125.3, 123.0, 113.9] && data.standardDeviation == [63.0, 62.1, 66.7])
    // hashlib.sha256 in Python over the same bytes.
    #expect(
      data.test.fingerprint == "2f4301eb59ad639e5874986b59e847f36b9d2e58ade822d7637bd5293cfcd6e2")
  }

  @Test func readsCIFAR100ByItsFineLabels() throws {
    try writeCIFAR100()
    let data = try small100.load(from: directory.path)
    #expect(data.name == "cifar100")
    #expect(data.train.labels == [99, 98, 97, 96])
    #expect(data.test.labels == [95, 94])
    #expect(data.train.classNames.count == 100)
    #expect(data.test.bytes.withBytes { Array($0) } == (4..<6).flatMap(pixels))
  }

  @Test func aMissingFileIsNamed() throws {
    try writeCIFAR10()
    let path = "\(directory.path)/data_batch_3.bin"
    #expect(unlink(path) == 0)
    expectError(.missingFile(path: path, dataset: "cifar10")) {
      try ImageDataset.load(directory: directory.path)
    }
  }

  @Test(arguments: [3 * 3073 - 1, 2 * 3073, 3 * 3073 + 1, 4 * 3073, 0])
  func truncatedAndResizedFilesAreErrors(count: Int) throws {
    try writeCIFAR10()
    let path = try directory.write(
      [UInt8](repeating: 0, count: count), to: "data_batch_2.bin")
    expectError(
      .wrongFileSize(path: path, bytes: count, expectedBytes: 3 * 3073, recordBytes: 3073)
    ) { try small10.load(from: directory.path) }
  }

  @Test func filesOfOtherThanThePublishedLengthAreErrors() throws {
    try writeCIFAR10(in: "cifar-10-batches-bin")
    expectError(
      .wrongFileSize(
        path: "\(directory.path)/cifar-10-batches-bin/data_batch_1.bin", bytes: 3 * 3073,
        expectedBytes: 30_730_000, recordBytes: 3073)
    ) { try ImageDataset.load(directory: directory.path) }
  }

  @Test func labelsOutOfRangeAreErrorsWithTheirPlace() throws {
    try writeCIFAR10()
    let path = try directory.write(
      (0..<3).flatMap { [UInt8($0 == 2 ? 10 : 0)] + pixels($0) }, to: "data_batch_4.bin")
    expectError(
      .labelOutOfRange(
        path: path, record: 2, byte: 2 * 3073, label: 10, classCount: 10, labelName: "label")
    ) { try small10.load(from: directory.path) }
  }

  @Test func bothLabelsOfCIFAR100AreChecked() throws {
    for (labels, place, label, classes, name) in [
      ([20, 0] as [UInt8], 0, 20, 20, "coarse label"), ([19, 100], 1, 100, 100, "fine label"),
    ] {
      try writeCIFAR100()
      let path = try directory.write([0, 0] + pixels(0) + labels + pixels(1), to: "test.bin")
      expectError(
        .labelOutOfRange(
          path: path, record: 1, byte: 3074 + place, label: label, classCount: classes,
          labelName: name)
      ) { try small100.load(from: directory.path) }
    }
  }

  @Test func classNamesThatDoNotFitAreErrors() throws {
    try writeCIFAR10()
    let path = try directory.write(Array("cat\ndog\ncat\n".utf8), to: "batches.meta.txt")
    expectError(.wrongClassNames(path: path, count: 2, expectedCount: 10)) {
      try small10.load(from: directory.path)
    }
  }

  @Test func directoriesWithoutOneDatasetAreErrors() throws {
    let path = directory.path
    expectError(.noDirectory(directory: "\(path)/none")) {
      try ImageDataset.load(directory: "\(path)/none")
    }
    expectError(.unknownFormat(directory: path)) { try ImageDataset.load(directory: path) }
    try writeCIFAR10(in: "cifar-10-batches-bin")
    expectError(
      .imageSizeNotApplicable(directory: "\(path)/cifar-10-batches-bin", imageSize: 64)
    ) { try ImageDataset.load(directory: path, imageSize: 64) }
    try writeCIFAR100()
    expectError(
      .severalDatasets(directory: path, places: ["\(path)/cifar-10-batches-bin", path])
    ) { try ImageDataset.load(directory: path) }
  }
}
