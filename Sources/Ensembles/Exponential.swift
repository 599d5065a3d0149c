#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// e to the power of `value`.
func exponential(_ value: Double) -> Double { exp(value) }

/// The natural logarithm of `value`; minus infinity for 0.
func naturalLogarithm(_ value: Double) -> Double { log(value) }

/// 1 minus the error function, accurate where it is small.
func complementaryErrorFunction(_ value: Double) -> Double { erfc(value) }
