import Concurrency
import Files
import Foundation
import Randomness
import Synchronization
import TestSupport
import Testing

@testable import Datasets

@Suite(.timeLimit(.minutes(1))) struct ImageStreamTests {
  private let directory: TemporaryDirectory
  private static let photos = ["photo-wide.jpg", "photo-tall.jpg", "photo-small.jpg", "rgb.png"]

  init() throws {
    directory = try TemporaryDirectory()
    for (number, name) in Self.photos.enumerated() {
      for copy in 0..<3 {
        let kind = name.split(separator: ".").last ?? ""
        try directory.write(Fixture.bytes(name), to: "class-\(number)/\(copy).\(kind)")
      }
    }
  }

  private func split() throws -> EncodedSplit { try EncodedSplit.load(directory: directory.path) }

  /// Requests of random crops, four a batch.
  private static func requests(_ number: Int) -> [ImageRequest]? {
    guard number < 6 else { return nil }
    return (0..<4).map { place in
      ImageRequest(
        index: (number * 5 + place * 3) % 12,
        geometry: .randomResizedCrop(
          RandomResizedCrop(), flips: true,
          stream: RandomStream(seed: 7, UInt64(number), UInt64(place))))
    }
  }

  private func stream(
    _ split: EncodedSplit, corruptImages: CorruptImages = .fail, hashesContents: Bool = false,
    workers: Int = 2, prefetchedBatches: Int = 2,
    batch: @escaping @Sendable (Int) -> [ImageRequest]? = ImageStreamTests.requests
  ) -> ImageStream {
    ImageStream(
      split, height: 20, width: 24, corruptImages: corruptImages, hashesContents: hashesContents,
      workers: workers, prefetchedBatches: prefetchedBatches, batch: batch)
  }

  private func evaluation(_ indices: [Int]) -> [ImageRequest] {
    indices.map { .init(index: $0, geometry: .evaluation(.shortSide(24))) }
  }

  /// The only batch of a stream of these requests.
  private func batch(
    of requests: [ImageRequest], from split: EncodedSplit, corruptImages: CorruptImages = .fail,
    hashesContents: Bool = false
  ) throws -> ImageBatch {
    let stream = stream(split, corruptImages: corruptImages, hashesContents: hashesContents) {
      $0 == 0 ? requests : nil
    }
    let batch = try #require(try stream.next())
    #expect(try stream.next() == nil)
    return batch
  }

  private func batches(of stream: ImageStream) throws -> [ImageBatch] {
    var batches: [ImageBatch] = []
    while let batch = try stream.next() { batches.append(batch) }
    return batches
  }

  @Test func batchesDoNotDependOnTheThreads() throws {
    let split = try split()
    let expected = try batches(of: stream(split, workers: 1, prefetchedBatches: 1))
    #expect(expected.count == 6)
    for (number, batch) in expected.enumerated() {
      #expect(batch.indices == Self.requests(number)?.map(\.index))
      #expect(batch.labels == batch.indices.map { split.labels[$0] })
      #expect(batch.pixels.count == 4 * 3 * 20 * 24)
    }
    for (workers, prefetched) in [(2, 1), (3, 4), (7, 2)] {
      let others = try batches(
        of: stream(split, workers: workers, prefetchedBatches: prefetched))
      #expect(others.map(\.indices) == expected.map(\.indices))
      for (batch, other) in zip(expected, others) {
        #expect(batch.pixels.withBytes { Array($0) } == other.pixels.withBytes { Array($0) })
      }
    }
  }

  @Test func pixelsAreThoseOfThePreprocessing() throws {
    let split = try split()
    let batch = try batch(of: evaluation([0, 4, 8]), from: split)
    let description = Preprocessing(
      height: 20, width: 24, resizing: .shortSide(24), mean: [0, 0, 0],
      standardDeviation: [1, 1, 1])
    let expected = try [0, 4, 8].flatMap { index in
      try split.withBytes(of: index) { try description.pixels(of: $0) }
    }
    #expect(batch.pixels.withBytes { Array($0) } == expected)
    #expect(batch.contentHashes.isEmpty && batch.skipped.isEmpty)
  }

  @Test func emptyBatchesAndStreams() throws {
    let split = try split()
    #expect(try stream(split) { _ in nil }.next() == nil)
    let requests = evaluation([1])
    let counts = try batches(of: stream(split) { [[], requests, []].dropFirst($0).first })
      .map(\.count)
    #expect(counts == [0, 1, 0])
  }

  @Test func corruptImagesAreErrorsInTheirBatch() throws {
    let jpeg = try Fixture.bytes("photo-wide.jpg")
    let path = try directory.write(Array(jpeg.prefix(jpeg.count / 2)), to: "class-0/1.jpg")
    let split = try split()
    let requests = evaluation([0, 1, 2])
    for workers in 1...3 {
      let stream = self.stream(split, workers: workers, prefetchedBatches: 3) { number in
        number == 2 ? requests : number < 9 ? Array(requests.prefix(1)) : nil
      }
      for _ in 0..<2 { #expect(try stream.next()?.indices == [0]) }
      let expected = DatasetError.unreadableImage(path: path, reason: "Premature end of JPEG file")
      for _ in 0..<2 { #expect(throws: expected) { _ = try stream.next() } }
    }
  }

  @Test func skippedImagesAreNamed() throws {
    let jpeg = try Fixture.bytes("photo-wide.jpg")
    let cut = try directory.write(Array(jpeg.prefix(jpeg.count / 2)), to: "class-0/1.jpg")
    let text = try directory.write(Array("<html>".utf8), to: "class-1/0.jpg")
    let split = try split()
    let whole = try batch(of: evaluation([0, 2]), from: split)
    let batch = try self.batch(
      of: evaluation([1, 0, 3, 2]), from: split, corruptImages: .skip, hashesContents: true)
    #expect(batch.indices == [0, 2] && batch.labels == [0, 0] && batch.contentHashes.count == 2)
    #expect(batch.pixels.withBytes { Array($0) } == whole.pixels.withBytes { Array($0) })
    #expect(
      batch.skipped == [
        SkippedImage(index: 1, name: cut, reason: "Premature end of JPEG file"),
        SkippedImage(index: 3, name: text, reason: "its content is neither JPEG nor PNG"),
      ])
    let none = try self.batch(of: evaluation([1, 3]), from: split, corruptImages: .skip)
    #expect(none.count == 0 && none.pixels.count == 0 && none.skipped.count == 2)
  }

  @Test func whatIsNotCorruptionIsAnErrorEvenWhereImagesAreSkipped() throws {
    let split = try split()
    for resizing in [Preprocessing.Resizing.none, .shortSide(5)] {
      let request = ImageRequest(index: 0, geometry: .evaluation(resizing))
      #expect(throws: DatasetError.self) {
        _ = try batch(of: [request], from: split, corruptImages: .skip)
      }
    }
    let removed = split.name(of: 0)
    try FileManager.default.removeItem(atPath: removed)
    let missing = FileError.cannotRead(path: removed, reason: "No such file or directory")
    #expect(throws: missing) {
      _ = try batch(of: evaluation([0]), from: split, corruptImages: .skip)
    }
  }

  @Test func noMoreBatchesAreBegunThanAreHeld() throws {
    let begun = Mutex(0)
    let requests = evaluation([0, 1])
    let stream = stream(try split(), workers: 3, prefetchedBatches: 2) { number in
      begun.withLock { $0 = max($0, number + 1) }
      return requests
    }
    for taken in 1...20 {
      _ = try stream.next()
      #expect(begun.withLock { $0 } <= taken + 2)
    }
    stream.cancel()
    #expect(begun.withLock { $0 } <= 22)
  }

  @Test func cancellingEndsTheStream() throws {
    let requests = evaluation([0, 4, 8])
    for rounds in 0..<30 {
      let stream = stream(try split(), workers: 3, prefetchedBatches: 3) { _ in requests }
      for _ in 0..<rounds % 4 { #expect(try stream.next() != nil) }
      stream.cancel()
      #expect(try stream.next() == nil)
      stream.cancel()
    }
  }

  /// The consumer waits for a batch that takes a thread minutes.
  @Test func cancellingWakesAWaitingConsumer() throws {
    let requests = evaluation([Int](repeating: 0, count: 100_000))
    let stream = stream(try split(), workers: 1, prefetchedBatches: 1) { _ in requests }
    let isCalling = DispatchSemaphore(value: 0)
    let result = Mutex<Result<Bool, any Error>?>(nil)
    let consumer = try WorkerThread {
      isCalling.signal()
      let batch = Result { try stream.next() == nil }
      result.withLock { $0 = batch }
    }
    isCalling.wait()
    // Time to begin to wait. A consumer that is later finds the stream cancelled, which is right as well.
    usleep(50_000)
    #expect(result.withLock { $0 == nil })
    stream.cancel()
    consumer.join()
    #expect(try result.withLock { try $0?.get() } == true)
  }

  @Test func lettingGoEndsTheThreads() throws {
    final class Token: Sendable {}
    for taken in 0..<4 {
      var token: Token? = Token()
      weak let watched = token
      var stream: ImageStream?
      do {
        let requests = evaluation([0, 4, 8])
        let held = token
        stream = self.stream(try split(), workers: 2) { _ in
          withExtendedLifetime(held) { requests }
        }
      }
      token = nil
      for _ in 0..<taken { _ = try stream?.next() }
      stream = nil
      // The last thread may still be releasing what it shared.
      for _ in 0..<1000 where watched != nil { usleep(1000) }
      #expect(watched == nil)
    }
  }

  @Test func contentFingerprintsDoNotDependOnWhereImagesLie() throws {
    var archive = Archive()
    for (number, name) in Self.photos.enumerated() {
      let kind = name.split(separator: ".").last ?? ""
      for copy in 0..<3 {
        archive.add("\(number)\(copy).\(kind)", try Fixture.bytes(name))
        archive.add("\(number)\(copy).cls", Array("\(number)".utf8))
      }
    }
    let shards = try TemporaryDirectory()
    try shards.write(archive.finished, to: "val-0.tar")
    let requests = evaluation(Array(0..<12))
    func fingerprint(_ split: EncodedSplit, size: Int) throws -> String {
      var fingerprint = ImagesFingerprint()
      let stream = stream(split, hashesContents: true) { number in
        let part = requests.dropFirst(number * size).prefix(size)
        return part.isEmpty ? nil : Array(part)
      }
      while let batch = try stream.next() { fingerprint.add(batch) }
      return fingerprint.finish()
    }
    let folder = try fingerprint(split(), size: 5)
    #expect(try fingerprint(EncodedSplit.load(directory: shards.path), size: 12) == folder)
    try directory.write(Fixture.bytes("photo-tall.jpg"), to: "class-0/1.jpg")
    #expect(try fingerprint(split(), size: 5) != folder)
    let hash = try batch(of: evaluation([0]), from: split(), hashesContents: true).contentHashes
    var hasher = SHA256Hasher()
    try Fixture.bytes("photo-wide.jpg").withUnsafeBytes { hasher.update($0) }
    let expected = hasher.finish()
    #expect(hash == [expected])
  }
}
