/// The natural logarithm of the sum of e^(scale x (value - greatest)): what a logarithm of a softmax takes off.
///
/// - Parameter greatest: The greatest of the values, so that nothing overflows.
@inlinable package func logSumExp(
  _ values: some Sequence<Double>, relativeTo greatest: Double, scale: Double = 1
) -> Double {
  naturalLogarithm(values.reduce(0) { $0 + exponential(($1 - greatest) * scale) })
}
