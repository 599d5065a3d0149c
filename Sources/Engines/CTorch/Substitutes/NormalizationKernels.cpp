#include "NormalizationKernels.h"

#include <algorithm>
#include <vector>

#include "Dispatch.h"

namespace consort {

namespace {

/// Few channels make short loops: several rows are taken together, and channel vectors repeated for them.
constexpr int64_t shortest_lane_count = 64;
constexpr int64_t floats_per_chunk = 32768;

int64_t rows_per_step(int64_t channels) { return std::max<int64_t>(1, shortest_lane_count / channels); }

/// A `[channels]` vector, repeated for each row of a step.
class Repeated {
 public:
  Repeated(const float *values, int64_t channels) : lanes(channels * rows_per_step(channels)) {
    for (size_t lane = 0; lane < lanes.size(); ++lane) lanes[lane] = values[lane % static_cast<size_t>(channels)];
  }
  const float *data() const { return lanes.data(); }

 private:
  std::vector<float> lanes;
};

/// Calls `body(first float, float count)` for each step of the chunk; the last one may be shorter.
template <typename Body>
void for_each_step(int64_t rows, int64_t channels, Body body) {
  const int64_t count = rows * channels, step = channels * rows_per_step(channels);
  for (int64_t start = 0; start < count; start += step) body(start, std::min(step, count - start));
}

EVERY_WIDTH
void accumulate(const float *__restrict input, const float *__restrict origin, float *__restrict sums,
                float *__restrict squares, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const float difference = input[i] - origin[i];
    sums[i] += difference;
    squares[i] += difference * difference;
  }
}

EVERY_WIDTH
void add_and_accumulate(const float *__restrict a, const float *__restrict b, float *__restrict sum,
                        const float *__restrict origin, float *__restrict sums, float *__restrict squares,
                        int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const float value = a[i] + b[i];
    sum[i] = value;
    const float difference = value - origin[i];
    sums[i] += difference;
    squares[i] += difference * difference;
  }
}

EVERY_WIDTH
void normalize_relu(const float *__restrict input, float *__restrict output, const float *__restrict scale,
                       const float *__restrict shift, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const float value = input[i] * scale[i] + shift[i];
    output[i] = value < 0 ? 0 : value;
  }
}

EVERY_WIDTH
void accumulate_gradients(const float *__restrict gradient, const float *__restrict input,
                          const float *__restrict scale, const float *__restrict shift, const float *__restrict mean,
                          float *__restrict sums, float *__restrict products, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const float value = input[i] * scale[i] + shift[i];
    const float passed = value <= 0 ? 0 : gradient[i];
    sums[i] += passed;
    products[i] += passed * (input[i] - mean[i]);
  }
}

EVERY_WIDTH
void input_gradient(const float *gradient, const float *__restrict input, float *output, const float *__restrict scale,
                    const float *__restrict shift, const float *__restrict offset, const float *__restrict slope,
                    int64_t count) {
#pragma clang loop vectorize(assume_safety)
  for (int64_t i = 0; i < count; ++i) {
    const float value = input[i] * scale[i] + shift[i];
    const float passed = value <= 0 ? 0 : gradient[i];
    output[i] = scale[i] * passed + (offset[i] + slope[i] * input[i]);
  }
}

EVERY_WIDTH
void input_gradient_with_residual(const float *gradient, const float *__restrict input, const float *residual,
                                  float *output, const float *__restrict scale, const float *__restrict shift,
                                  const float *__restrict offset, const float *__restrict slope, int64_t count) {
#pragma clang loop vectorize(assume_safety)
  for (int64_t i = 0; i < count; ++i) {
    const float value = input[i] * scale[i] + shift[i];
    const float passed = value <= 0 ? 0 : gradient[i];
    output[i] = residual[i] + (scale[i] * passed + (offset[i] + slope[i] * input[i]));
  }
}

/// Sums a lane, in float32 over a chunk, and then over the rows of a step in float64.
struct Lanes {
  explicit Lanes(int64_t channels)
      : channels(channels), first(channels * rows_per_step(channels)), second(first.size()) {}

