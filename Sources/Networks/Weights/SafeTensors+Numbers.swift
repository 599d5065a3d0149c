extension SafeTensors {
  /// Makes sure that a tensor of weights can be computed with: all numbers are finite, and variances not negative.
  ///
  /// - Throws: `WeightsError.uselessNumber`, or as `floats(named:)` does.
  public func checkNumbers(of name: String) throws {
    let numbers = try floats(named: name)
    guard numbers.allSatisfy(\.isFinite) else {
      throw WeightsError.uselessNumber(
        path: path, tensor: name, reason: "holds NaN or infinite numbers")
    }
    guard !name.hasSuffix("running_var") || numbers.allSatisfy({ $0 >= 0 }) else {
      throw WeightsError.uselessNumber(
        path: path, tensor: name, reason: "is a variance, and holds numbers below 0")
    }
  }
}
