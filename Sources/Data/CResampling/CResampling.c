#include "CResampling.h"

#include <string.h>

#include "Dispatch.h"

#if CONSORT_HAS_WIDTHS
#include <immintrin.h>
#endif

enum { weight_bits = 22, half = 1 << (weight_bits - 1), block = 32 };

static inline uint8_t rounded(int32_t sum) {
  int32_t value = sum >> weight_bits;
  return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

// MARK: Along rows

static void resample_row(
    const uint8_t *row, const struct consort_axis *axis, int mirrored, uint8_t *planes) {
  size_t outputs = axis->outputs;
  for (size_t output = 0; output < outputs; output++) {
    const uint8_t *pixel = row + 4 * (size_t)axis->starts[output];
    const int32_t *weights = axis->weights + output * axis->taps;
    int32_t red = half, green = half, blue = half;
    for (size_t tap = 0; tap < axis->taps; tap++, pixel += 4) {
      red += weights[tap] * pixel[0];
      green += weights[tap] * pixel[1];
      blue += weights[tap] * pixel[2];
    }
    uint8_t *target = planes + (mirrored ? outputs - 1 - output : output);
    target[0] = rounded(red);
    target[outputs] = rounded(green);
    target[2 * outputs] = rounded(blue);
  }
}

#if CONSORT_HAS_WIDTHS
// Two pixels of four channels at a time, one in each half of a register.
FOR_256 static void resample_row_256(
    const uint8_t *row, const struct consort_axis *axis, int mirrored, uint8_t *planes) {
  size_t outputs = axis->outputs;
  const __m256i spread = _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1);
  for (size_t output = 0; output < outputs; output++) {
    const uint8_t *pixel = row + 4 * (size_t)axis->starts[output];
    const int32_t *weights = axis->weights + output * axis->taps;
    __m256i sums = _mm256_setr_epi32(half, half, half, half, 0, 0, 0, 0);
    for (size_t tap = 0; tap < axis->taps; tap += 2) {
      __m256i pair = _mm256_castsi128_si256(_mm_loadl_epi64((const __m128i *)(weights + tap)));
      __m256i values =
          _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(pixel + 4 * tap)));
      sums = _mm256_add_epi32(
          sums, _mm256_mullo_epi32(_mm256_permutevar8x32_epi32(pair, spread), values));
    }
    __m128i sum =
        _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
    sum = _mm_srai_epi32(sum, weight_bits);
    sum = _mm_packs_epi32(sum, sum);
    uint32_t channels = (uint32_t)_mm_cvtsi128_si32(_mm_packus_epi16(sum, sum));
    uint8_t *target = planes + (mirrored ? outputs - 1 - output : output);
    target[0] = (uint8_t)channels;
    target[outputs] = (uint8_t)(channels >> 8);
    target[2 * outputs] = (uint8_t)(channels >> 16);
  }
}
#endif

void consort_resample_rows(
    const uint8_t *pixels, size_t bytes_per_row, size_t rows, const struct consort_axis *axis,
    int mirrored, int portable, uint8_t *planes) {
  void (*resample)(const uint8_t *, const struct consort_axis *, int, uint8_t *) = resample_row;
#if CONSORT_HAS_WIDTHS
  if (!portable && consort_width() >= CONSORT_256) resample = resample_row_256;
#else
  (void)portable;
#endif
  for (size_t row = 0; row < rows; row++) {
    resample(pixels + row * bytes_per_row, axis, mirrored, planes + row * 3 * axis->outputs);
  }
}

// MARK: Across rows

// Compiled once for every processor and once for AVX2.
static INLINED void resample_column_block(
    const uint8_t *first, size_t stride, const int32_t *weights, size_t taps, uint8_t *target) {
  int32_t sums[block];
  for (int index = 0; index < block; index++) sums[index] = half;
  for (size_t tap = 0; tap < taps; tap++) {
    const uint8_t *row = first + tap * stride;
    int32_t weight = weights[tap];
    for (int index = 0; index < block; index++) sums[index] += weight * row[index];
  }
  for (int index = 0; index < block; index++) target[index] = rounded(sums[index]);
}

static INLINED void resample_columns(
    const uint8_t *planes, size_t rows, size_t width, const struct consort_axis *axis,
    uint8_t *target) {
  for (size_t output = 0; output < axis->outputs; output++) {
    size_t start = (size_t)axis->starts[output];
    size_t taps = axis->taps < rows - start ? axis->taps : rows - start;
    const int32_t *weights = axis->weights + output * axis->taps;
    for (size_t plane = 0; plane < 3; plane++) {
      const uint8_t *first = planes + (start * 3 + plane) * width;
      uint8_t *row = target + (plane * axis->outputs + output) * width;
      size_t column = 0;
      for (; column + block <= width; column += block) {
        resample_column_block(first + column, 3 * width, weights, taps, row + column);
      }
      if (column < width) {
        uint8_t rest[block];
        resample_column_block(first + column, 3 * width, weights, taps, rest);
        memcpy(row + column, rest, width - column);
      }
    }
  }
}

#if CONSORT_HAS_WIDTHS
FOR_256 static void resample_columns_256(
    const uint8_t *planes, size_t rows, size_t width, const struct consort_axis *axis,
    uint8_t *target) {
  resample_columns(planes, rows, width, axis, target);
}
#endif

void consort_resample_columns(
    const uint8_t *planes, size_t rows, size_t width, const struct consort_axis *axis,
    int portable, uint8_t *target) {
#if CONSORT_HAS_WIDTHS
  if (!portable && consort_width() >= CONSORT_256) {
    resample_columns_256(planes, rows, width, axis, target);
    return;
  }
#else
  (void)portable;
#endif
  resample_columns(planes, rows, width, axis, target);
}
