// The arithmetic of batch normalisation with ReLU on the CPU, over maps that lie channels-last: `rows` positions of
// `channels` floats each. One pass over memory where separate operations take several.
#pragma once

#include <cstdint>

namespace consort {

/// A part of the rows, small enough to stay in a core's cache, and the same whatever the number of threads: sums are
/// taken a chunk, then over the chunks in order, so bits do not depend on threads.
int64_t rows_per_chunk(int64_t channels);

/// A chunk's channel means and sums of squared deviations from them, each `[channels]`.
void chunk_statistics(const float *input, int64_t rows, int64_t channels, double *means, double *squares);

/// The same of `a + b`, which is written to `sum`.
void chunk_sum_statistics(const float *a, const float *b, float *sum, int64_t rows, int64_t channels, double *means,
                          double *squares);

/// output = max(0, input * scale + shift), NaN where the input is.
void chunk_normalize_relu(const float *input, float *output, int64_t rows, int64_t channels, const float *scale,
                             const float *shift);

/// With g = gradient where the output is positive, else 0: the sums of g and of g * (input - mean).
void chunk_gradient_sums(const float *gradient, const float *input, int64_t rows, int64_t channels, const float *scale,
                         const float *shift, const float *mean, double *sums, double *products);

/// output = scale * g + offset + slope * input, plus `residual` unless it is null. `output` may be `gradient` itself.
void chunk_input_gradient(const float *gradient, const float *input, const float *residual, float *output, int64_t rows,
                          int64_t channels, const float *scale, const float *shift, const float *offset,
                          const float *slope);

}  // namespace consort
