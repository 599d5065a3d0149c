import Foundation
import TestSupport
import Testing

@testable import Datasets

@Suite struct DatasetSplitTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
    for (label, count) in [("cat", 20), ("dog", 10), ("emu", 2)] {
      for number in 0..<count {
        try directory.write(
          [UInt8(number), UInt8(count)], to: "photos/\(label)/\(label) \(number).jpg")
      }
    }
    try directory.write([1], to: "photos/README.md")
  }

  private func split(_ share: Double = 0.2, seed: UInt64 = 1) throws -> DatasetSplit {
    try DatasetSplit(of: "\(directory.path)/photos", testShare: share, seed: seed)
  }

  private func names(_ split: DatasetSplit) -> [String] {
    split.test.map { "\($0.className)/\($0.name)" }.sorted()
  }

  @Test func eachClassGivesItsShareAndNothingIsLost() throws {
    let before = try FileTree("\(directory.path)/photos")
    for copies in [false, true] {
      let out = "\(directory.path)/out-\(copies)"
      let split = try split()
      #expect(try split.write(to: out, copies: copies) == (copies ? 32 : 0))
      #expect(split.counts == (25, 7))
      #expect(split.notes.map(\.text) == ["passed over, as no images: 'README.md'"])
      #expect(try directory.names(in: "out-\(copies)/test/cat").count == 4)
      #expect(try directory.names(in: "out-\(copies)/test/dog").count == 2)
      #expect(try directory.names(in: "out-\(copies)/test/emu").count == 1)
      #expect(try FileTree("\(directory.path)/photos") == before)
      // Every image is on one side, whole.
      var images: [String: Data?] = [:]
      for side in ["train", "test"] {
        for (name, data) in try FileTree("\(out)/\(side)").contents where data != nil {
          #expect(images.updateValue(data, forKey: name) == nil)
        }
      }
      #expect(images.count == 32 && images.allSatisfy { before.contents[$0.key] == $0.value })
      #expect(throws: (any Error).self) { try split.write(to: out, copies: copies) }
    }
  }

  @Test func theSeedDecidesAndAFewImagesMoreChangeLittle() throws {
    let first = try names(split())
    #expect(try names(split()) == first)
    #expect(try names(split(seed: 2)) != first)
    try directory.write([99], to: "photos/cat/new.jpg")
    let second = try names(split())
    #expect(Set(first).symmetricDifference(second).count <= 2)
  }

  @Test func imagesWithOneContentStayTogether() throws {
    for number in 0..<10 { try directory.write([7, 7, 7], to: "photos/dog/copy \(number).jpg") }
    let split = try split(0.3)
    let copies = split.test.count { $0.name.hasPrefix("copy") }
    #expect(copies == 0 || copies == 10)
    #expect(split.notes.contains { $0.text.hasPrefix("9 images have the content of another") })
  }

  @Test func aClassOfOneImageIsRefused() throws {
    try directory.write([1], to: "photos/gnu/only.jpg")
    let path = "\(directory.path)/photos/gnu"
    #expect(throws: DatasetError.tooFewToSplit(path: path, count: 1)) { _ = try split() }
  }
}
