#include "Lanes.h"

namespace {

using namespace consort;

/// The most probable class of each lane, and how sure it is.
struct Confidence {
  Longs predicted;
  Doubles greatest, second, entropy;
};

/// The position of the greatest sum, of equals the one with the greatest tie, of equals the first; and the next sum.
INLINED Confidence rank(const double *sums, const double *ties, int64_t classes) {
  Confidence found = {Longs{}, load(sums), doubles(-1e300), Doubles{}};
  Doubles best_tie = load(ties);
  for (int64_t c = 1; c < classes; ++c) {
    const Doubles sum = load(sums + c * double_lanes), tie = load(ties + c * double_lanes);
    const Longs better = (sum > found.greatest) | ((sum == found.greatest) & (tie > best_tie));
    const Doubles lesser = sum < found.greatest ? sum : found.greatest;
    found.second = greater(found.second, lesser);
    found.predicted = better ? Longs{} + c : found.predicted;
    best_tie = better ? tie : best_tie;
    found.greatest = greater(found.greatest, sum);
  }
  return found;
}

INLINED Confidence of_logarithms(const double *sums, int64_t classes, int64_t members) {
  Confidence found = rank(sums, sums, classes);
  const double scale = 1 / static_cast<double>(members);
  Doubles total = {}, weighted = {};
  for (int64_t c = 0; c < classes; ++c) {
    const Doubles exponent = (load(sums + c * double_lanes) - found.greatest) * scale;
    const Doubles value = exponential(exponent);
    total += value;
    weighted += value * greater(exponent, doubles(-1000));
  }
  found.second = exponential((found.second - found.greatest) * scale) / total;
  found.entropy = logarithm(total) - weighted / total;
  found.greatest = 1 / total;
  return found;
}

/// Of probabilities, or of votes with what breaks their ties.
INLINED Confidence of_probabilities(const double *sums, const double *ties, int64_t classes) {
  Confidence found = rank(sums, ties, classes);
  Doubles total = {}, weighted = {};
  for (int64_t c = 0; c < classes; ++c) total += load(sums + c * double_lanes);
  for (int64_t c = 0; c < classes; ++c) {
    const Doubles probability = load(sums + c * double_lanes) / total;
    weighted += probability * logarithm(probability);
  }
  found.greatest = found.greatest / total;
  found.second = greater(found.second, Doubles{}) / total;
  found.entropy = -weighted;
  return found;
}

INLINED void write(const Confidence &found, int64_t first, int64_t count, const consort_stage_outputs &outputs,
                   int64_t stage) {
  const int64_t place = stage * outputs.stride + first;
  for (int64_t lane = 0; lane < count; ++lane) {
    outputs.predicted[place + lane] = static_cast<int32_t>(found.predicted[lane]);
    outputs.greatest[place + lane] = found.greatest[lane];
    outputs.second[place + lane] = found.second[lane];
    outputs.entropy[place + lane] = found.entropy[lane] > 0 ? found.entropy[lane] : 0;
  }
}

INLINED void consort_stages_for(const consort_images *images, consort_summand summand, int64_t first_stage,
                                void *memory, const consort_stage_outputs *outputs) {
  const int64_t classes = images->classes, width = vectors_of(summand) * classes * double_lanes;
  double *const member_row = static_cast<double *>(memory), *const sums = member_row + width;
  for (int64_t first = 0; first < images->images; first += double_lanes) {
    const int64_t count = images->images - first < double_lanes ? images->images - first : double_lanes;
    for (int64_t member = 0; member < images->member_count; ++member) {
      load_member(images->members[member] + first * classes, count, classes, summand, member == 0 ? sums : member_row);
      if (member > 0) add_up(sums, member_row, width, sums);
      if (member + 1 < first_stage) continue;
      const double *const ties = summand == CONSORT_VOTES ? sums + classes * double_lanes : sums;
      const Confidence found = summand == CONSORT_LOGARITHMS ? of_logarithms(sums, classes, member + 1)
                                                             : of_probabilities(sums, ties, classes);
      write(found, first, count, *outputs, member + 1 - first_stage);
    }
  }
}

}  // namespace

extern "C" {

BY_PROCESSOR(void, consort_stages,
             (const consort_images *images, consort_summand summand, int64_t first_stage, void *scratch,
              const consort_stage_outputs *outputs),
             (images, summand, first_stage, scratch, outputs))

}  // extern "C"
