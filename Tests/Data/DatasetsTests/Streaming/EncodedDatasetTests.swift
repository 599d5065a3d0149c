import Files
import Foundation
import Randomness
import TestSupport
import Testing

@testable import Datasets

@Suite struct EncodedDatasetTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func load() throws -> EncodedDataset {
    try EncodedDataset.load(directory: directory.path)
  }

  private func expectError(
    _ expected: DatasetError, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(throws: expected, sourceLocation: sourceLocation) { _ = try load() }
  }

  /// Writes a shard of files with given contents.
  @discardableResult
  private func writeShard(_ name: String, _ files: [(String, [UInt8])]) throws -> String {
    var archive = Archive()
    for (file, bytes) in files { archive.add(file, bytes) }
    return try directory.write(archive.finished, to: name)
  }

  private func content(_ split: EncodedSplit) throws -> [[UInt8]] {
    try split.labels.indices.map { index in try split.withBytes(of: index) { Array($0) } }
  }

  private func writeFolders(test: String) throws {
    for (name, byte) in ["train/cat/b.png": 1, "train/cat/a.JPEG": 2, "train/dog/1.jpg": 3] {
      try directory.write([UInt8(byte)], to: name)
    }
    try directory.write([4], to: "\(test)/cat/x.png")
    try directory.write([5, 5], to: "\(test)/dog/y.png")
  }

  // MARK: Folders

  @Test(arguments: ["test", "val"])
  func foldersAreListedByClassThenName(test: String) throws {
    try writeFolders(test: test)
    var messages: [String] = []
    let data = try EncodedDataset.load(directory: directory.path) { messages.append($0) }
    #expect(messages == ["found 3 images to train on", "found 2 images to test on"])
    #expect(data.train.classNames == ["cat", "dog"] && data.test.classNames == ["cat", "dog"])
    #expect(data.train.labels == [0, 0, 1] && data.test.labels == [0, 1])
    #expect(try content(data.train) == [[2], [1], [3]])
    #expect(try content(data.test) == [[4], [5, 5]])
    #expect(data.train.name == "train" && data.test.name == "test")
    #expect(data.train.name(of: 1) == "\(directory.path)/train/cat/b.png")
    #expect(data.name.hasPrefix("images "))
    #expect(EncodedDataset.isPresent(in: directory.path))
    let alone = try EncodedSplit.load(directory: directory.path)
    #expect(alone.fingerprint == data.test.fingerprint)
    let below = try EncodedSplit.load(directory: "\(directory.path)/\(test)")
    #expect(below.fingerprint == data.test.fingerprint)
  }

  @Test func classFoldersOfTheResidentKindMayBeCalledVal() throws {
    for (name, fixture) in ["train/cat/1.png": "rgb.png", "val/cat/2.png": "palette.png"] {
      try directory.write(Fixture.bytes(fixture), to: name)
    }
    let cache = try TemporaryDirectory()
    let data = try ImageDataset.load(directory: directory.path, cacheDirectory: cache.path)
    #expect(data.train.count == 1 && data.test.count == 1)
    try directory.write(Fixture.bytes("rgb.png"), to: "test/cat/2.png")
    let paths = ["\(directory.path)/test", "\(directory.path)/val"]
    #expect(throws: DatasetError.severalTestSplits(paths: paths)) {
      _ = try ImageDataset.load(directory: directory.path, cacheDirectory: cache.path)
    }
    expectError(.severalTestSplits(paths: paths))
  }

  @Test func theFingerprintTellsListingsApart() throws {
    try writeFolders(test: "val")
    let first = try load().train.fingerprint
    #expect(try load().train.fingerprint == first)
    try directory.write([9, 9], to: "train/dog/1.jpg")
    let second = try load().train.fingerprint
    try directory.write([9, 9], to: "train/dog/2.jpg")
    let third = try load().train.fingerprint
    #expect(Set([first, second, third]).count == 3)
  }

  @Test func missingAndStrangeThingsAreErrors() throws {
    let path = directory.path
    expectError(.noImages(directory: path))
    #expect(!EncodedDataset.isPresent(in: path))
    try directory.write([1], to: "train/cat/1.jpg")
    expectError(.missingSplit(path: "\(path)/test"))
    #expect(throws: DatasetError.missingSplit(path: "\(path)/test")) {
      _ = try EncodedSplit.load(directory: path)
    }
    try directory.write([1], to: "val/emu/1.jpg")
    expectError(.classInOneSplit(present: "\(path)/val/emu", missing: "\(path)/train/emu"))
    try FileManager.default.removeItem(atPath: "\(path)/val/emu")
    try directory.write([1], to: "val/cat/note.txt")
    expectError(.noImages(directory: "\(path)/val"))
    try directory.write([1], to: "val/cat/1.jpg")
    let note = Note(source: "\(path)/val", text: "passed over, as no images: 'cat/note.txt'")
    #expect(try load().test.notes == [note])
    try directory.write([1], to: "val/cat/more/1.jpg")
    expectError(.nestedFolder(path: "\(path)/val/cat/more", className: "cat"))
    #expect(throws: DatasetError.noDirectory(directory: "\(path)/none")) {
      _ = try EncodedSplit.load(directory: "\(path)/none")
    }
  }

  @Test func labelsFollowTheClassesOfATrainedNetwork() throws {
    try writeFolders(test: "val")
    let classes = ["ant", "dog", "bee", "cat"]
    let split = try EncodedSplit.load(directory: directory.path, classNames: classes)
    #expect(split.labels == [3, 1] && split.classNames == classes)
    #expect(
      throws: DatasetError.unknownClass(
        path: "\(directory.path)/val/dog/y.png", className: "dog", classCount: 1)
    ) { _ = try EncodedSplit.load(directory: directory.path, classNames: ["cat"]) }
  }

  // MARK: Shards

  private func writeKeyedShards() throws {
    try writeShard(
      "train-000000.tar",
      [
        ("b.jpg", [1]), ("b.cls", Array("2\n".utf8)), ("a.cls", Array(" 0".utf8)),
        ("a.JPEG", [2, 2]), ("a.json", Array("{}".utf8)), ("._a.jpg", [0]),
      ])
    try writeShard("train-000001.tar", [("a.png", [3]), ("a.cls", [UInt8(ascii: "1")])])
    try writeShard(
      "val-000000.tar", [("x/1.mask.png", [0]), ("x/1.jpg", [4]), ("x/1.cls", Array("1".utf8))])
  }

  @Test func keysAndLabelsInShards() throws {
    try writeKeyedShards()
    let data = try load()
    #expect(data.train.labels == [2, 0, 1] && data.test.labels == [1])
    #expect(data.train.classNames == ["0", "1", "2"] && data.test.classNames == ["0", "1", "2"])
    #expect(try content(data.train) == [[1], [2, 2], [3]])
    #expect(data.train.name(of: 2) == "\(directory.path)/train-000001.tar/a.png")
    try directory.write(Array("cat\r\ndog\r\nemu\r\n".utf8), to: "classes.txt")
    #expect(try load().train.classNames == ["cat", "dog", "emu"])
    try directory.write(Array("cat\ndog".utf8), to: "classes.txt")
    expectError(
      .invalidShard(
        path: "\(directory.path)/train-000000.tar", entry: "b.jpg",
        problem: .labelOutOfRange(label: 2, classCount: 2)))
    // Names that stand twice do no harm to images that are labelled by numbers.
    try directory.write(Array("\u{FEFF}cat\ncat \nemu\n\n".utf8), to: "classes.txt")
    #expect(try load().train.classNames == ["cat", "cat", "emu"])
    for list in ["", "a\n\nb\n"] {
      let path = try directory.write(Array(list.utf8), to: "classes.txt")
      let error = #expect(throws: DatasetError.self) { _ = try load() }
      guard case .unusableClassList(path, _)? = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
  }

  @Test func shardsInFoldersAndTarsOfFolders() throws {
    try writeShard("train/1.tar", [("train/cat/1.jpg", [1]), ("./train/dog/1.jpg", [2])])
    try writeShard("train/2.tar", [("cat/2.jpg", [3])])
    try writeShard("test.tar", [("dog/3.jpg", [4]), ("cat/4.jpg", [5])])
    let data = try load()
    #expect(data.train.classNames == ["cat", "dog"])
    #expect(data.train.labels == [0, 1, 0] && data.test.labels == [1, 0])
    #expect(data.train.name(of: 1) == "\(directory.path)/train/1.tar/train/dog/1.jpg")
    let file = try EncodedSplit.load(directory: "\(directory.path)/test.tar")
    #expect(file.fingerprint == data.test.fingerprint)
    #expect(try EncodedSplit.load(directory: directory.path).labels == [1, 0])
    #expect(try EncodedSplit.load(directory: "\(directory.path)/train").labels == [0, 1, 0])
    try writeShard("test.tar", [("emu/2.jpg", [3])])
    expectError(
      .classInOneSplit(
        present: "\(directory.path)/emu", missing: "\(directory.path)/train/emu"))
    try writeShard("val-1.tar", [("cat/2.jpg", [3])])
    expectError(
      .severalTestSplits(paths: ["\(directory.path)/test.tar", "\(directory.path)/val-1.tar"]))
  }

  @Test func wrongShardsAreErrorsThatNameTheEntry() throws {
    let label = Array("0".utf8)
    let cases: [([(String, [UInt8])], String?, ShardProblem)] = [
      ([("a.jpg", [1]), ("a.cls", label), ("a.jpg", [2])], "a.jpg", .duplicate),
      ([("a.jpg", [1]), ("a.cls", label), ("a.png", [2])], "a.png", .duplicate),
      ([("a.jpg", [1]), ("a.cls", label), ("a.cls", label)], "a.cls", .duplicate),
      ([("a.jpg", [1]), ("a.cls", label), ("b.jpg", [1])], "b.jpg", .noLabel),
      ([("a.jpg", [1]), ("a.cls", label), ("b.cls", label)], "b.cls", .noImage),
      ([("a.jpg", [1]), ("a.cls", Array("1.5".utf8))], "a.cls", .labelNotANumber),
      ([("a.jpg", [1]), ("a.cls", [])], "a.cls", .labelNotANumber),
      ([("a.jpg", [1]), ("a.cls", Array("1 2".utf8))], "a.cls", .labelNotANumber),
      ([("a.jpg", [1]), ("a.cls", Array("99999999999999999999".utf8))], "a.cls", .labelNotANumber),
      (
        [("a.jpg", [1]), ("a.cls", Array("-1".utf8))], "a.cls",
        .labelOutOfRange(label: -1, classCount: 1_000_000)
      ),
      (
        [("a.jpg", [1]), ("a.cls", Array("1000000".utf8))], "a.cls",
        .labelOutOfRange(label: 1_000_000, classCount: 1_000_000)
      ),
      ([("a.jpg", [1]), ("c/b.jpg", [1])], "a.jpg", .noLabel),
      ([("a.jpg", [1]), ("a.json", [1])], "a.jpg", .otherLabel(file: "a.json")),
      ([("c/a.jpg", [1]), ("./c/a.jpg", [1])], "./c/a.jpg", .duplicate),
      ([("readme.txt", [1])], nil, .empty),
    ]
    for (files, entry, problem) in cases {
      let path = try writeShard("wrong.tar", files)
      let expected = DatasetError.invalidShard(path: path, entry: entry, problem: problem)
      #expect(throws: expected) { _ = try EncodedSplit.load(directory: path) }
      #expect(expected.description.contains(entry ?? path))
    }
    var links = Archive()
    links.add("cat/a.jpg", type: "1")
    let path = try directory.write(links.finished, to: "links.tar")
    #expect(
      throws: DatasetError.invalidShard(
        path: path, entry: "cat/a.jpg", problem: .notARegularFile)
    ) { _ = try EncodedSplit.load(directory: path) }
  }

  @Test func numbersAndFoldersDoNotMix() throws {
    try writeShard("train-0.tar", [("a.jpg", [1]), ("a.cls", Array("0".utf8))])
    try writeShard("val-0.tar", [("cat/a.jpg", [1])])
    expectError(
      .differentLabels(
        path: "\(directory.path)/train-0.tar", otherPath: "\(directory.path)/val-0.tar"))
  }

  // MARK: Order

  @Test func foldersAreShuffledWhole() throws {
    for number in 0..<9 { try directory.write([1], to: "cat/\(number).jpg") }
    let split = try EncodedSplit.load(directory: directory.path)
    var stream = RandomStream(seed: 1)
    let order = split.epochOrder(of: [8, 1, 3, 5], from: &stream)
    var again = RandomStream(seed: 1)
    #expect(again.permutation(of: 4).map { [8, 1, 3, 5][$0] } == order)
    #expect(order.sorted() == [1, 3, 5, 8])
  }

  @Test func shardsAreReadNearlyInSequence() throws {
    for shard in 0..<5 {
      try writeShard(
        "train-\(shard).tar", (0..<40).map { ("cat/\(shard)-\($0).jpg", [UInt8($0)]) })
    }
    try writeShard("val-0.tar", [("cat/a.jpg", [1])])
    let split = try load().train
    let indices = split.labels.indices.filter { $0 % 2 == 0 }
    var (first, second) = (RandomStream(seed: 4), RandomStream(seed: 5))
    let order = split.epochOrder(of: indices, from: &first)
    #expect(order.sorted() == indices && order != indices)
    #expect(split.epochOrder(of: indices, from: &second) != order)
    var same = RandomStream(seed: 4)
    #expect(split.epochOrder(of: indices.reversed(), from: &same) == order)
  }

  @Test func theShuffleBufferBoundsHowFarAnImageComesForward() {
    var stream = RandomStream(seed: 2)
    let order = EncodedSplit.shuffled(Array(0..<1000), length: 50, from: &stream)
    #expect(order.sorted() == Array(0..<1000))
    for (place, value) in order.enumerated() { #expect(value < place + 50) }
    #expect(order != Array(0..<1000))
    #expect(EncodedSplit.shuffled([], length: 50, from: &stream).isEmpty)
  }
}
