#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// e to the power of `value`.
@inlinable package func exponential(_ value: Double) -> Double { exp(value) }

/// `base` to the power of `exponent`.
@inlinable package func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }

/// The natural logarithm of `value`; minus infinity for 0.
@inlinable package func naturalLogarithm(_ value: Double) -> Double { log(value) }

/// 1 minus the error function, accurate where it is small.
@inlinable package func complementaryErrorFunction(_ value: Double) -> Double { erfc(value) }

/// The natural logarithm of the gamma function of `value`, which is above 0.
package func logarithmOfGamma(_ value: Double) -> Double {
  var sign: Int32 = 0
  return lgamma_r(value, &sign)
}
