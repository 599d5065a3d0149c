import Files

/// A training and a test split with the same classes and image size.
public struct ImageDataset: Sendable {
  /// `cifar10`, `cifar100`, `synthetic images, drawn by code`, or `folder` and the folder's name.
  public let name: String
  /// The split to train on, and to take a hold-out part from.
  public let train: ImageSplit
  /// The split to report on.
  public let test: ImageSplit
  /// The channels' published means on the scale 0...255, where there are any.
  public let mean: [Float]?
  /// The channels' published standard deviations on the scale 0...255, where there are any.
  public let standardDeviation: [Float]?

  /// How pixels of class folders are computed where images are resized to one size.
  public static let interpolation = Preprocessing.Interpolation.bilinear

  /// Makes a data set of two splits with equal classes and image sizes.
  public init(
    name: String, train: ImageSplit, test: ImageSplit, mean: [Float]? = nil,
    standardDeviation: [Float]? = nil
  ) {
    precondition(train.classNames == test.classNames, "both splits have the same classes")
    precondition(
      (train.channels, train.height, train.width) == (test.channels, test.height, test.width),
      "both splits have one image size")
    self.name = name
    self.train = train
    self.test = test
    self.mean = mean
    self.standardDeviation = standardDeviation
  }

  /// Loads the data set in `directory`, whichever known format it has.
  ///
  /// The formats: CIFAR-10 and CIFAR-100 in their binary form, in `directory` itself or in its child
  /// `cifar-10-batches-bin` or `cifar-100-binary`; and class folders, `train/<class>/*` and `test/<class>/*` (or
  /// `val/<class>/*`), of JPEG and PNG files.
  ///
  /// - Parameters:
  ///   - directory: Where the data is.
  ///   - imageSize: For class folders: the side in pixels that every image's short side is resized to before its
  ///     centre is cropped to a square. Without it all images must have one size. CIFAR's images are 32 x 32, and any
  ///     other size is an error.
  ///   - cacheDirectory: For class folders: where the decoded images are kept for the next time;
  ///     `$XDG_CACHE_HOME/consort` or `~/.cache/consort` where not given.
  ///   - progress: Is told now and then, on the calling thread, what is being done.
  /// - Throws: `DatasetError`, or `FileError` where a file cannot be read.
  public static func load(
    directory: String, imageSize: Int? = nil, cacheDirectory: String? = nil,
    progress: ((String) -> Void)? = nil
  ) throws -> ImageDataset {
    switch try DatasetFormat.detect(in: directory) {
    case .cifar(let layout, let place):
      if let imageSize, imageSize != CIFARLayout.side {
        throw DatasetError.imageSizeNotApplicable(directory: place, imageSize: imageSize)
      }
      return try layout.load(from: place)
    case .classFolders(let place):
      return try ClassFolders(
        directory: place, imageSize: imageSize, cacheDirectory: cacheDirectory
      ).load(progress: progress)
    }
  }
}

/// What kind of data set lies in a directory, and where exactly.
enum DatasetFormat {
  case cifar(CIFARLayout, directory: String)
  case classFolders(directory: String)

  /// Finds the one data set in `directory`.
  static func detect(in directory: String) throws(DatasetError) -> DatasetFormat {
    guard Directory.isDirectory(directory) else { throw .noDirectory(directory: directory) }
    var found: [(format: DatasetFormat, place: String)] = []
    for layout in [CIFARLayout.cifar10, .cifar100] {
      for place in [directory, "\(directory)/\(layout.usualDirectory)"]
      where layout.isPresent(in: place) {
        found.append((.cifar(layout, directory: place), place))
      }
    }
    if ClassFolders.splitNames.contains(where: { Directory.isDirectory("\(directory)/\($0)") }) {
      found.append((.classFolders(directory: directory), directory))
    }
    guard let first = found.first else { throw .unknownFormat(directory: directory) }
    guard found.count == 1 else {
      throw .severalDatasets(directory: directory, places: found.map(\.place))
    }
    return first.format
  }
}

extension ImageDataset {
  /// Whether `directory` holds CIFAR's binary files.
  public static func isCIFAR(_ directory: String) -> Bool {
    guard case .cifar? = try? DatasetFormat.detect(in: directory) else { return false }
    return true
  }
}
