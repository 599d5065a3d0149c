import Concurrency
import Files

/// The binary form of CIFAR-10 or CIFAR-100: records of one or two label bytes and 3,072 pixel bytes.
///
/// Source: https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version".
struct CIFARLayout: Sendable {
  /// One label byte of a record.
  struct LabelByte: Sendable {
    let name: String
    let classCount: Int
  }

  static let side = 32
  static let pixelBytes = 3 * side * side

  let name: String
  let usualDirectory: String
  let trainFiles: [String]
  let testFiles: [String]
  let imagesPerTrainFile: Int
  let imagesPerTestFile: Int
  /// The label bytes in a record's order; the last one is the class.
  let labelBytes: [LabelByte]
  /// A file of class names, one a line, that may be missing.
  let classNamesFile: String
  let usualClassNames: [String]
  let mean: [Float]?
  let standardDeviation: [Float]?

  var classCount: Int { labelBytes.last?.classCount ?? 0 }
  var recordBytes: Int { labelBytes.count + Self.pixelBytes }

  /// Whether any of the images' files is in `directory`.
  func isPresent(in directory: String) -> Bool {
    (trainFiles + testFiles).contains { Directory.exists("\(directory)/\($0)") }
  }

  /// Reads both splits from `directory`.
  func load(from directory: String) throws -> ImageDataset {
    for file in trainFiles + testFiles where !Directory.exists("\(directory)/\(file)") {
      throw DatasetError.missingFile(path: "\(directory)/\(file)", dataset: name)
    }
    let classNames = try classNames(in: directory)
    let splits = try parallelMap(2) { [self] index throws in
      index == 0
        ? try split(
          "train", of: trainFiles.map { "\(directory)/\($0)" }, imagesEach: imagesPerTrainFile,
          classNames: classNames)
        : try split(
          "test", of: testFiles.map { "\(directory)/\($0)" }, imagesEach: imagesPerTestFile,
          classNames: classNames)
    }
    return ImageDataset(
      name: name, train: splits[0], test: splits[1], mean: mean,
      standardDeviation: standardDeviation)
  }

  private func split(
    _ splitName: String, of paths: [String], imagesEach: Int, classNames: [String]
  ) throws -> ImageSplit {
    let files = try paths.map { path in
      let file = try MappedFile(path: path)
      let expected = imagesEach * recordBytes
      guard file.count == expected else {
        throw DatasetError.wrongFileSize(
          path: path, bytes: file.count, expectedBytes: expected, recordBytes: recordBytes)
      }
      return file
    }
    var labels: [Int64] = []
    labels.reserveCapacity(files.count * imagesEach)
    for file in files { try labels.append(contentsOf: self.labels(of: file)) }
    let pixels = ImageBytes(count: labels.count * Self.pixelBytes) { target in
      for (index, file) in files.enumerated() {
        copyPixels(of: file, to: target, at: index * imagesEach * Self.pixelBytes)
      }
    }
    return ImageSplit(
      name: splitName, height: Self.side, width: Self.side, bytes: pixels, labels: labels,
      classNames: classNames, fingerprint: nil)
  }

  /// Returns the classes of a file's records, with every label byte checked.
  private func labels(of file: MappedFile) throws(DatasetError) -> [Int64] {
    let result = file.withBytes { bytes in
      Result { () throws(DatasetError) in
        var labels: [Int64] = []
        for record in 0..<file.count / recordBytes {
          for (position, label) in labelBytes.enumerated() {
            let byte = record * recordBytes + position
            guard bytes[byte] < label.classCount else {
              throw .labelOutOfRange(
                path: file.path, record: record, byte: byte, label: Int(bytes[byte]),
                classCount: label.classCount, labelName: label.name)
            }
          }
          labels.append(Int64(bytes[record * recordBytes + labelBytes.count - 1]))
        }
        return labels
      }
    }
    return try result.get()
  }

  private func copyPixels(
    of file: MappedFile, to target: UnsafeMutableRawBufferPointer, at start: Int
  ) {
    file.withBytes { bytes in
      for record in 0..<file.count / recordBytes {
        let source = record * recordBytes + labelBytes.count
        let place = start + record * Self.pixelBytes
        UnsafeMutableRawBufferPointer(rebasing: target[place..<place + Self.pixelBytes]).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: bytes[source..<source + Self.pixelBytes]))
      }
    }
  }

  /// Returns the class names beside the images, or the usual ones where there is no such file.
  private func classNames(in directory: String) throws -> [String] {
    let path = "\(directory)/\(classNamesFile)"
    guard Directory.exists(path) else { return usualClassNames }
    let text = try MappedFile(path: path).withBytes { String(decoding: $0, as: UTF8.self) }
    let names = text.split(whereSeparator: \.isNewline)
      .map { $0.trimmed() }.filter { !$0.isEmpty }
    guard names.count == classCount, Set(names).count == names.count else {
      throw DatasetError.wrongClassNames(
        path: path, count: Set(names).count, expectedCount: classCount)
    }
    return names
  }
}

extension Substring {
  /// The text without white space at its ends.
  fileprivate func trimmed() -> String {
    var text = self
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}

extension CIFARLayout {
  /// CIFAR-10: five training files and one test file of 10,000 images each.
  ///
  /// Mean and standard deviation: Zagoruyko & Komodakis 2016, arXiv:1605.07146, in the authors' code.
  static let cifar10 = CIFARLayout(
    name: "cifar10", usualDirectory: "cifar-10-batches-bin",
    trainFiles: (1...5).map { "data_batch_\($0).bin" }, testFiles: ["test_batch.bin"],
    imagesPerTrainFile: 10_000, imagesPerTestFile: 10_000,
    labelBytes: [LabelByte(name: "label", classCount: 10)],
    classNamesFile: "batches.meta.txt",
    usualClassNames: [
      "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
    ],
    mean: [125.3, 123.0, 113.9], standardDeviation: [63.0, 62.1, 66.7])

  /// CIFAR-100 with its fine labels: one training file of 50,000 and one test file of 10,000 images.
  ///
  /// Mean and standard deviation: of the whole training set, as in facebook/fb.resnet.torch, `datasets/cifar100.lua`.
  static let cifar100 = CIFARLayout(
    name: "cifar100", usualDirectory: "cifar-100-binary",
    trainFiles: ["train.bin"], testFiles: ["test.bin"],
    imagesPerTrainFile: 50_000, imagesPerTestFile: 10_000,
    labelBytes: [
      LabelByte(name: "coarse label", classCount: 20),
      LabelByte(name: "fine label", classCount: 100),
    ],
    classNamesFile: "fine_label_names.txt", usualClassNames: (0..<100).map { "class \($0)" },
    mean: [129.3, 124.1, 112.4], standardDeviation: [68.2, 65.4, 70.4])
}
