extension ONNXGraph {
  /// Adds a reduction over one axis, which older sets of operators take as a setting and newer ones as an input.
  ///
  /// - Parameters:
  ///   - operation: Such as "ReduceSum".
  ///   - name: Of the operation and its output; the input that says the axis is called "NAME.axis".
  package mutating func append(
    reduction operation: String, _ name: String, of input: String, axis: Int, keepsAxis: Bool,
    operatorSet: Int
  ) {
    let keeps = ("keepdims", Attribute.integer(keepsAxis ? 1 : 0))
    let schema = OperatorSchema.named(operation, operatorSet: operatorSet)
    if schema?.attributes["axes"] != nil {
      append(operation, name, [input], [("axes", .integers([axis])), keeps])
    } else {
      append(constant: "\(name).axis", integers: [axis])
      append(operation, name, [input, "\(name).axis"], [keeps])
    }
  }
}
