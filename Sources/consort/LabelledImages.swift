import CLI
import Datasets
import Files
import Inference

/// Images to predict, their labels counted as the model counts its classes.
struct LabelledImages {
  let images: PredictionImages
  /// Whether the images come with labels.
  let hasLabels: Bool
  /// The classes' names, in the order of the model's outputs, where they are known.
  let classNames: [String]?
  /// `[N]`, in the model's order.
  let labels: [Int64]

  /// Finds the images in `directory`.
  ///
  /// - Parameters:
  ///   - labels: The model's classes, where they are known.
  ///   - classes: How many they are.
  ///   - model: How errors call the model.
  init(directory: String, labels: [String]?, classes: Int, model: String) throws {
    guard labels.map({ $0.count == classes }) ?? true else {
      throw InferenceError.differentClasses(
        model: model, classes: classes, data: directory, found: labels?.count ?? 0)
    }
    if EncodedSplit.isPlain(directory) {
      images = .encoded(try EncodedSplit.plain(directory: directory))
      (hasLabels, classNames, self.labels) = (false, labels, images.labels)
      return
    }
    hasLabels = true
    if ImageDataset.isCIFAR(directory) {
      images = .decoded(try ImageDataset.load(directory: directory).test)
    } else {
      images = .encoded(try EncodedSplit.load(directory: directory))
    }
    let mapping = try Self.mapping(
      images.classNames, to: labels, classes: classes, model: model, data: directory)
    self.labels = images.labels.map { mapping[Int($0)] }
    classNames = labels ?? images.classNames
  }

  /// The images of `split`, whose classes are the model's.
  init(_ split: ImageSplit) {
    images = .decoded(split)
    (hasLabels, classNames, labels) = (true, split.classNames, split.labels)
  }

  /// The model's number of each of the images' classes.
  private static func mapping(
    _ names: [String], to labels: [String]?, classes: Int, model: String, data: String
  ) throws -> [Int64] {
    if let labels {
      let numbers = Dictionary(uniqueKeysWithValues: zip(labels, 0..<Int64(classes)))
      let found = names.map { numbers[$0] }
      let known = found.compactMap { $0 }
      if known.count == names.count { return known }
      // Names of quite another kind, such as numbers for words, are taken in order; a few unknown ones are a mistake.
      guard known.isEmpty, names.count == classes else {
        let unknown = zip(names, found).first { $0.1 == nil }?.0 ?? ""
        throw InferenceError.unknownClass(model: model, data: data, name: unknown)
      }
    }
    guard names.count == classes else {
      throw InferenceError.differentClasses(
        model: model, classes: classes, data: data, found: names.count)
    }
    return (0..<Int64(classes)).map { $0 }
  }

  /// The names in a file, one a line.
  static func names(in path: String) throws -> [String] {
    let names = try MappedFile(path: path).withBytes { bytes in
      bytes.split(separator: UInt8(ascii: "\n")).map { line in
        String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
      }
    }
    guard !names.isEmpty, Set(names).count == names.count else {
      throw UsageError("--labels: '\(path)' names no class, or one twice")
    }
    return names
  }
}
