import CommandLine
import Datasets
import Deployment
import Files
import Inference
import Predictions

/// What the user says about the sources of predictions.
struct SourceOptions {
  /// The classes of the images of listed files.
  var labels: String?
  /// What the files of other programs are.
  let importing: ImportOptions
  /// The images, for ensemble directories and models.
  let images: ImageOptions
  /// How images become the input of models.
  let preprocessing: PreprocessingOverrides
  /// Which output of models holds the classes, and what it is.
  let output: ImageModel.OutputChoice
  /// What is said of models' input and output, as words of a command line.
  let modelWords: [String]
  /// Where the user names classes.
  private let classesFile: String?
  /// The first option that is about files of other programs.
  private let listOption: String?

  private static let listOptions = [
    CommandOption(
      "--labels", "FILE",
      help:
        "The images' classes for listed files, .npy, .npz, .csv or .tsv, in place of their own; found by id where "
        + "both have ids."),
    CommandOption(
      "--scores", "KIND",
      help: "What the scores of listed files are, where that is not certain: "
        + ScoreKind.allCases.map(\.name).joined(separator: ", ") + "."),
    CommandOption(
      "--classes", "FILE",
      help:
        "The classes' names, one a line: the columns of tables that are classes, or the order of the scores in files "
        + "without names, or of the outputs of models and ensembles."),
    CommandOption(
      "--labels-are", "FORM",
      help:
        "How labels stand for classes, where that is not certain: names, indices or indices-from-1."
    ),
    CommandOption("--label-column", "NAME", help: "The column of tables that holds the labels."),
  ]

  static let options =
    listOptions + ImageOptions.options + modelOptions

  private static let modelOptions =
    PreprocessingOverrides.options + ImageModel.OutputChoice.options

  init(_ arguments: ParsedArguments) throws {
    labels = arguments.string("--labels")
    images = try ImageOptions(arguments)
    preprocessing = try PreprocessingOverrides(arguments)
    output = try ImageModel.OutputChoice(arguments)
    modelWords = arguments.words(of: Self.modelOptions)
    listOption = Self.listOptions.map(\.name).first { arguments.string($0) != nil }
    classesFile = arguments.string("--classes")
    importing = ImportOptions(
      kind: try arguments.string("--scores").map { name throws(UsageError) in
        guard let kind = ScoreKind(name: name) else {
          throw UsageError(
            "--scores is " + Spelling.oneOf(ScoreKind.allCases.map(\.name), not: name))
        }
        return kind
      },
      classes: try classesFile.map { try PredictionList.classNames(in: $0) },
      labelForm: try arguments.choice("--labels-are"),
      labelColumn: arguments.string("--label-column"))
  }

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
  /// - Throws: `UsageError` for an option about lists where there are none.
  func check(_ sources: [PredictionSource]) throws(UsageError) {
    let hasList = sources.contains { if case .list = $0 { true } else { false } }
    let hasModel = sources.contains { if case .model = $0 { true } else { false } }
    guard output == ImageModel.OutputChoice() || hasModel else {
      throw UsageError("--output and --output-kind go with ONNX files, and none is given")
    }
    let predictsImages = sources.contains { source in
      switch source {
      case .ensemble, .model: true
      case .run, .files, .list: false
      }
    }
    for option in [
      images.classOrder.map { _ in ClassMatching.Order.option.name },
      images.holdOutData.map { _ in "--hold-out-data" },
    ] {
      guard let option, !predictsImages else { continue }
      throw UsageError(
        "\(option) goes with ensemble directories and ONNX files, and none is given: leave it out")
    }
    guard let listOption, !hasList, !(predictsImages && listOption == "--classes") else { return }
    throw UsageError(
      "\(listOption) is about the files of a list of predictions, and no list is given: leave it out"
    )
  }
}
