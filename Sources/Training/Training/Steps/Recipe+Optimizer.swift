import Networks
import Runs
import Torch

extension Recipe {
  /// The optimizer that the recipe asks for, for a model's parameters.
  ///
  /// - Throws: `TorchError` where memory does not suffice for the optimizer's buffers.
  package func optimizer(of model: Model) throws -> any Optimizer {
    try optimizer(of: model.parameters.filter(\.isTrainable), model.trainableTensors)
  }

  /// The optimizer that the recipe asks for, for trainable parameters and their tensors.
  ///
  /// - Throws: `TorchError` where memory does not suffice for the optimizer's buffers.
  package func optimizer(of parameters: [Parameter], _ tensors: [Tensor]) throws -> any Optimizer {
    let weightDecays = parameters.map { parameter in
      switch parameter.kind {
      case .normalizationWeight, .normalizationBias: decaysNormalization ? weightDecay : 0
      default: weightDecay
      }
    }
    switch optimizer {
    case .sgd:
      return try StochasticGradientDescent(
        tensors, momentum: momentum, weightDecays: weightDecays, nesterov: true)
    case .rmsProp(let decay, let epsilon):
      return try RMSProp(
        tensors, decay: decay, momentum: momentum, epsilon: epsilon,
        weightDecays: weightDecays)
    }
  }
}
