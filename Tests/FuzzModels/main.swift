// Damages ONNX models and gives what the validator accepts to OpenVINO, in child processes that may die of it:
//   fuzz-models [--inputs N] [--seed S] [--keep DIRECTORY] MODEL...
// where a MODEL is a file, or a network's name, size and classes, such as efficientnet-b0:32:10.
// Prints a line of JSON a model; the exit status is 1 where an input killed a child. --keep says where such inputs go.
// A child: fuzz-models --child STATE MODEL SEED FIRST END; and one input again, written as DIRECTORY/NAME.onnx:
//   fuzz-models --write DIRECTORY MODEL SEED NUMBER
import Foundation

var arguments = Array(CommandLine.arguments.dropFirst())

/// Takes an option and its value out of the arguments.
@MainActor func option(_ name: String) -> String? {
  guard let index = arguments.firstIndex(of: name), index + 1 < arguments.count else { return nil }
  defer { arguments.removeSubrange(index...index + 1) }
  return arguments[index + 1]
}

/// The arguments from `first` on as whole numbers.
@MainActor func numbers(from first: Int) -> [Int] {
  arguments.dropFirst(first).compactMap { Int($0) }
}

if let state = option("--child") {
  let numbers = numbers(from: 1)
  try Child(
    state: state, corpus: MutatedModel(arguments[0], seed: UInt64(numbers[0]))
  ).run(numbers[1]..<numbers[2])
} else if let directory = option("--write") {
  let numbers = numbers(from: 1)
  let corpus = try MutatedModel(arguments[0], seed: UInt64(numbers[0]))
  try Data(corpus.input(numbers[1])).write(
    to: URL(filePath: "\(directory)/\(corpus.name)-\(numbers[0])-\(numbers[1]).onnx"))
} else {
  let inputs = option("--inputs").flatMap { Int($0) } ?? 10_000
  let seed = option("--seed").flatMap { Int($0) } ?? 0
  let keep = option("--keep")
  var deaths = 0
  for path in arguments {
    deaths += try Campaign(model: path, seed: seed, inputs: inputs, keep: keep).run()
  }
  exit(deaths > 0 ? 1 : 0)
}
