#ifndef CONSORT_LANES_H
#define CONSORT_LANES_H

#include "CKernels.h"
#include "Vectors.h"

// Eight images are taken at once, one a lane: nothing is summed across lanes, and ten classes fill vectors as well as a
// thousand.

namespace consort {

static_assert(CONSORT_LANES == double_lanes);

/// How many vectors of sums there are: votes have the log-probabilities that break their ties behind them.
inline int64_t vectors_of(consort_summand summand) { return summand == CONSORT_VOTES ? 2 : 1; }

/// Fills the lanes with what one member adds to the sums; lanes behind the last image repeat it.
INLINED void load_member(const float *values, int64_t images, int64_t classes, consort_summand summand,
                         double *target) {
  double *const logarithms = target + (summand == CONSORT_VOTES ? classes * double_lanes : 0);
  for (int64_t lane = 0; lane < double_lanes; ++lane) {
    const float *const row = values + (lane < images ? lane : images - 1) * classes;
    for (int64_t c = 0; c < classes; ++c) logarithms[c * double_lanes + lane] = row[c];
    if (summand == CONSORT_VOTES) {
      int64_t best = 0;
      for (int64_t c = 1; c < classes; ++c) best = row[c] > row[best] ? c : best;
      for (int64_t c = 0; c < classes; ++c) target[c * double_lanes + lane] = c == best ? 1 : 0;
    }
  }
  for (int64_t c = 0; c < classes; ++c) {
    double *const place = logarithms + c * double_lanes;
    const Doubles value = load(place);
    store(place, summand == CONSORT_PROBABILITIES ? exponential(value)
                                                  : greater(value, doubles(CONSORT_LEAST_LOGARITHM)));
  }
}

/// Fills `target` with `prefix` and `member` added up.
INLINED void add_up(const double *prefix, const double *member, int64_t count, double *target) {
  for (int64_t i = 0; i < count; i += double_lanes) store(target + i, load(prefix + i) + load(member + i));
}

}  // namespace consort

#endif
