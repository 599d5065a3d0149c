/// Data that cannot be used as it is.
public enum DatasetError: Error, Hashable, Sendable, CustomStringConvertible {
  /// There is no such directory.
  case noDirectory(directory: String)
  /// The directory holds no data set of a known format.
  case unknownFormat(directory: String)
  /// The directory holds more than one data set.
  case severalDatasets(directory: String, places: [String])
  /// A file of the data set is not there.
  case missingFile(path: String, dataset: String)
  /// A CIFAR file is shorter or longer than the format says.
  case wrongFileSize(path: String, bytes: Int, expectedBytes: Int, recordBytes: Int)
  /// A label byte in a CIFAR file names no class. Record and byte count from 0.
  case labelOutOfRange(
    path: String, record: Int, byte: Int, label: Int, classCount: Int, labelName: String)
  /// A list of class names cannot be understood.
  case unusableClassList(path: String, reason: String)
  /// The classes of images and of a model cannot be brought together.
  case classesDoNotFit(data: String, model: String, problem: ClassProblem)
  /// A file of class names has too few or too many, or one twice.
  case wrongClassNames(path: String, count: Int, expectedCount: Int)
  /// An image size was asked for that the data set cannot have.
  case imageSizeNotApplicable(directory: String, imageSize: Int)
  /// An image size is out of the range that images are resized to.
  case invalidImageSize(_ imageSize: Int, minimum: Int, maximum: Int)
  /// One of the two folders of a data set in class folders is not there.
  case missingSplit(path: String)
  /// A split's folder holds no class.
  case noClasses(path: String)
  /// A class's folder holds no image.
  case emptyClass(path: String)
  /// A class has too few different images for two splits.
  case tooFewToSplit(path: String, count: Int)
  /// A folder in a class's folder holds images.
  case nestedFolder(path: String, className: String)
  /// Two folders have names that differ only in how characters are encoded.
  case sameClassNames(path: String)
  /// A class that is tested has no images to train on.
  case classInOneSplit(present: String, missing: String)
  /// Something lies where it does not belong.
  case unexpectedFile(path: String, expected: String)
  /// An image file is damaged, cut short, or of another format.
  case unreadableImage(path: String, reason: String)
  /// Two images differ in size, and no size to bring them to was given.
  case mixedImageSizes(
    path: String, width: Int, height: Int, firstPath: String, firstWidth: Int, firstHeight: Int)
  /// Both `test` and `val` are there, and only one can be the test split.
  case severalTestSplits(paths: [String])
  /// An image is not as large as a network takes it, and is not to be resized.
  case wrongImageSize(
    path: String, width: Int, height: Int, expectedWidth: Int, expectedHeight: Int)
  /// A value that says how images are prepared is out of its range.
  case invalidPreprocessing(field: String, value: String, expected: String)
  /// There are no images in folders of classes or in tar shards.
  case noImages(directory: String)
  /// A class has images but is none of those that there are to be.
  case unknownClass(path: String, className: String, classCount: Int)
  /// A tar shard cannot be used; `entry` is the file in it where it is about one.
  case invalidShard(path: String, entry: String?, problem: ShardProblem)
  /// The splits of a data set in shards do not name their classes alike.
  case differentLabels(path: String, otherPath: String)
  /// The system gives no thread to decode images on.
  case noThreads(reason: String)
  /// A program of the system that is needed cannot be started.
  case toolMissing(tool: String, reason: String)
  /// The host of an archive cannot be reached.
  case noNetwork(url: String, path: String, reason: String)
  /// The transfer of an archive failed for another reason than the network's.
  case downloadFailed(url: String, path: String, reason: String)
  /// What was fetched is not the published archive; it was removed.
  case wrongChecksum(url: String, path: String, sha256: String, expected: String)
  /// A file under the archive's name is not the published archive; it was left alone.
  case wrongArchive(path: String, sha256: String, expected: String)
  /// An archive cannot be unpacked.
  case cannotUnpack(path: String, reason: String)
  /// A value of a procedural data set is out of its range.
  case invalidProceduralImages(field: String, value: Int, minimum: Int, maximum: Int)

