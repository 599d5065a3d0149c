import CommandLine
import Datasets
import Formatting
import Runs
import Training

/// The images that an experiment asks for; `file` names it in errors.
///
/// - Parameter isQuiet: Whether nothing is shown of what takes long.
func loadImages(
  of experiment: Experiment, file: String, from path: String?, isQuiet: Bool = false
) throws -> RunImages {
  try loadImages(
    experiment.data, for: [experiment.recipe], file: file, from: path, isQuiet: isQuiet)
}

/// The images of a selection, as the recipes need them: decoded beforehand, or as they are needed.
///
/// - Parameter recipes: At least one; all with random resized crops, or none.
func loadImages(
  _ data: DataSelection, for recipes: [Recipe], file: String, from path: String?,
  isQuiet: Bool = false
) throws -> RunImages {
  let streams = recipes.contains { $0.randomResizedCrop != nil }
  guard !streams || recipes.allSatisfy({ $0.randomResizedCrop != nil }) else {
    throw UsageError(
      "'\(file)': all recipes have random resized crops (recipe.randomResizedCrop), or none has")
  }
  if let procedural = data.procedural {
    guard path == nil else {
      throw UsageError("'\(file)' draws its own images: leave --data out")
    }
    guard !streams else {
      throw UsageError(
        "'\(file)' draws its own images: leave recipe.randomResizedCrop out, or the recipe that has it"
      )
    }
    return .resident(procedural.dataset())
  }
  guard let path else {
    throw UsageError(
      "'\(file)' needs images: --data DIR (`consort data download cifar10` fetches some)")
  }
  let progress = { (message: String) in if !isQuiet { Terminal.writeError(message) } }
  // Crops of random size are taken from the files themselves.
  guard !streams else {
    return .streamed(try EncodedDataset.load(directory: path, progress: progress))
  }
  return .resident(
    try ImageDataset.load(
      directory: path, imageSize: data.imageSize, progress: progress))
}
