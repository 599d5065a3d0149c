import Files
import TestSupport
import Testing

@testable import Datasets

@Suite struct ProceduralImagesTests {
  @Test func imagesAreTheSameEverywhere() {
    let data = ProceduralImages(imageSize: 16, trainCount: 40, testCount: 20, seed: 7).dataset()
    #expect(data.name == "synthetic images, drawn by code")
    #expect(
      data.train.fingerprint == "b24483c34d3c07a0e2f3faee2482dad1c871ee7310fdc53ec04ac27b10537efd")
    #expect(
      data.test.fingerprint == "bf18d59e889805d46c9b0145ea49b50f5f9693433c2fce06df3fa57a0a3c7409")
    #expect(data.train.bytes.withBytes { Array($0.prefix(4)) } == [183, 187, 172, 179])
  }

  @Test func anImageDependsOnSeedAndIndexAlone() {
    let few = ProceduralImages(trainCount: 10, testCount: 10, seed: 3).dataset()
    let more = ProceduralImages(trainCount: 90, testCount: 70, seed: 3).dataset()
    let other = ProceduralImages(trainCount: 10, testCount: 10, seed: 4).dataset()
    #expect(more.train.prefix(10).fingerprint == few.train.fingerprint)
    #expect(more.test.prefix(10).fingerprint == few.test.fingerprint)
    #expect(Set([few, other].flatMap { [$0.train.fingerprint, $0.test.fingerprint] }).count == 4)
  }

  @Test(arguments: [8, 11, 32])
  func everySizeHasAllClassesEquallyOften(side: Int) {
    let split = ProceduralImages(imageSize: side, trainCount: 50, testCount: 1).dataset().train
    #expect(split.height == side && split.width == side && split.classNames.count == 10)
    #expect((0..<10).allSatisfy { label in split.labels.count { $0 == label } == 5 })
  }

  @Test func meanColourTellsNoClass() {
    let split = ProceduralImages(imageSize: 8, trainCount: 4000, testCount: 1).dataset().train
    var sums = [Double](repeating: 0, count: 10)
    split.bytes.withBytes { bytes in
      for index in 0..<split.count {
        let image = bytes[index * split.bytesPerImage..<(index + 1) * split.bytesPerImage]
        sums[Int(split.labels[index])] += Double(image.reduce(0) { $0 + Int($1) })
      }
    }
    let means = sums.map { $0 / Double(400 * split.bytesPerImage) }
    // One class's mean of 400 images has a standard error below 2.5 levels.
    #expect(means.allSatisfy { abs($0 - 127.5) < 9 })
  }

  @Test(arguments: [
    ("imageSize", ProceduralImages(imageSize: 7)), ("imageSize", ProceduralImages(imageSize: 513)),
    ("trainCount", ProceduralImages(trainCount: 0)),
    ("testCount", ProceduralImages(testCount: 10_000_001)),
  ])
  func valuesOutOfRangeAreErrors(field: String, images: ProceduralImages) {
    do {
      try images.validate()
      Issue.record("no error")
    } catch {
      guard case .invalidProceduralImages(field, _, _, _) = error else {
        Issue.record(error)
        return
      }
    }
  }

  @Test func imagesAreWrittenAsFiles() throws {
    let temporary = try TemporaryDirectory()
    let split = ProceduralImages(imageSize: 8, trainCount: 1, testCount: 12, seed: 7).dataset().test
    let out = "\(temporary.path)/figures"
    try split.writeFiles(to: out)
    let classes = try temporary.names(in: "figures")
    #expect(Set(classes) == Set(split.labels.map { split.classNames[Int($0)] }))
    let files = try classes.flatMap { try temporary.names(in: "figures/\($0)") }
    #expect(files.sorted() == (0..<12).map { $0 < 10 ? "0\($0).png" : "\($0).png" })
    // What is read again are the same pixels.
    let preprocessing = Preprocessing(
      height: 8, width: 8, resizing: .none, mean: [0, 0, 0], standardDeviation: [1, 1, 1])
    for index in 0..<12 {
      let name = split.classNames[Int(split.labels[index])]
      let file = try MappedFile(path: "\(out)/\(name)/\(index < 10 ? "0" : "")\(index).png")
      let pixels = try file.withBytes { try preprocessing.pixels(of: $0) }
      let expected = split.bytes.withBytes { Array($0[index * 192..<(index + 1) * 192]) }
      #expect(pixels == expected, "image \(index)")
    }
    #expect(throws: FileError.self) { try split.writeFiles(to: out) }
  }
}
