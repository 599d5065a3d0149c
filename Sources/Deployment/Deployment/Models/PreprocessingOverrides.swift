import Datasets
import Files
import Inference

/// What a user says about how images become a model's input; the rest is what its file or its publishers say.
package struct PreprocessingOverrides: Sendable {
  /// Pixels of each side, for models that take images of any size.
  package var inputSize: Int?
  /// How images come to the input's size.
  package var resizing: Resizing?
  /// Between pixels.
  package var interpolation: Preprocessing.Interpolation?
  /// Of each channel, on 0...255.
  package var mean, standardDeviation: [Float]?
  /// What the greatest value of a pixel becomes, where the user says it.
  package var scale: Float?
  /// Which channel comes first.
  package var channelOrder: Preprocessing.ChannelOrder?

  /// How images come to a model's input.
  package enum Resizing: Hashable, Sendable {
    /// Whatever the input's size is.
    case fixed(Preprocessing.Resizing)
    /// The short side becomes the input's size over this.
    case cropFraction(Double)
  }

  /// Says nothing.
  package init() {}

  /// The model as a member that is fed so.
  ///
  /// - Throws: `InferenceError`, or `DatasetError.invalidPreprocessing`.
  package func member(_ model: ImageModel) throws -> EnsembleMember {
    let bytes = Preprocessing(
      height: model.input.height, width: model.input.width, resizing: .none, mean: [0, 0, 0],
      standardDeviation: [1, 1, 1], layout: model.input.layout)
    let preprocessing = described(
      over: model.preprocessing ?? (model.input.takesBytes ? bytes : nil),
      height: model.input.height, width: model.input.width,
      layout: model.input.layout)
    try preprocessing?.validate()
    return try EnsembleMember(model, preprocessing: preprocessing)
  }

  /// What is known, with what the user says in its place; nil where the two do not say enough.
  package func described(
    over known: Preprocessing?, height: Int, width: Int, layout: Preprocessing.Layout
  ) -> Preprocessing? {
    let given = scale.map { [Float](repeating: 255 / $0, count: 3) }
    guard let mean = mean ?? given.map({ _ in [0, 0, 0] }) ?? known?.mean,
      let standardDeviation = standardDeviation ?? given ?? known?.standardDeviation
    else { return nil }
    return Preprocessing(
      height: height, width: width,
      resizing: resizing(toInput: min(height, width)) ?? known?.resizing ?? .none,
      interpolation: interpolation ?? known?.interpolation ?? .bicubic, mean: mean,
      standardDeviation: standardDeviation, layout: layout,
      channelOrder: channelOrder ?? known?.channelOrder ?? .rgb)
  }

  private func resizing(toInput size: Int) -> Preprocessing.Resizing? {
    switch resizing {
    case .fixed(let resizing): resizing
    case .cropFraction(let fraction): .shortSide(Int((Double(size) / fraction).rounded(.down)))
    case nil: nil
    }
  }
}
