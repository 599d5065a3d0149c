import CommandLine
import Datasets
import Deployment
import Files
import Inference
import MemberSources
import Predictions

/// What the user says about the sources of predictions.
extension SourceOptions {
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
        + "without names, or of the outputs of models and ensembles, or of Consort's own predictions."
    ),
    CommandOption(
      "--labels-are", "FORM",
      help:
        "How labels stand for classes, where that is not certain: names, indices or indices-from-1."
    ),
    CommandOption("--label-column", "NAME", help: "The column of tables that holds the labels."),
  ]

  private static let imageOptions = [
    CommandOption(
      "--data", "DIR",
      help:
        "The test images, as for `consort predict`; beside a run or its predictions its data set, as for "
        + "`consort train`. Ensemble directories and ONNX files need them; others show examples of them."
    ),
    CommandOption(
      "--hold-out-data", "DIR",
      help:
        "The images to choose on, for ensemble directories and models without a run beside them."
    ),
    ClassMatching.Order.option,
  ]

  private static let modelOptions =
    PreprocessingOverrides.options + ImageModel.OutputChoice.options

  static let options = listOptions + imageOptions + modelOptions

  init(_ arguments: ParsedArguments) throws {
    self.init()
    labels = arguments.string("--labels")
    images.data = arguments.string("--data")
    images.holdOutData = arguments.string("--hold-out-data")
    images.classOrder = try ClassMatching.Order(arguments)
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
}
