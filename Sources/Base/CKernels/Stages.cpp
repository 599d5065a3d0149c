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

/// - needs_second: a constant; whether the next class is asked for.
INLINED Confidence of_logarithms(const double *sums, int64_t classes, int64_t members, bool needs_second) {
  Confidence found = {Longs{}, load(sums), Doubles{}, Doubles{}};
  if (needs_second) {
    found = rank(sums, sums, classes);
  } else {
    for (int64_t c = 1; c < classes; ++c) found.greatest = greater(found.greatest, load(sums + c * double_lanes));
    found.predicted += classes;
  }
  const double scale = 1 / static_cast<double>(members);
  Doubles total = {}, weighted = {};
  for (int64_t c = 0; c < classes; ++c) {
    const Doubles sum = load(sums + c * double_lanes), exponent = (sum - found.greatest) * scale;
    const Doubles value = exponential(exponent);
    total += value;
    weighted += value * greater(exponent, doubles(-1000));
    if (needs_second) continue;
    const Longs first = (sum == found.greatest) & (found.predicted > c);
    found.predicted = first ? Longs{} + c : found.predicted;
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

INLINED Doubles confidence(const Confidence &found, consort_confidence measure) {
  switch (measure) {
    case CONSORT_GREATEST: return found.greatest;
    case CONSORT_MARGIN: return found.greatest - found.second;
    case CONSORT_NEGATIVE_ENTROPY: return -(found.entropy > 0 ? found.entropy : Doubles{});
  }
}

/// Where the results go, with strides of the images of all blocks.
struct Outputs {
  int32_t *predicted;
  double *confidence;
  int64_t stride;
};

/// - measure: a constant, so that what it does not need is not computed.
INLINED void combine_subsets(const consort_images *images, consort_summand summand, const consort_subset_walk *walk,
                             consort_confidence measure, void *memory, const Outputs &outputs) {
  const int64_t classes = images->classes, width = vectors_of(summand) * classes * double_lanes;
  double *const inputs = static_cast<double *>(memory), *const stack = inputs + images->member_count * width;
  double *const sums = stack + (walk->largest_size + 1) * width;
  const double *const ties = summand == CONSORT_VOTES ? sums + classes * double_lanes : sums;
  memset(stack, 0, static_cast<size_t>(width) * sizeof(double));
  for (int64_t first = 0; first < images->images; first += double_lanes) {
    const int64_t count = images->images - first < double_lanes ? images->images - first : double_lanes;
    for (int64_t member = 0; member < images->member_count; ++member) {
      load_member(images->members[member] + first * classes, count, classes, summand, inputs + member * width);
    }
    for (int64_t index = 0; index < walk->step_count; ++index) {
      const consort_subset_step &step = walk->steps[index];
      double *const prefix = stack + step.level * width;
      if (step.level > 0) add_up(prefix - width, inputs + step.member * width, width, prefix);
      for (int64_t leaf = step.first; leaf < step.first + step.count; ++leaf) {
        add_up(prefix, inputs + walk->leaves[leaf].member * width, width, sums);
        const Confidence found = summand == CONSORT_LOGARITHMS ? of_logarithms(sums, classes, step.level + 1, measure == CONSORT_MARGIN)
                                                               : of_probabilities(sums, ties, classes);
        const Doubles sure = confidence(found, measure);
        const int64_t place = walk->leaves[leaf].subset * outputs.stride + first;
        for (int64_t lane = 0; lane < count; ++lane) {
          outputs.predicted[place + lane] = static_cast<int32_t>(found.predicted[lane]);
          outputs.confidence[place + lane] = sure[lane];
        }
      }
    }
  }
}

INLINED void consort_stages_for(const consort_images *images, consort_summand summand, const consort_subset_walk *walk,
                                consort_confidence measure, void *scratch, int32_t *predicted, double *confidence,
                                int64_t stride) {
  const Outputs outputs = {predicted, confidence, stride};
  const bool sums_logarithms = summand == CONSORT_LOGARITHMS;
  if (sums_logarithms && measure == CONSORT_GREATEST) {
    combine_subsets(images, CONSORT_LOGARITHMS, walk, CONSORT_GREATEST, scratch, outputs);
  } else if (sums_logarithms && measure == CONSORT_MARGIN) {
    combine_subsets(images, CONSORT_LOGARITHMS, walk, CONSORT_MARGIN, scratch, outputs);
  } else if (sums_logarithms) {
    combine_subsets(images, CONSORT_LOGARITHMS, walk, CONSORT_NEGATIVE_ENTROPY, scratch, outputs);
  } else {
    combine_subsets(images, summand, walk, measure, scratch, outputs);
  }
}

}  // namespace

extern "C" {

BY_PROCESSOR(void, consort_stages,
             (const consort_images *images, consort_summand summand, const consort_subset_walk *walk,
              consort_confidence measure, void *scratch, int32_t *predicted, double *confidence, int64_t stride),
             (images, summand, walk, measure, scratch, predicted, confidence, stride))

}  // extern "C"
