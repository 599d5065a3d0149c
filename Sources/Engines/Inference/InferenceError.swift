import Files

/// A model or an ensemble that cannot be read, trusted or run.
public enum InferenceError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The engine itself does not start.
  case engineUnusable(reason: String)
  /// The file is no ONNX model that can be run.
  case unreadableModel(source: String, reason: String)
  /// The model has not one input.
  case severalInputs(source: String, inputs: [String])
  /// The model's input is no image.
  case notAnImage(source: String, input: String, found: String)
  /// The image's height and width are not fixed, and nothing says them.
  case unknownImageSize(source: String, input: String)
  /// None of the model's outputs is known to be the classes.
  case severalOutputs(source: String, outputs: [String])
  /// The model's output has no axis of classes.
  case noClassAxis(source: String, output: String, found: String)
  /// One of the model's metadata is not what it must be.
  case invalidMetadata(source: String, key: String, reason: String)
  /// The model cannot be compiled.
  case cannotCompile(source: String, reason: String)
  /// The model cannot be computed.
  case cannotRun(source: String, reason: String)
  /// Something takes more memory than this process may take.
  case tooLittleMemory(what: String, Memory.Shortage, fix: String)
  /// The model has no output of the name.
  case unknownOutput(source: String, name: String, outputs: [String])
  /// The model gives a single number an image.
  case oneOutput(source: String, output: String)
  /// The model gives each class a number of 0 to 1 by itself.
  case sigmoids(source: String, output: String)
  /// The model's softmax runs over the images of a batch.
  case batchSoftmax(source: String, output: String)
  /// The model gives its numbers sorted, no longer in the order of the classes.
  case sortedOutput(source: String, output: String)
  /// After the last learnt weights comes an operation whose results are hardly ever logits, and no known distribution.
  case transformedOutput(source: String, output: String, operation: String)
  /// One of the model's constants makes all that is computed from it useless.
  case uselessConstant(source: String, name: String, reason: String)
  /// The model's batch is free, but its operations fit another one only.
  case fixedBatchInside(source: String, batch: Int)
  /// The model answers otherwise where other images are in the batch.
  case answersByBatch(source: String)
  /// What the model gave is plainly not what it was taken for.
  case otherScores(source: String, ScoresKind)
  /// The model gave numbers that are no distribution: for which image of those given, and why.
  case notADistribution(source: String, image: Int, reason: String)
  /// A cost cannot be counted.
  case uncountable(source: String, layer: String, reason: String)
  /// Two members of an ensemble do not fit each other.
  case differentMembers(first: String, second: String, difference: String)
  /// Neither the model nor an option says how images become its input.
  case unknownPreprocessing(source: String)
  /// What is said about how images become the model's input does not fit it.
  case wrongPreprocessing(source: String, reason: String)
  /// The images have another size than the members take.
  case wrongImageSize(found: String, expected: String)
  /// None of the images could be decoded.
  case allSkipped(_ first: String)
  /// The directory is no ensemble.
  case notAnEnsemble(path: String, reason: String)
  /// A combination does not fit the members.
  case unfitCombination(reason: String)
  /// A member's file is not the one that the ensemble was built with.
  case changedMember(path: String, reason: String)
  /// A member's numbers lie beside its file, and an ensemble holds, and a shard is known by, one file a member.
  case externalData(source: String)
  /// There is something at the place where an ensemble shall be written.
  case placeTaken(path: String)

  /// One sentence naming the file, what is wrong and the fix.
  public var description: String {
    switch self {
    case .engineUnusable(let reason):
      "OpenVINO does not start: \(reason); run scripts/setup, then build again"
    case .unreadableModel, .severalInputs, .notAnImage, .unknownImageSize, .severalOutputs,
      .noClassAxis, .invalidMetadata:
      modelDescription
    case .unknownOutput, .oneOutput, .sigmoids, .batchSoftmax, .sortedOutput, .transformedOutput,
      .uselessConstant, .fixedBatchInside,
      .answersByBatch, .otherScores, .notADistribution:
      outputDescription
    case .cannotCompile(let source, let reason):
      "'\(source)' cannot be compiled for this processor: \(reason); "
        + (Self.isShortage(reason)
          ? "free memory, or raise the limits on memory and threads (`ulimit -v`, `ulimit -u`)"
          : "export it again, with standard operators")
    case .cannotRun(let source, let reason):
      "'\(source)' cannot be computed: \(reason); export it again, with standard operators"
    case .tooLittleMemory(let what, let shortage, let fix):
      "\(what) \(shortage): \(fix), or raise the limit on memory, as with `ulimit -v`"
    case .uncountable(let source, let layer, let reason):
      "the cost of '\(source)' cannot be counted at '\(layer)': \(reason)"
    case .differentMembers(let first, let second, let difference):
      "'\(first)' and '\(second)' differ in their \(difference); combine members of the same task"
    case .unknownPreprocessing(let source):
      "'\(source)' does not say how images become its input; give --mean and --std, or --scale 255 for pixels as they "
        + "are, and how images are resized, such as --resize 256"
    case .wrongPreprocessing(let source, let reason):
      "'\(source)' cannot be fed so: \(reason); correct the preprocessing"
    case .wrongImageSize(let found, let expected):
      "the images have \(found) pixels where the model takes \(expected); give a model for their size"
    case .allSkipped(let first):
      "none of the images can be decoded, '\(first)' the first of them; give JPEG or PNG files"
    case .notAnEnsemble(let path, let reason):
      "'\(path)' is not an ensemble: \(reason); `consort build-ensemble` writes one"
    case .unfitCombination(let reason):
      "the members cannot be combined so: \(reason); give a combination that was made for them"
    case .changedMember(let path, let reason):
      "'\(path)' is not the member that the ensemble was built with: \(reason); build the ensemble again"
    case .externalData(let source):
      "'\(source)' keeps numbers in another file, and an ensemble, as a shard, knows one file a member; put all into one: "
        + Shell.line(["python3", "-c", Self.joining, source])
    case .placeTaken(let path):
      "there is something at '\(path)' already; name another place, or remove it"
    }
  }

  /// Whether the system gave no memory or no thread, which is no fault of a model's.
  private static func isShortage(_ reason: String) -> Bool {
    ["bad_alloc", "out of memory", "Resource temporarily unavailable", "Cannot allocate memory"]
      .contains(where: reason.contains)
  }

  private var modelDescription: String {
    switch self {
    case .unreadableModel(let source, let reason):
      "'\(source)' is not an ONNX model that can be run: \(reason); export it again"
    case .severalInputs(let source, let inputs):
      "'\(source)' has \(inputs.count) inputs (\(Self.list(inputs))) where one of images is needed; "
        + "export the classifier alone"
    case .notAnImage(let source, let input, let found):
      "the input '\(input)' of '\(source)' is \(found) where images are needed, float32, float16 or uint8, "
        + "[N, 3, H, W] or [N, H, W, 3]; export a classifier of images"
    case .unknownImageSize(let source, let input):
      "the input '\(input)' of '\(source)' takes images of any size; give the one to use with --input-size"
    case .severalOutputs(let source, let outputs):
      "'\(source)' has \(outputs.count) outputs (\(Self.list(outputs))); "
        + "name the one of the classes with --output"
    case .noClassAxis(let source, let output, let found):
      "the output '\(output)' of '\(source)' is \(found) where [N, classes] of floats is needed; "
        + "export a classifier"
    case .invalidMetadata(let source, let key, let reason):
      "the metadata \"\(key)\" of '\(source)' cannot be used: \(reason); export it again"
    default: ""
    }
  }

  private var outputDescription: String {
    switch self {
    case .unknownOutput(let source, let name, let outputs):
      "'\(source)' has no output '\(name)'\(Spelling.suggestion(for: name, among: outputs)) (it has \(Self.list(outputs))); name one of them with --output"
    case .oneOutput(let source, let output):
      "the output '\(output)' of '\(source)' is one number an image, which is not a distribution over classes; export it "
        + "with one output a class, of two classes [1 - p, p]"
    case .sigmoids(let source, let output):
      "the output '\(output)' of '\(source)' comes out of a sigmoid, each class by itself, which is not a distribution over "
        + "the classes; export the logits before it, or end it in a softmax"
    case .sortedOutput(let source, let output):
      "the output '\(output)' of '\(source)' is sorted (TopK), so that its numbers are in no order of classes; export the "
        + "scores before it, or name another output with --output"
    case .transformedOutput(let source, let output, let operation):
      "the output '\(output)' of '\(source)' is computed on after the operation \(operation), and what it then is cannot be "
        + "told; export the logits or the probabilities themselves, or say with --output-kind what the output is"
    case .batchSoftmax(let source, let output):
      "the output '\(output)' of '\(source)' comes out of a softmax over the images of a batch (axis 0); export it with a "
        + "softmax over the classes (axis 1), or without"
    case .uselessConstant(let source, let name, let reason):
      "the constant '\(name)' of '\(source)' \(reason), and no answer that comes of it is one; train or export it again"
    case .fixedBatchInside(let source, let batch):
      "'\(source)' cannot take \(batch) images at a time: a batch is fixed inside, though its input's is free; give it one "
        + "image at a time: --batch 1"
    case .answersByBatch(let source):
      "'\(source)' gives an image another answer when other images are in its batch, as a normalisation or a dropout in "
        + "training mode does; export it in evaluation mode (model.eval()), or take one image at a time: --batch 1"
    case .otherScores(let source, let kind):
      "'\(source)': \(kind.description)"
    case .notADistribution(let source, let image, let reason):
      "'\(source)' gives image \(image) numbers that are no distribution over the classes: \(reason); say what its output "
        + "is with --output-kind, or look at how images become its input"
    default: ""
    }
  }

  private static let joining = "import onnx, sys; onnx.save(onnx.load(sys.argv[1]), \"whole.onnx\")"

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(8).map { "'\($0)'" }.joined(separator: ", ")
    return names.count > 8 ? "\(shown) and \(names.count - 8) more" : shown
  }
}
