#ifndef CONSORT_LANES_H
#define CONSORT_LANES_H

#include <math.h>

#include "CKernels.h"
#include "Vectors.h"

// Eight images are taken at once, one a lane: nothing is summed across lanes, and ten classes fill vectors as well as a
// thousand.

namespace consort {

static_assert(CONSORT_LANES == double_lanes);

/// How many vectors of sums there are: votes have the log-probabilities that break their ties behind them.
inline int64_t vectors_of(consort_summand summand) { return summand == CONSORT_VOTES ? 2 : 1; }

typedef float EightFloats __attribute__((vector_size(32)));
typedef float LooseEightFloats __attribute__((vector_size(32), aligned(4)));

/// Turns eight rows of eight values into columns.
INLINED void transpose(EightFloats (&rows)[double_lanes]) {
  EightFloats pairs[double_lanes], fours[double_lanes];
  for (int i = 0; i < double_lanes; i += 2) {
    pairs[i] = __builtin_shufflevector(rows[i], rows[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    pairs[i + 1] = __builtin_shufflevector(rows[i], rows[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
  for (int i = 0; i < double_lanes; i += 4) {
    for (int half = 0; half < 2; ++half) {
      const EightFloats first = pairs[i + half], second = pairs[i + 2 + half];
      fours[i + 2 * half] = __builtin_shufflevector(first, second, 0, 1, 8, 9, 4, 5, 12, 13);
      fours[i + 2 * half + 1] = __builtin_shufflevector(first, second, 2, 3, 10, 11, 6, 7, 14, 15);
    }
  }
  for (int i = 0; i < 4; ++i) {
    rows[i] = __builtin_shufflevector(fours[i], fours[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    rows[i + 4] = __builtin_shufflevector(fours[i], fours[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
}

/// What is summed of eight images' log-probabilities of a class.
INLINED Doubles summands(const Doubles &values, consort_summand summand) {
  return summand == CONSORT_PROBABILITIES ? exponential(values) : greater(values, doubles(CONSORT_LEAST_LOGARITHM));
}

/// Fills the lanes with what one member adds to the sums of some classes, of votes all; lanes behind the last image repeat it.
///
/// - stride: from one image's first class to the next one's.
INLINED void load_member(const float *values, int64_t images, int64_t stride, int64_t classes, consort_summand summand,
                         double *target) {
  double *const logarithms = target + (summand == CONSORT_VOTES ? classes * double_lanes : 0);
  const float *rows[double_lanes];
  for (int64_t lane = 0; lane < double_lanes; ++lane) rows[lane] = values + (lane < images ? lane : images - 1) * stride;
  int64_t c = 0;
  for (; c + double_lanes <= classes; c += double_lanes) {
    EightFloats block[double_lanes];
    for (int64_t lane = 0; lane < double_lanes; ++lane) block[lane] = *reinterpret_cast<const LooseEightFloats *>(rows[lane] + c);
    transpose(block);
    for (int64_t i = 0; i < double_lanes; ++i) {
      store(logarithms + (c + i) * double_lanes, summands(__builtin_convertvector(block[i], Doubles), summand));
    }
  }
  for (; c < classes; ++c) {
    Doubles place = {};
    for (int64_t lane = 0; lane < double_lanes; ++lane) place[lane] = rows[lane][c];
    store(logarithms + c * double_lanes, summands(place, summand));
  }
  if (summand != CONSORT_VOTES) return;
  for (int64_t lane = 0; lane < double_lanes; ++lane) {
    const int64_t best = first_greatest(rows[lane], classes);
    for (int64_t i = 0; i < classes; ++i) target[i * double_lanes + lane] = i == best ? 1 : 0;
  }
}

/// Fills `target` with `prefix` and `member` added up.
INLINED void add_up(const double *prefix, const double *member, int64_t count, double *target) {
  for (int64_t i = 0; i < count; i += double_lanes) store(target + i, load(prefix + i) + load(member + i));
}

}  // namespace consort

#endif
