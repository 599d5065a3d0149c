import Experiments
import Torch

extension Recipe {
  /// The optimizer that the recipe asks for, for a model's parameters.
  func optimizer(of model: Model) throws -> any Optimizer {
    let weightDecays = model.parameters.filter(\.isTrainable).map { parameter in
      switch parameter.kind {
      case .normalizationWeight, .normalizationBias: decaysNormalization ? weightDecay : 0
      default: weightDecay
      }
    }
    switch optimizer {
    case .sgd:
      return try StochasticGradientDescent(
        model.trainableTensors, momentum: momentum, weightDecays: weightDecays, nesterov: true)
    case .rmsProp(let decay, let epsilon):
      return try RMSProp(
        model.trainableTensors, decay: decay, momentum: momentum, epsilon: epsilon,
        weightDecays: weightDecays)
    }
  }
}