  void fold(double *firsts, double *seconds) const {
    std::fill(firsts, firsts + channels, 0);
    std::fill(seconds, seconds + channels, 0);
    for (size_t lane = 0; lane < first.size(); ++lane) {
      firsts[lane % static_cast<size_t>(channels)] += first[lane];
      seconds[lane % static_cast<size_t>(channels)] += second[lane];
    }
  }

  int64_t channels;
  std::vector<float> first, second;
};

/// From sums of differences to an origin: means, and squared deviations from them.
void center(const float *origin, int64_t rows, int64_t channels, double *means, double *squares) {
  for (int64_t channel = 0; channel < channels; ++channel) {
    const double sum = means[channel], count = static_cast<double>(rows);
    means[channel] = origin[channel] + sum / count;
    squares[channel] = squares[channel] - sum * sum / count;
  }
}

}  // namespace

int64_t rows_per_chunk(int64_t channels) {
  const int64_t step = rows_per_step(channels);
  return std::max<int64_t>(1, floats_per_chunk / (channels * step)) * step;
}

// Differences are taken to the chunk's first row, because a mean far from 0 would cost squares their digits.

void chunk_statistics(const float *input, int64_t rows, int64_t channels, double *means, double *squares) {
  const Repeated origin(input, channels);
  Lanes lanes(channels);
  for_each_step(rows, channels, [&](int64_t start, int64_t count) {
    accumulate(input + start, origin.data(), lanes.first.data(), lanes.second.data(), count);
  });
  lanes.fold(means, squares);
  center(input, rows, channels, means, squares);
}

void chunk_sum_statistics(const float *a, const float *b, float *sum, int64_t rows, int64_t channels, double *means,
                          double *squares) {
  std::vector<float> first_row(static_cast<size_t>(channels));
  for (int64_t channel = 0; channel < channels; ++channel) first_row[channel] = a[channel] + b[channel];
  const Repeated origin(first_row.data(), channels);
  Lanes lanes(channels);
  for_each_step(rows, channels, [&](int64_t start, int64_t count) {
    add_and_accumulate(a + start, b + start, sum + start, origin.data(), lanes.first.data(), lanes.second.data(),
                       count);
  });
  lanes.fold(means, squares);
  center(first_row.data(), rows, channels, means, squares);
}

void chunk_normalize_relu(const float *input, float *output, int64_t rows, int64_t channels, const float *scale,
                             const float *shift) {
  const Repeated scales(scale, channels), shifts(shift, channels);
  for_each_step(rows, channels, [&](int64_t start, int64_t count) {
    normalize_relu(input + start, output + start, scales.data(), shifts.data(), count);
  });
}

void chunk_gradient_sums(const float *gradient, const float *input, int64_t rows, int64_t channels, const float *scale,
                         const float *shift, const float *mean, double *sums, double *products) {
  const Repeated scales(scale, channels), shifts(shift, channels), means(mean, channels);
  Lanes lanes(channels);
  for_each_step(rows, channels, [&](int64_t start, int64_t count) {
    accumulate_gradients(gradient + start, input + start, scales.data(), shifts.data(), means.data(),
                         lanes.first.data(), lanes.second.data(), count);
  });
  lanes.fold(sums, products);
}

void chunk_input_gradient(const float *gradient, const float *input, const float *residual, float *output, int64_t rows,
                          int64_t channels, const float *scale, const float *shift, const float *offset,
                          const float *slope) {
  const Repeated scales(scale, channels), shifts(shift, channels), offsets(offset, channels), slopes(slope, channels);
  for_each_step(rows, channels, [&](int64_t start, int64_t count) {
    if (residual == nullptr) {
      input_gradient(gradient + start, input + start, output + start, scales.data(), shifts.data(), offsets.data(),
                     slopes.data(), count);
    } else {
      input_gradient_with_residual(gradient + start, input + start, residual + start, output + start, scales.data(),
                                   shifts.data(), offsets.data(), slopes.data(), count);
    }
  });
}

}  // namespace consort
