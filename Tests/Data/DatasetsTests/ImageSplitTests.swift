import Testing

@testable import Datasets

@Suite struct ImageSplitTests {
  private func split(labels: [Int64] = [0, 1, 1, 0]) -> ImageSplit {
    ImageSplit(
      name: "train", height: 2, width: 1, pixels: (0..<24).map { UInt8($0) }, labels: labels,
      classNames: ["a", "b"])
  }

  @Test func subsetsCopyImagesAndLabelsInOrder() {
    let part = split().subset([2, 0, 2])
    #expect(part.count == 3 && part.labels == [1, 0, 1])
    let expected: [UInt8] = [12, 13, 14, 15, 16, 17, 0, 1, 2, 3, 4, 5, 12, 13, 14, 15, 16, 17]
    #expect(part.bytes.withBytes { Array($0) } == expected)
    #expect(split().prefix(2).labels == [0, 1])
    #expect(split().prefix(9).fingerprint == split().fingerprint)
    #expect(split().prefix(0).count == 0)
  }

  @Test func fingerprintsTellImagesLabelsAndShapesApart() {
    let whole = split()
    let others = [
      split(labels: [0, 1, 1, 1]), whole.subset([1, 0, 2, 3]), whole.prefix(3),
      ImageSplit(
        name: "train", height: 1, width: 2, pixels: (0..<24).map { UInt8($0) },
        labels: whole.labels, classNames: whole.classNames),
    ]
    #expect(Set(others.map(\.fingerprint) + [whole.fingerprint]).count == 5)
    #expect(whole.subset([0, 1, 2, 3]).fingerprint == whole.fingerprint)
  }
}
