import Datasets
import Deployment
import Files
import Inference
import Predictions

/// What a user says about the sources of predictions.
package struct SourceOptions {
  /// The classes of the images of listed files.
  package var labels: String?
  /// What the files of other programs are.
  package var importing = ImportOptions()
  /// The images, for ensemble directories and models.
  package var images = ImageOptions()
  /// How images become the input of models.
  package var preprocessing = PreprocessingOverrides()
  /// Which output of models holds the classes, and what it is.
  package var output = ImageModel.OutputChoice()
  /// What is said of models' input and output, as words of a command line.
  package var modelWords: [String] = []
  /// The file of `importing.classes`, for messages.
  package var classesFile: String?
  /// The first option that is about files of other programs.
  package var listOption: String?

  /// Where images are.
  package struct ImageOptions: Sendable {
    /// Those that judge; beside a run, its whole data set.
    package var data: String?
    /// Those that choose.
    package var holdOutData: String?
    /// How their classes are matched with those of ensembles and models, where the user says it.
    package var classOrder: ClassMatching.Order?

    /// Names none.
    package init() {}
  }

  /// Says nothing.
  package init() {}

  /// The names of a model's classes: what the user says, before what its file says.
  ///
  /// - Throws: `DeploymentError.wrongLabelCount` where the user names more or fewer.
  func classNames(of count: Int, inFile own: [String]?) throws(DeploymentError) -> [String]? {
    guard let given = importing.classes, let classesFile else { return own }
    guard given.count == count else {
      throw .wrongLabelCount(path: classesFile, found: given.count, wanted: count)
    }
    return given
  }

  /// Checks that what is said is about something.
  ///
  /// - Throws: `SourceError.unusedOption` for an option about lists where there are none.
  package func check(_ sources: [MemberSource]) throws(SourceError) {
    let hasList = sources.contains { if case .list = $0 { true } else { false } }
    let hasModel = sources.contains { if case .model = $0 { true } else { false } }
    guard output == ImageModel.OutputChoice() || hasModel else {
      throw .unusedOption(
        "--output and --output-kind", reason: "go with ONNX files, and none is given")
    }
    let predictsImages = sources.contains { source in
      switch source {
      case .ensemble, .model: true
      case .run, .files, .list: false
      }
    }
    for option in [
      images.classOrder.map { _ in "--class-order" },
      images.holdOutData.map { _ in "--hold-out-data" },
    ] {
      guard let option, !predictsImages else { continue }
      throw .unusedOption(
        option,
        reason: "goes with ensemble directories and ONNX files, and none is given: leave it out")
    }
    // Consort's own files have no names of classes; runs know them.
    let takesNames =
      predictsImages || sources.contains { if case .files = $0 { true } else { false } }
    guard let listOption, !hasList, !(takesNames && listOption == "--classes") else { return }
    throw .unusedOption(
      listOption,
      reason: "is about the files of a list of predictions, and no list is given: leave it out")
  }
}
