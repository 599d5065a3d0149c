import CEnsembles

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// e to the power of `value`.
func exponential(_ value: Double) -> Double { exp(value) }

/// `base` to the power of `exponent`.
func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }

/// The natural logarithm of `value`; minus infinity for 0.
func naturalLogarithm(_ value: Double) -> Double { log(value) }

/// 1 minus the error function, accurate where it is small.
func complementaryErrorFunction(_ value: Double) -> Double { erfc(value) }

/// e to the power of each value, at most 700, within two units in the last place; 0 below -708.
func exponentials(_ values: [Double]) -> [Double] {
  [Double](unsafeUninitializedCapacity: values.count) { results, count in
    count = values.count
    guard let target = results.baseAddress else { return }
    values.withUnsafeBufferPointer { values in
      if let source = values.baseAddress { consort_exponentials(source, target, Int64(count)) }
    }
  }
}
