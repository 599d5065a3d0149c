import Files

/// A training and a test split of images that are decoded when they are needed, with the same classes.
public struct EncodedDataset: Sendable {
  /// `images` and the directory's name.
  public let name: String
  /// The split to train on, and to take a hold-out part from.
  public let train: EncodedSplit
  /// The split to report on.
  public let test: EncodedSplit

  /// Lists the images in `directory` without decoding them.
  ///
  /// The training split is the folder `train`, of folders of classes or of tar shards, or shards named `train-*.tar`;
  /// the test split is the same with `test` or `val`, where classes may be missing. Beside shards, `classes.txt` or `classnames.txt` may name the
  /// classes in the order of the labels, one a line.
  ///
  /// - Parameter progress: Is told, on the calling thread, what was found.
  /// - Throws: `DatasetError`, or `FileError` where a file cannot be read.
  public static func load(
    directory: String, progress: ((String) -> Void)? = nil
  ) throws -> EncodedDataset {
    let train = try EncodedListing(EncodedPlace.trainingSplit(in: directory), name: "train")
    try train.checkTrainable()
    progress?("found \(train.names.count) images to train on")
    let test = try EncodedListing(EncodedPlace.testSplit(in: directory), name: "test")
    guard test.hasLabels else { throw DatasetError.noClasses(path: test.path) }
    progress?("found \(test.names.count) images to test on")
    for note in Note.lines(train.notes + test.notes) { progress?("note: \(note)") }
    let classes = try EncodedClasses(given: nil, in: directory, listings: [train, test])
    let name = directory.split(separator: "/").last { $0 != "." }.map(String.init) ?? "images"
    return EncodedDataset(
      name: "images \(name)", train: try classes.split(train), test: try classes.split(test))
  }

  /// Whether `directory` holds what `load` takes, judged by names alone.
  public static func isPresent(in directory: String) -> Bool {
    (try? EncodedPlace.trainingSplit(in: directory)) != nil
  }
}
