import Datasets
import Files
import Inference
import Predictions

/// A model that is to become, or is, the member of an ensemble: what it is called and what it is fed.
package struct EnsembleMember: Sendable {
  /// What it is called, unique in the ensemble.
  package var name: String
  /// The name of its network.
  package var network: String
  /// What computes it.
  package let model: ImageModel
  /// Learnt numbers: what its file says of the network that it was made of, which may have more than are left in the
  /// file, where normalisations are folded into convolutions; else those in the file.
  package let parameters: Int
  /// Multiply-accumulates (MACs) of one image, as counted.
  package let multiplyAccumulates: Int
  /// What turns decoded images into its input.
  package let preprocessing: Preprocessing
  /// The classes' names, in the order of the output, where they are known.
  package let labels: [String]?

  /// Takes what the caller says of the model, and of the rest what its file says.
  ///
  /// - Parameters:
  ///   - model: What computes it.
  ///   - name: What it is called; what its file says, or the file's name, where nil.
  ///   - network: The name of its network; what its file says, or its own name, where nil.
  ///   - preprocessing: What turns images into its input; what its file says where nil.
  ///   - labels: The classes' names; what its file says where nil.
  /// - Throws: `InferenceError`, `.unknownPreprocessing` where it is not said.
  package init(
    _ model: ImageModel, name: String? = nil, network: String? = nil,
    preprocessing: Preprocessing? = nil, labels: [String]? = nil
  ) throws(InferenceError) {
    self.model = model
    let name = name ?? model.metadata["name"] ?? Self.stem(of: model.source)
    self.name = name
    self.network = network ?? model.metadata["network"] ?? name
    guard let known = preprocessing ?? model.preprocessing else {
      throw .unknownPreprocessing(source: model.source)
    }
    if let difference = known.difference(from: model.input) {
      throw .wrongPreprocessing(source: model.source, reason: difference)
    }
    self.preprocessing = known
    self.labels = labels ?? model.labels
    let cost = try model.cost()
    multiplyAccumulates = cost.multiplyAccumulates
    let said = model.metadata["parameters"].flatMap { Int($0) } ?? 0
    parameters = (cost.parameters...Predictions.largestCost).contains(said) ? said : cost.parameters
    guard cost.parameters > 0, cost.multiplyAccumulates > 0 else {
      throw .uncountable(source: model.source, layer: "the whole", reason: "it learns nothing")
    }
  }

  /// What an export writes beside a description of the input that is what training did; without it the description may be
  /// that of an earlier version, which said bicubic always.
  package static let descriptionKey = "preprocessing_version"
  /// The value of `descriptionKey`.
  package static let descriptionVersion = "2"

  /// What is doubtful about how images become the input.
  package var notes: [Note] {
    guard case .shortSide(max(preprocessing.height, preprocessing.width)) = preprocessing.resizing,
      preprocessing.interpolation == .bicubic, preprocessing == model.preprocessing,
      model.isExport, model.metadata[Self.descriptionKey] == nil
    else { return [] }
    return [
      Note(
        source: model.source,
        text:
          "an earlier version wrote it: if its images were resized in training (data.imageSize), this was "
          + "bilinear, not bicubic as it says; export or build it again from its run, or give the file with "
          + "--interpolation bilinear")
    ]
  }

  /// The file's name without its directory and extension.
  private static func stem(of path: String) -> String {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    return name.hasSuffix(".onnx") ? String(name.dropLast(5)) : name
  }

  /// Makes sure that all members predict the same classes, and returns the classes' names where one knows them.
  ///
  /// - Throws: `InferenceError.differentMembers`.
  package static func commonLabels(
    of members: [EnsembleMember]
  ) throws(InferenceError) -> [String]? {
    for member in members.dropFirst() where member.model.classes != members[0].model.classes {
      throw .differentMembers(
        first: members[0].model.source, second: member.model.source,
        difference: "number of classes (\(members[0].model.classes) and \(member.model.classes))")
    }
    let named = members.filter { $0.labels != nil }
    for member in named.dropFirst() where member.labels != named[0].labels {
      let isOrder = member.labels.map(Set.init) == named[0].labels.map(Set.init)
      throw .differentMembers(
        first: named[0].model.source, second: member.model.source,
        difference: isOrder ? "order of the classes, whose names are the same" : "classes' names")
    }
    return named.first?.labels
  }

  /// What is taken of the classes of members that do not name them, beside some that do.
  package static func classNotes(of members: [EnsembleMember]) -> [Note] {
    guard let named = members.first(where: { $0.labels != nil }) else { return [] }
    return members.filter { $0.labels == nil }.map {
      Note(
        source: $0.model.source,
        text: "does not name its classes: they are taken in the order of '\(named.model.source)'")
    }
  }
}
