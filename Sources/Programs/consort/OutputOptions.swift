import CommandLine
import Inference

/// What the user says about the outputs of ONNX files.
struct OutputOptions {
  let choice: ImageModel.OutputChoice
  /// What the user says, as words of a command line.
  let words: [String]

  static let options = [
    CommandOption(
      "--output", "NAME", help: "The output with the classes, of ONNX files that have several."),
    CommandOption(
      "--output-kind", "KIND",
      help:
        "What that output is: logits, probabilities, percentages or logProbabilities (default: what the graph ends "
        + "in, else logits)."),
  ]

  init(_ arguments: ParsedArguments) throws(UsageError) {
    words = arguments.words(of: Self.options)
    choice = ImageModel.OutputChoice(
      name: arguments.string("--output"), kind: try arguments.choice("--output-kind"))
  }

  var isEmpty: Bool { choice == ImageModel.OutputChoice() }
}
