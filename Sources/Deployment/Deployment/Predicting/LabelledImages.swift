import Datasets
import Files

/// Images to predict, their labels counted as the model counts its classes.
package struct LabelledImages: Sendable {
  package let images: PredictionImages
  /// Whether the images come with labels.
  package let hasLabels: Bool
  /// The classes' names, in the order of the model's outputs, where they are known.
  package let classNames: [String]?
  /// `[N]`, in the model's order.
  package let labels: [Int64]

  /// What was inferred and passed over.
  package let notes: [Note]

  /// What of a model its images' classes are matched with.
  package struct Classes: Sendable {
    /// Their names, in the order of the outputs, where they are known.
    package let labels: [String]?
    /// How many they are.
    package let count: Int
    /// How errors call the model.
    let model: String
    /// What the user says about how they are matched.
    let order: ClassMatching.Order?

    /// Describes a model's classes.
    package init(
      labels: [String]?, count: Int, model: String, order: ClassMatching.Order? = nil
    ) {
      (self.labels, self.count, self.model, self.order) = (labels, count, model, order)
    }

    /// The classes of a selection's members, which the file at `path` names where it is given.
    ///
    /// - Throws: `DeploymentError.wrongLabelCount`, or what keeps the file from being read.
    package init(
      of selection: ModelSelection, namedBy path: String?, order: ClassMatching.Order?
    ) throws {
      let model = selection.members[0].model
      let list = try path.map { try selection.classList(path: $0) }
      self.init(
        labels: list?.names ?? selection.labels, count: model.classes, model: model.source,
        order: order)
      notes = list?.notes ?? []
      if let list, let path, let own = selection.labels, own != list.names {
        let isOrder = Set(own) == Set(list.names)
        notes.append(
          Note(
            source: model.source,
            text: "its classes are named by '\(path)', and not as it names them"
              + (isOrder ? ", which is the same names in another order" : "")))
      }
    }

    /// What was understood of the file that names them.
    package private(set) var notes: [Note] = []
  }

  /// Finds the images at `path`: a directory, a tar file or an image.
  ///
  /// - Throws: `DatasetError` or `FileError` where there are none, or their classes cannot be matched.
  package init(_ path: String, for classes: Classes) throws {
    if ImageDataset.isCIFAR(path) {
      let split = try ImageDataset.load(directory: path).test
      self = try LabelledImages(
        .decoded(split), hasLabels: true, areNumbers: false, notes: [], data: path, for: classes)
    } else {
      try self.init(EncodedSplit.load(directory: path), data: path, for: classes)
    }
  }

  /// The images in the files at `paths`, at least one, which have no labels.
  ///
  /// - Throws: `FileError` where one cannot be read.
  package init(files paths: [String], for classes: Classes) throws {
    try self.init(EncodedSplit.load(files: paths), data: paths[0], for: classes)
  }

  private init(_ split: EncodedSplit, data: String, for classes: Classes) throws {
    try self.init(
      .encoded(split), hasLabels: split.hasLabels, areNumbers: split.labelsAreNumbers,
      notes: split.notes, data: data, for: classes)
  }

  private init(
    _ images: PredictionImages, hasLabels: Bool, areNumbers: Bool, notes: [Note], data: String,
    for classes: Classes
  ) throws {
    self.images = images
    self.hasLabels = hasLabels
    guard hasLabels else {
      (classNames, labels, self.notes) = (classes.labels, images.labels, notes)
      return
    }
    let matching = try Self.matching(images, areNumbers: areNumbers, data: data, classes)
    labels = images.labels.map { matching.outputs[Int($0)] }
    classNames = classes.labels ?? Self.names(images.classNames, matching.outputs, classes.count)
    self.notes =
      notes + matching.notes
      + Self.notes(
        ofNumbers: areNumbers && classes.order == nil ? images.labels : [], in: data)
  }

  /// Says so where labels that are numbers may be counted from 1.
  private static func notes(ofNumbers labels: [Int64], in data: String) -> [Note] {
    guard !labels.isEmpty, !labels.contains(0) else { return [] }
    return [
      Note(
        source: data,
        text:
          "no label is 0: where labels are counted from 1, say --class-order numbers-from-1"
      )
    ]
  }

  private static func matching(
    _ images: PredictionImages, areNumbers: Bool, data: String, _ classes: Classes
  ) throws -> ClassMatching {
    var isUsed = [Bool](repeating: false, count: images.classNames.count)
    for label in images.labels { isUsed[Int(label)] = true }
    // Numbers in files are those of outputs, unless a list beside them names what they stand for.
    let areNamed = images.classNames != images.classNames.indices.map(String.init)
    let order: ClassMatching.Order? =
      areNumbers && classes.order == nil && !(areNamed && classes.labels != nil)
      ? .numbers : classes.order
    let found =
      order == .numbers && areNumbers
      ? images.classNames.indices.map(String.init) : images.classNames
    return try ClassMatching(
      of: found, isUsed: isUsed, in: data, to: classes.labels, classes: classes.count,
      model: classes.model, order: order)
  }

  /// The images' own names in the order of the model's outputs; nil where some outputs have none.
  private static func names(
    _ names: [String], _ outputs: [Int64], _ count: Int
  ) -> [String]? {
    guard names.count == count, Set(outputs).count == count else { return nil }
    var ordered = names
    for (name, output) in zip(names, outputs) { ordered[Int(output)] = name }
    return ordered
  }

  /// The images of `split`, whose classes are the model's.
  package init(_ split: ImageSplit) {
    images = .decoded(split)
    (hasLabels, classNames, labels, notes) = (true, split.classNames, split.labels, [])
  }
}
