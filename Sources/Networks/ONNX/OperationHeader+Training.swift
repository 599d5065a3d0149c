extension OperationHeader {
  /// Makes sure that the operation is not as trainings have it: it would answer by the batch, or at random.
  ///
  /// - Parameter truths: The values of constants that are one boolean.
  func checkIsNoTraining(operatorSet: Int, truths: [String: Bool]) throws {
    let isTraining: Bool
    switch operation {
    case "BatchNormalization":
      // Before operator set 14, those that give statistics too compute them of the batch.
      let givesStatistics = outputs.dropFirst().contains { !$0.isEmpty }
      isTraining = givesStatistics || attributes["training_mode"]?.integers.first ?? 0 != 0
    case "Dropout":
      let mode = inputs.count > 2 ? inputs[2] : ""
      isTraining = !mode.isEmpty && truths[mode] != false
    default: return
    }
    guard !isTraining else {
      throw failure(
        "is in training mode, and answers by its batch or at random: export the model in evaluation mode (model.eval())"
      )
    }
  }
}
