#ifndef CRESAMPLING_H
#define CRESAMPLING_H

#include <stddef.h>
#include <stdint.h>

/// How one axis of an image is resampled: output `i` is the sum over `k` below `taps` of `weights[i * taps + k]` times
/// input `starts[i] + k`, plus a half, shifted right by 22 bits and kept in 0...255.
struct consort_axis {
  const int32_t *starts;
  const int32_t *weights;
  size_t taps;
  size_t outputs;
};

/// How many bytes past their last pixel `consort_resample_rows` and `consort_resample_columns` may read.
enum { consort_resampling_slack = 64 };

/// Resamples rows of pixels of 4 bytes, of which 3 are used, along the rows.
///
/// - pixels: `[rows, bytes_per_row / 4, 4]`.
/// - axis: Its taps are even; one past the end of a row has weight 0.
/// - mirrored: Whether outputs go from right to left.
/// - portable: Whether to compute as on any processor, without its wide registers; the outputs are the same.
/// - planes: `[rows, 3, outputs]`.
void consort_resample_rows(
    const uint8_t *pixels, size_t bytes_per_row, size_t rows, const struct consort_axis *axis,
    int mirrored, int portable, uint8_t *planes);

/// Resamples planes of rows across the rows.
///
/// - planes: `[rows, 3, width]`.
/// - axis: A tap past the last row has weight 0 and is not read.
/// - portable: As above.
/// - target: `[3, outputs, width]`.
void consort_resample_columns(
    const uint8_t *planes, size_t rows, size_t width, const struct consort_axis *axis,
    int portable, uint8_t *target);

#endif
