import Files
import Foundation
import TestSupport
import Testing

@testable import Datasets

@Suite struct ClassFolderTests {
  private let directory: TemporaryDirectory
  private let caches: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
    caches = try TemporaryDirectory()
  }

  /// Two classes of PNG and JPEG files, all 13 x 9 but the JPEG files, which are left out unless asked for.
  private func writeFolders() throws {
    let files = [
      "train/cat/b.png": "rgb.png", "train/cat/a.PNG": "rgba.png", "train/dog/1.png": "grey.png",
      "test/cat/x.png": "palette.png", "test/dog/y.png": "interlaced.png",
    ]
    for (name, fixture) in files { try directory.write(Fixture.bytes(fixture), to: name) }
    try directory.write([1], to: "train/cat/.hidden")
    try directory.write([1], to: ".complete")
    try directory.write([1], to: "README.txt")
  }

  private func load(
    imageSize: Int? = nil, progress: ((String) -> Void)? = nil
  ) throws -> ImageDataset {
    try ImageDataset.load(
      directory: directory.path, imageSize: imageSize, cacheDirectory: caches.path,
      progress: progress)
  }

  /// The fixture's pixels as Pillow decodes them, as planes.
  private func planes(_ name: String) throws -> [UInt8] {
    let pixels = try Fixture.bytes("\(name).rgb")
    return (0..<3).flatMap { channel in
      stride(from: channel, to: pixels.count, by: 3).map { pixels[$0] }
    }
  }

  private func expectError(
    _ expected: DatasetError, imageSize: Int? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(throws: expected, sourceLocation: sourceLocation) {
      _ = try load(imageSize: imageSize)
    }
  }

  private func remove(_ name: String) throws {
    try FileManager.default.removeItem(atPath: "\(directory.path)/\(name)")
  }

  @Test func imagesComeByClassThenName() throws {
    try writeFolders()
    for round in ["decoded", "from the cache"] {
      let data = try load()
      #expect(data.name == "folder \(directory.path.split(separator: "/").last ?? "")")
      #expect(data.train.classNames == ["cat", "dog"])
      #expect(data.train.labels == [0, 0, 1] && data.test.labels == [0, 1], "\(round)")
      #expect((data.train.height, data.train.width) == (9, 13))
      let train = try planes("rgba.png") + planes("rgb.png") + planes("grey.png")
      let test = try planes("palette.png") + planes("interlaced.png")
      #expect(data.train.bytes.withBytes { Array($0) } == train, "\(round)")
      #expect(data.test.bytes.withBytes { Array($0) } == test, "\(round)")
      let copy = data.train.subset([0, 1, 2])
      #expect(copy.fingerprint == data.train.fingerprint, "\(round)")
      #expect(data.mean == nil && data.standardDeviation == nil)
    }
  }

  @Test func imagesOfSeveralSizesAreResizedAndCropped() throws {
    try writeFolders()
    try directory.write(Fixture.bytes("subsampled.jpg"), to: "train/dog/2.JPEG")
    expectError(
      .mixedImageSizes(
        path: "\(directory.path)/train/dog/2.JPEG", width: 45, height: 31,
        firstPath: "\(directory.path)/train/cat/a.PNG", firstWidth: 13, firstHeight: 9))
    let data = try load(imageSize: 16)
    #expect((data.train.height, data.train.width) == (16, 16))
    let pixels = data.train.subset([3]).bytes.withBytes { Array($0) }
    let expected = try Fixture.bytes("subsampled.jpg.crop-16.rgb")
    let planes = (0..<3).flatMap { channel in
      stride(from: channel, to: expected.count, by: 3).map { expected[$0] }
    }
    #expect(try #require(largestDifference(pixels, planes)) <= 1)
    expectError(.invalidImageSize(0, minimum: 1, maximum: 4096), imageSize: 0)
  }

  @Test func theCacheIsUsedUntilAFileChanges() throws {
    try writeFolders()
    let first = try load()
    #expect(try caches.names().count == 1)
    var messages: [String] = []
    let second = try load { messages.append($0) }
    #expect(!messages.contains { $0.contains("decoded") })
    messages = []
    #expect(second.train.fingerprint == first.train.fingerprint)
    try directory.write(Fixture.bytes("bilevel.png"), to: "train/dog/1.png")
    let third = try load { if $0.contains("decoded") { messages.append($0) } }
    #expect(messages == ["decoded 3 of 5 images", "decoded 5 of 5 images"].suffix(messages.count))
    #expect(!messages.isEmpty)
    #expect(third.train.fingerprint != first.train.fingerprint)
    #expect(third.test.fingerprint == first.test.fingerprint)
  }

  /// A JPEG file of the size of `full.jpeg` with other pixels: other steps of quantisation.
  private func otherPixels() throws -> [UInt8] {
    var jpeg = try Fixture.bytes("full.jpeg")
    let table = try #require(
      jpeg.indices.dropLast(1).first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xDB })
    jpeg[table + 5] += 9
    return jpeg
  }

  /// Writes `bytes` as the only images below `name`, dated to the same instant whenever it is called.
  private func writeDated(_ bytes: [UInt8], below name: String) throws {
    let attributes = [FileAttributeKey.modificationDate: Date(timeIntervalSince1970: 1e9)]
    for split in ["train", "test"] {
      let path = "\(directory.path)/\(name)/\(split)/cat/1.jpg"
      if let file = FileHandle(forWritingAtPath: path) {
        try file.write(contentsOf: Data(bytes))
      } else {
        try directory.write(bytes, to: "\(name)/\(split)/cat/1.jpg")
      }
      try FileManager.default.setAttributes(attributes, ofItemAtPath: path)
    }
  }

  private func fingerprint(below name: String) throws -> String {
    try ImageDataset.load(directory: "\(directory.path)/\(name)", cacheDirectory: caches.path)
      .train.fingerprint
  }

  @Test func foldersAlikeInNamesSizesAndTimesHaveCachesOfTheirOwn() throws {
    try writeDated(Fixture.bytes("full.jpeg"), below: "first")
    try writeDated(otherPixels(), below: "second")
    let first = try fingerprint(below: "first")
    #expect(try fingerprint(below: "second") != first)
    #expect(try fingerprint(below: "first") == first)
    try FileManager.default.createSymbolicLink(
      atPath: "\(directory.path)/link", withDestinationPath: "first")
    #expect(try fingerprint(below: "link") == first)
    #expect(try caches.names().count == 2)
  }

  @Test func anEditedFileWithItsOldTimeIsDecodedAgain() throws {
    try writeDated(Fixture.bytes("full.jpeg"), below: "images")
    let before = try fingerprint(below: "images")
    try writeDated(otherPixels(), below: "images")
    #expect(try fingerprint(below: "images") != before)
  }

  @Test func supersededAndUnfinishedCachesAreRemoved() throws {
    try writeFolders()
    _ = try load(imageSize: 4)
    let other = try caches.names()
    _ = try load()
    let superseded = try Set(caches.names()).subtracting(other)
    try caches.write([1], to: "images-0-1.bin.999999999-1f.partial")
    try directory.write(Fixture.bytes("bilevel.png"), to: "train/dog/1.png")
    _ = try load()
    let names = try Set(caches.names())
    #expect(names.count == 2 && names.isSuperset(of: other) && names.isDisjoint(with: superseded))
  }

  @Test func aCacheAnotherProcessWritesIsWaitedFor() throws {
    try writeFolders()
    var lock = try DirectoryLock(ifFree: caches.path)
    try #require(lock != nil)
    var messages: [String] = []
    _ = try load {
      messages.append($0)
      if $0.contains("waiting") { lock = nil }
    }
    #expect(
      messages.dropFirst().first == "waiting for another process that writes into '\(caches.path)'")
    #expect(try caches.names().count == 1)
  }

  @Test func withoutACacheTheImagesAreTheSame() throws {
    try writeFolders()
    let kept = try load()
    let data = try ImageDataset.load(directory: directory.path, cacheDirectory: "/dev/null/none")
    #expect(data.train.fingerprint == kept.train.fingerprint)
    #expect(
      data.train.bytes.withBytes { Array($0) } == kept.train.bytes.withBytes { Array($0) })
  }

  @Test func bytesStayAtOneAddress() {
    let bytes = ImageBytes([1, 2, 3])
    let address = bytes.withBytes { $0.baseAddress }
    #expect(bytes.withBytes { $0.baseAddress == address && Array($0) == [1, 2, 3] })
    #expect(ImageBytes([]).withBytes { $0.isEmpty })
  }

  @Test func aDamagedCacheIsMadeAnew() throws {
    try writeFolders()
    let first = try load()
    let cache = "\(caches.path)/\(try #require(caches.names().first))"
    let whole = try [UInt8](Data(contentsOf: URL(fileURLWithPath: cache)))
    var otherSize = whole
    let digit = try #require(
      whole.indices.suffix(512).first { Array(whole[$0...].prefix(6)) == Array("\n13 9 ".utf8) })
    otherSize[digit + 2] = UInt8(ascii: "4")
    var hugeSize = whole
    hugeSize.replaceSubrange(digit + 1..<digit + 3, with: Array("2147483648".utf8))
    var otherPixel = whole
    otherPixel[100] ^= 1
    var otherText = whole
    otherText[whole.count - 512 + 30] = 0xFF
    let damaged = [
      otherPixel, otherText, Array(whole.dropLast()), whole + [10], Array(whole.dropFirst(100)), [],
      [1, 2, 3],
      otherSize, hugeSize, [UInt8](repeating: 0xFF, count: whole.count),
    ]
    for bytes in damaged {
      try Data(bytes).write(to: URL(fileURLWithPath: cache))
      var messages: [String] = []
      let again = try load { messages.append($0) }
      #expect(again.train.fingerprint == first.train.fingerprint)
      #expect(messages.last == "decoded 5 of 5 images")
      #expect(try [UInt8](Data(contentsOf: URL(fileURLWithPath: cache))) == whole)
    }
  }

  @Test func aCacheThatCannotBeWrittenIsAWarning() throws {
    try writeFolders()
    let file = try caches.write([1], to: "file")
    var messages: [String] = []
    let data = try ImageDataset.load(directory: directory.path, cacheDirectory: "\(file)/cache") {
      messages.append($0)
    }
    #expect(messages.contains { $0.contains("not kept") && $0.contains("\(file)") })
    #expect(try data.train.fingerprint == load().train.fingerprint)
    #expect(data.train.labels == [0, 0, 1])
  }

  @Test func unreadableImagesAreErrorsAndLeaveNoCache() throws {
    try writeFolders()
    let jpeg = try Fixture.bytes("subsampled.jpg")
    let path = try directory.write(Array(jpeg.prefix(900)), to: "train/cat/c.jpg")
    do {
      _ = try load(imageSize: 8)
      Issue.record("no error")
    } catch DatasetError.unreadableImage(path, let reason) {
      #expect(reason.contains("Premature end"))
    }
    try directory.write(Array("<html>".utf8), to: "train/cat/c.jpg")
    expectError(.unreadableImage(path: path, reason: "its content is neither JPEG nor PNG"))
    try remove("train/cat/c.jpg")
    let first = try directory.write([], to: "train/cat/a.PNG")
    expectError(.unreadableImage(path: first, reason: "it is empty"))
    #expect(try caches.names().isEmpty)
  }

  @Test func classesMustBeInBothSplits() throws {
    try writeFolders()
    let path = directory.path
    try directory.write(Fixture.bytes("rgb.png"), to: "train/emu/1.png")
    #expect(try load().test.classNames == ["cat", "dog", "emu"])
    try remove("train/emu")
    try directory.write(Fixture.bytes("rgb.png"), to: "test/ant/1.png")
    expectError(.classInOneSplit(present: "\(path)/test/ant", missing: "\(path)/train/ant"))
  }

  @Test func emptyAndMissingFoldersAreErrors() throws {
    try writeFolders()
    let path = directory.path
    try remove("test/dog/y.png")
    #expect(try load().test.labels == [0])
    try remove("train/dog/1.png")
    expectError(.emptyClass(path: "\(path)/train/dog"))
    try directory.write(Fixture.bytes("grey.png"), to: "train/dog/1.png")
    try remove("test/cat")
    try remove("test/dog")
    expectError(.noClasses(path: "\(path)/test"))
    try remove("test")
    expectError(.missingSplit(path: "\(path)/test"))
  }

  @Test func strangeFilesAreNamed() throws {
    try writeFolders()
    let path = directory.path
    for name in ["train/cat/notes.txt", "test/dog/png", "train/list.txt"] {
      try directory.write([1], to: name)
      var messages: [String] = []
      _ = try load { messages.append($0) }
      let stray = name.split(separator: "/").dropFirst().joined(separator: "/")
      #expect(messages.contains { $0.contains("passed over") && $0.contains("'\(stray)'") })
      try remove(name)
    }
    try directory.write([1], to: "train/loose.png")
    expectError(
      .unexpectedFile(
        path: "\(path)/train/loose.png", expected: "an image to lie in the folder of its class"))
    try remove("train/loose.png")
    try directory.write([1], to: "train/cat/folder.png/1.png")
    expectError(
      .unexpectedFile(path: "\(path)/train/cat/folder.png", expected: "a regular file"))
  }
}
