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