  /// One sentence naming the file, the place and the fix.
  public var description: String {
    switch self {
    case .noDirectory(let directory):
      "there is no directory '\(directory)'; give the directory that holds the data"
    case .unknownFormat(let directory):
      "'\(directory)' holds no data set: expected CIFAR binary files (data_batch_1.bin ..., or train.bin and test.bin) "
        + "or the folders train/<class> and test/<class> (or val/<class>) of JPEG or PNG files; folders of "
        + "classes alone are split by `consort data split`"
    case .severalDatasets(let directory, let places):
      "'\(directory)' holds several data sets; give one of them: \(places.joined(separator: ", "))"
    case .missingFile(let path, let dataset):
      "'\(path)' is missing; unpack the \(dataset) archive again, whole"
    case .wrongFileSize(let path, let bytes, let expected, let record):
      "'\(path)' has \(bytes) bytes (\(bytes / record) records of \(record) bytes and \(bytes % record) more) instead of "
        + "\(expected); it is truncated or changed: unpack the archive again"
    case .labelOutOfRange(let path, let record, let byte, let label, let classCount, let name):
      "'\(path)', record \(record) (byte \(byte)): \(name) \(label) is not below \(classCount); the file is damaged or of "
        + "another format: unpack the archive again"
    case .unusableClassList(let path, let reason):
      "the list of classes '\(path)' cannot be used: \(reason)"
    case .classesDoNotFit(let data, let model, let problem):
      "the classes of '\(data)' and of '\(model)': \(problem)"
    case .wrongClassNames(let path, let count, let expected):
      "'\(path)' names \(count) different classes instead of \(expected); correct it, or remove it to use the usual names"
    case .imageSizeNotApplicable(let directory, let imageSize):
      "'\(directory)' holds CIFAR images of 32 x 32 pixels, which are not resized to \(imageSize); leave the image size out"
    case .invalidImageSize(let imageSize, let minimum, let maximum):
      "images cannot be resized to \(imageSize) pixels; give an image size from \(minimum) to \(maximum)"
    case .missingSplit(let path):
      "the folder '\(path)' is missing; a data set of images has train/<class> and test/<class> (or val/<class>)"
    case .noClasses(let path):
      "'\(path)' holds no class; put a folder of images in it for each class"
    case .emptyClass(let path):
      "the class folder '\(path)' holds no image; add some, or remove the class from both splits"
    case .tooFewToSplit(let path, let count):
      "the class '\(path)' has \(count) different images, and each split needs one; add some, or move the class away"
    case .nestedFolder(let path, let className):
      "'\(path)' is a folder with images in the folder '\(className)', which would be a class; move its images up if "
        + "they are of that class, or name the directory whose folders are the classes"
    case .sameClassNames(let path):
      "there are two folders '\(path)', whose names differ only in how characters are encoded; rename or join them"
    case .classInOneSplit(let present, let missing):
      "there is a class '\(present)' but no '\(missing)'; a class that is tested needs images to train on"
    case .unexpectedFile(let path, let expected):
      "'\(path)' does not belong here: expected \(expected); move it away or rename it"
    case .unreadableImage(let path, let reason):
      "the image '\(path)' cannot be decoded: \(reason); replace it or remove it"
    case .mixedImageSizes(
      let path, let width, let height, let firstPath, let firstWidth, let firstHeight):
      "'\(path)' has \(width) x \(height) pixels but '\(firstPath)' has \(firstWidth) x \(firstHeight); give the experiment's data an imageSize "
        + "to resize and crop all images to one size"
    case .severalTestSplits(let paths):
      "there are \(paths.map { "'\($0)'" }.joined(separator: " and ")), and one of them only can be the test split; to "
        + "predict, name the one itself; to train, move the others away"
    case .wrongImageSize(let path, let width, let height, let expectedWidth, let expectedHeight):
      "the image '\(path)' has \(width) x \(height) pixels instead of \(expectedWidth) x \(expectedHeight); resize it, or say "
        + "how with --resize N, --crop-fraction F or --crop-padding N"
    case .invalidPreprocessing(let field, let value, let expected):
      "how images are prepared: \(field) is \(value); give \(expected)"
    case .noImages(let directory):
      "'\(directory)' holds no images: expected folders train/<class> and test/<class> (or val/<class>) of JPEG or PNG files, "
        + "or tar shards such as train-000000.tar and val-000000.tar"
    case .unknownClass(let path, let className, let classCount):
      "'\(path)' is of the class '\(className)', which is none of the \(classCount) known ones; correct the name, or the list of "
        + "classes"
    case .invalidShard(let path, let entry, let problem):
      "the shard '\(path)'" + (entry.map { ", entry '\($0)'" } ?? "") + ": \(problem)"
    case .differentLabels(let path, let otherPath):
      "images in '\(path)' have numbers for labels and those in '\(otherPath)' folders of classes; label both alike"
    case .noThreads(let reason):
      "no thread can be started to decode images: \(reason); end other programs, or permit more threads"
    case .toolMissing(let tool, let reason):
      "the program '\(tool)' cannot be started: \(reason); install it, then run the command again"
    case .noNetwork(let url, let path, let reason):
      "no network to \(url) (\(reason)); fetch it on another machine, put it at '\(path)' and run the command again"
    case .downloadFailed(let url, let path, let reason):
      "cannot fetch \(url) (\(reason)); run the command again, or put the file at '\(path)' by hand"
    case .wrongChecksum(let url, let path, let sha256, let expected):
      "\(url) gave a file whose SHA-256 is \(sha256) instead of \(expected), so it was removed; run the command again, or "
        + "put the right file at '\(path)'"
    case .wrongArchive(let path, let sha256, let expected):
      "'\(path)' is not the published archive: its SHA-256 is \(sha256) instead of \(expected); remove it, then run the "
        + "command again"
    case .cannotUnpack(let path, let reason):
      "cannot unpack '\(path)': \(reason); make space or remove the file, then run the command again"
    case .invalidProceduralImages(let field, let value, let minimum, let maximum):
      "procedural images: \(field) is \(value); give a number from \(minimum) to \(maximum)"
    }
  }
}
