import Testing

/// Expects two numbers to differ by no more than `tolerance`.
public func expectClose(
  _ actual: Double, _ expected: Double, within tolerance: Double = 1e-9, _ comment: Comment? = nil,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(abs(actual - expected) <= tolerance, comment, sourceLocation: sourceLocation)
}
