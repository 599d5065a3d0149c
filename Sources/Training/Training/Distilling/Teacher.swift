import Datasets
import Files
import Networks
import Predictions
import Runs
import Schemas
import Torch
import Weights

/// What a teacher says of the images of a training split, as they lie in it.
package struct Teacher: Sendable {
  /// The name of the split in its files.
  static let split = "train"

  private let predictions: Predictions

  /// What a run keeps of its teacher: what it found out first stays, whatever becomes of the teacher.
  ///
  /// - Parameters:
  ///   - place: The run's file.
  ///   - record: The images of the run.
  /// - Throws: `TrainingError.unusableTeacher` where the teacher is of other images or classes, or is neither a complete run nor
  ///   predictions.
  init(
    _ distillation: Distillation, keptAt place: String, _ images: ImageDataset,
    _ record: DataRecord
  ) throws {
    while !Directory.exists(place) {
      let found = try Self.ask(distillation.teacher, images, record)
      _ = try NewFile.publish(at: place) { try found.write(to: $0) }
    }
    predictions = try Predictions(path: place)
    try Self.check(predictions, from: place, record)
  }

  private static func ask(
    _ path: String, _ images: ImageDataset, _ record: DataRecord
  ) throws -> Predictions {
    guard Directory.exists(path) else {
      throw TrainingError.unusableTeacher(path: path, reason: "there is no such file or directory")
    }
    let run = RunDirectory(path: path)
    if Directory.isDirectory(path) {
      guard Directory.exists(run.experimentPath) else {
        throw TrainingError.unusableTeacher(path: path, reason: "it is a directory, but no run")
      }
      return try ask(run, images, record)
    }
    let predictions = try Predictions(path: path)
    try check(predictions, from: path, record)
    return predictions
  }

  private static func check(
    _ predictions: Predictions, from path: String, _ record: DataRecord
  ) throws(TrainingError) {
    guard predictions.classes == record.classNames.count else {
      throw .unusableTeacher(
        path: path,
        reason:
          "it knows \(predictions.classes) classes, and the images have \(record.classNames.count)")
    }
    guard predictions.fingerprint == record.trainingFingerprint else {
      throw .unusableTeacher(path: path, reason: "it is of other images than the training split's")
    }
  }

  /// Has the members of a run predict the images, and combines what they say.
  private static func ask(
    _ run: RunDirectory, _ images: ImageDataset, _ record: DataRecord
  ) throws -> Predictions {
    func refuse(_ reason: String) -> TrainingError {
      .unusableTeacher(path: run.path, reason: reason)
    }
    let (experiment, own) = (try run.experiment(), try run.dataRecord())
    guard own.classNames == record.classNames else { throw refuse("its classes are others") }
    guard own.trainingFingerprint == record.trainingFingerprint else {
      throw refuse("it was trained on other images")
    }
    let split = try ImageTensors(images.train)
    let normalization = Normalization(mean: own.mean, standardDeviation: own.standardDeviation)
    var sums = [Double](repeating: 0, count: split.count * record.classNames.count)
    var (multiplyAccumulates, parameters) = (0, 0)
    let members = experiment.allMembers
    for member in members {
      let files = run.member(member.name)
      guard files.isComplete(withHoldOut: experiment.data.holdsOut) else {
        throw refuse("\(member.name) is not yet trained")
      }
      let network = try Network(file: files.networkPath)
      guard
        network.input
          == ImageShape(channels: split.channels, height: split.height, width: split.width)
      else { throw refuse("\(member.name) takes images of another size") }
      let model = try Model(network, generator: Generator(seed: 0))
      _ = try files.weights(of: experiment.identity(of: member, data: own))
      try model.readWeights(from: files.weightsPath)
      let evaluation = try Evaluation(of: model, on: split, normalization: normalization)
      for index in sums.indices { sums[index] += Double(evaluation.logProbabilities[index]) }
      multiplyAccumulates += network.totals.multiplyAccumulates
      parameters += network.totals.parameters
    }
    return try Predictions(
      name: "teacher", network: experiment.name,
      multiplyAccumulates: multiplyAccumulates, parameters: parameters,
      split: Self.split, fingerprint: record.trainingFingerprint,
      logProbabilities: normalized(sums, members: members.count, classes: record.classNames.count),
      labels: images.train.labels, classes: record.classNames.count)
  }

  /// The normalised geometric means of the members' probabilities, as their logarithms.
  private static func normalized(_ sums: [Double], members: Int, classes: Int) -> [Float] {
    stride(from: 0, to: sums.count, by: classes).flatMap { start in
      SoftLabels.logSoftmax(sums[start..<start + classes].map { $0 / Double(members) })
        .map(Float.init)
    }
  }

  /// What the teacher says at a temperature, on a device.
  ///
  /// - Throws: `TorchError` where the device has no room for it.
  func softLabels(_ distillation: Distillation, device: Device) throws -> SoftLabels {
    let logProbabilities = predictions.withLogProbabilities { Array($0) }
    return try SoftLabels(
      logProbabilities, classes: predictions.classes, distillation, device: device)
  }
}
