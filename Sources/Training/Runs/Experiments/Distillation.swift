import Schemas

/// How a training learns from what another member, or an ensemble, says of the training images.
///
/// The loss is `1 - weight` times that of the labels, and `weight` times the Kullback-Leibler divergence of the network's
/// distribution from the teacher's, both at the temperature, times its square. Source: arXiv:1503.02531.
public struct Distillation: Hashable, Sendable {
  /// A run, whose members are combined by the geometric mean of their probabilities, or predictions of all training images.
  public var teacher: String
  /// Logits are divided by it before the softmax.
  public var temperature: Double
  /// In 0...1.
  public var weight: Double

  /// Mostly learns from the teacher, unless told otherwise.
  public init(teacher: String, temperature: Double = 4, weight: Double = 0.9) {
    (self.teacher, self.temperature, self.weight) = (teacher, temperature, weight)
  }
}

extension Distillation: SchemaObject {
  /// The teacher, and the two numbers.
  public mutating func walk(_ fields: inout ObjectFields) throws(SchemaError) {
    try fields.field("teacher", &teacher, .text, isRequired: true)
    try fields.field("temperature", &temperature, .number(0.1...1000))
    try fields.field("weight", &weight, .number(0...1))
  }
}
