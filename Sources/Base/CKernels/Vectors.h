#ifndef CONSORT_VECTORS_H
#define CONSORT_VECTORS_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "Dispatch.h"

// Results have the same bits on every processor: vectors have the same number of elements everywhere, and a product and a
// sum are rounded one by one.
#pragma clang fp contract(off)

// Functions that return vectors are inlined: no calling convention is concerned.
#pragma clang diagnostic ignored "-Wpsabi"

#define INLINED_LAMBDA __attribute__((always_inline))

#if CONSORT_HAS_WIDTHS
/// Defines `result name(parameters)`, which is `name_for(arguments)` compiled for the processor.
#define BY_PROCESSOR(result, name, parameters, arguments)                                 \
  FOR_512 static result name##_512 parameters { return name##_for arguments; }            \
  FOR_256 static result name##_256 parameters { return name##_for arguments; }            \
  result name parameters {                                                                \
    switch (consort_width()) {                                                            \
      case CONSORT_512: return name##_512 arguments;                                      \
      case CONSORT_256: return name##_256 arguments;                                      \
      case CONSORT_PLAIN: return name##_for arguments;                                    \
    }                                                                                     \
  }
#else
#define BY_PROCESSOR(result, name, parameters, arguments) \
  result name parameters { return name##_for arguments; }
#endif

namespace consort {

constexpr int64_t float_lanes = 16, double_lanes = 8;

typedef float Floats __attribute__((vector_size(64)));
typedef float LooseFloats __attribute__((vector_size(64), aligned(4)));
typedef int32_t Integers __attribute__((vector_size(64)));
typedef double Doubles __attribute__((vector_size(64)));
typedef double LooseDoubles __attribute__((vector_size(64), aligned(8)));
typedef int64_t Longs __attribute__((vector_size(64)));

INLINED Floats load(const float *values) { return *reinterpret_cast<const LooseFloats *>(values); }
INLINED Doubles load(const double *values) { return *reinterpret_cast<const LooseDoubles *>(values); }
INLINED void store(double *values, const Doubles &vector) { *reinterpret_cast<LooseDoubles *>(values) = vector; }

template <typename Vector>
INLINED Vector greater(const Vector &a, const Vector &b) {
  return a > b ? a : b;
}

INLINED Floats floats(float value) { return Floats{} + value; }
INLINED Doubles doubles(double value) { return Doubles{} + value; }

/// The place of the greatest of some values, of equals the first.
INLINED int64_t first_greatest(const float *values, int64_t count) {
  const int64_t whole = count / float_lanes * float_lanes;
  float greatest = -INFINITY;
  if (whole > 0) {
    Floats best = load(values);
    for (int64_t i = float_lanes; i < whole; i += float_lanes) best = greater(best, load(values + i));
    for (int64_t lane = 0; lane < float_lanes; ++lane) greatest = best[lane] > greatest ? best[lane] : greatest;
  }
  for (int64_t i = whole; i < count; ++i) greatest = values[i] > greatest ? values[i] : greatest;
  for (int64_t i = 0; i < count; ++i) {
    if (values[i] == greatest) return i;
  }
  return 0;
}

template <typename To, typename From>
INLINED To bits(const From &value) {
  static_assert(sizeof(To) == sizeof(From));
  To result;
  memcpy(&result, &value, sizeof(To));
  return result;
}

/// e to the power of `x`, at most 700; 0 below -708. The error is below two units in the last place.
INLINED Doubles exponential(const Doubles &x) {
  // x = k ln 2 + r with |r| <= ln 2 / 2; the sum with this number rounds to a whole one.
  const double whole = 0x1.8p52;
  const Doubles limited = greater(x, doubles(-708));
  const Doubles shifted = limited * 0x1.71547652b82fep0 + whole;
  const Doubles k = shifted - whole;
  const Doubles r = limited - k * 0x1.62e42fefa38p-1 - k * 0x1.ef35793c7673p-45;
  // Taylor's series: the first term that is left out is 4e-18.
  Doubles sum = r * (1.0 / 6227020800) + 1.0 / 479001600;
  sum = sum * r + 1.0 / 39916800;
  sum = sum * r + 1.0 / 3628800;
  sum = sum * r + 1.0 / 362880;
  sum = sum * r + 1.0 / 40320;
  sum = sum * r + 1.0 / 5040;
  sum = sum * r + 1.0 / 720;
  sum = sum * r + 1.0 / 120;
  sum = sum * r + 1.0 / 24;
  sum = sum * r + 1.0 / 6;
  sum = sum * r + 0.5;
  sum = sum * r * r + r + 1.0;
  const Longs power = (bits<Longs>(shifted) - bits<int64_t>(whole) + 1023) << 52;
  const Doubles result = sum * bits<Doubles>(power);
  return x < -708.0 ? Doubles{} : result;
}

/// Sets each of several vectors to its exponential, with the bits of `exponential`: side by side, because one alone waits for
/// each of its sums.
template <int n>
INLINED void exponentials(Doubles (&x)[n]) {
  Doubles least = x[0];
  for (int i = 1; i < n; ++i) least = least < x[i] ? least : x[i];
  if (__builtin_reduce_or(least < -708.0) != 0) {
    for (int i = 0; i < n; ++i) x[i] = exponential(x[i]);
    return;
  }
  const double whole = 0x1.8p52;
  constexpr double coefficients[] = {1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040,
                                     1.0 / 720,      1.0 / 120,     1.0 / 24,     1.0 / 6,     0.5};
  Doubles r[n], sum[n];
  Longs power[n];
  for (int i = 0; i < n; ++i) {
    const Doubles shifted = x[i] * 0x1.71547652b82fep0 + whole;
    const Doubles k = shifted - whole;
    power[i] = bits<Longs>(shifted) << 52;
    r[i] = x[i] - k * 0x1.62e42fefa38p-1 - k * 0x1.ef35793c7673p-45;
    sum[i] = r[i] * (1.0 / 6227020800) + 1.0 / 479001600;
  }
  // Unrolled, one vector's terms would be taken after another's.
#pragma clang loop unroll(disable)
  for (double coefficient : coefficients) {
    for (int i = 0; i < n; ++i) sum[i] = sum[i] * r[i] + coefficient;
  }
  // The sum is from 0.7 to 1.5: to multiply it is to add to its exponent.
  for (int i = 0; i < n; ++i) x[i] = bits<Doubles>(bits<Longs>(sum[i] * r[i] * r[i] + r[i] + 1.0) + power[i]);
}

/// Vectors whose exponentials are taken side by side.
constexpr int exponentials_at_once = 4;

/// As `exponential`, of many numbers; `values` and `result` may be the same.
INLINED void exponentials(const double *values, double *result, int64_t count) {
  int64_t i = 0;
  for (; i + exponentials_at_once * double_lanes <= count; i += exponentials_at_once * double_lanes) {
    Doubles x[exponentials_at_once];
    for (int j = 0; j < exponentials_at_once; ++j) x[j] = load(values + i + j * double_lanes);
    exponentials(x);
    for (int j = 0; j < exponentials_at_once; ++j) store(result + i + j * double_lanes, x[j]);
  }
  for (; i + double_lanes <= count; i += double_lanes) store(result + i, exponential(load(values + i)));
  for (; i < count; ++i) result[i] = exponential(doubles(values[i]))[0];
}

/// The natural logarithm of positive, normal numbers, within two units in the last place; of 0 a number below -700.
INLINED Doubles logarithm(const Doubles &x) {
  const Longs number = bits<Longs>(x);
  const int64_t half = bits<int64_t>(0.70710678118654757);
  // x = 2^k m with m in sqrt(1/2) ..< sqrt(2).
  const Longs k = (number - half) >> 52;
  const Doubles m = bits<Doubles>(number - (k << 52));
  const double whole = 0x1.8p52;
  const Doubles exponent = bits<Doubles>(k + bits<int64_t>(whole)) - whole;
  const Doubles s = (m - 1) / (m + 1), z = s * s;
  Doubles sum = z * (1.0 / 23) + 1.0 / 21;
  sum = sum * z + 1.0 / 19;
  sum = sum * z + 1.0 / 17;
  sum = sum * z + 1.0 / 15;
  sum = sum * z + 1.0 / 13;
  sum = sum * z + 1.0 / 11;
  sum = sum * z + 1.0 / 9;
  sum = sum * z + 1.0 / 7;
  sum = sum * z + 1.0 / 5;
  sum = sum * z + 1.0 / 3;
  const Doubles rest = s * 2 + s * 2 * (sum * z);
  return exponent * 0x1.62e42fefa38p-1 + (exponent * 0x1.ef35793c7673p-45 + rest);
}

/// e to the power of `x`, between -87 and 88 and limited to that, within 2^-21 of it.
INLINED Floats exponential(const Floats &x) {
  const float whole = 0x1.8p23f;
  Floats limited = greater(x, floats(-87));
  limited = limited < 88.0f ? limited : floats(88);
  const Floats shifted = limited * 0x1.715476p0f + whole;
  const Floats k = shifted - whole;
  const Floats r = limited - k * 0x1.62ep-1f - k * 0x1.0bfbe8p-15f;
  Floats sum = r * (1.0f / 5040) + 1.0f / 720;
  sum = sum * r + 1.0f / 120;
  sum = sum * r + 1.0f / 24;
  sum = sum * r + 1.0f / 6;
  sum = sum * r + 0.5f;
  sum = sum * r * r + r + 1.0f;
  const Integers power = (bits<Integers>(shifted) - bits<int32_t>(whole) + 127) << 23;
  return sum * bits<Floats>(power);
}

/// Vectors whose rough exponentials are taken side by side.
constexpr int rough_at_once = 4;

/// e to the power of each `x`, limited to 88 and -87, within 4e-6 of it: as exact as sums in float are worth.
template <int n>
INLINED void rough_exponentials(Floats (&x)[n]) {
  const float whole = 0x1.8p23f;
  constexpr float coefficients[] = {1.0f / 6, 0.5f, 1.0f, 1.0f};
  Floats r[n], sum[n];
  Integers power[n];
  for (int i = 0; i < n; ++i) {
    Floats limited = greater(x[i], floats(-87));
    limited = limited < 88.0f ? limited : floats(88);
    const Floats shifted = limited * 0x1.715476p0f + whole;
    power[i] = (bits<Integers>(shifted) - bits<int32_t>(whole) + 127) << 23;
    r[i] = limited - (shifted - whole) * 0x1.62e430p-1f;
    sum[i] = r[i] * (1.0f / 120) + 1.0f / 24;
  }
#pragma clang loop unroll(disable)
  for (float coefficient : coefficients) {
    for (int i = 0; i < n; ++i) sum[i] = sum[i] * r[i] + coefficient;
  }
  for (int i = 0; i < n; ++i) x[i] = sum[i] * bits<Floats>(power[i]);
}

}  // namespace consort

#endif
