#include "Tiles.h"

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

INLINED void put(const Longs &predicted, const Doubles &sure, int64_t count, int64_t place, const Outputs &outputs) {
  for (int64_t lane = 0; lane < count; ++lane) {
    outputs.predicted[place + lane] = static_cast<int32_t>(predicted[lane]);
    outputs.confidence[place + lane] = sure[lane];
  }
}

/// What is known of eight images' sums of one subset, while their classes are gone through.
struct Leaf {
  Doubles greatest, second;
  /// Of the exponentials, and of these times their exponents.
  Doubles total, weighted;
  /// The first class that has the greatest sum.
  Doubles predicted;
};

/// Combines subsets by log-probabilities.
///
/// - measure: a constant, so that what it does not need is not computed.
template <consort_confidence measure>
struct LogarithmStages {
  const consort_images &images;
  const consort_subset_walk &walk;
  Tiles tiles;
  /// `[leaves]`.
  Leaf *leaves;

  INLINED LogarithmStages(const consort_images &images, const consort_subset_walk &walk, double *memory)
      : images(images), walk(walk), tiles(images, walk, memory),
        leaves(reinterpret_cast<Leaf *>(memory + Tiles::doubles_of(images.member_count, walk.largest_size))) {}

  INLINED void rank(int64_t first, int64_t count) const {
    tiles.for_each(first, count, [&](int64_t place, int64_t, int64_t start, int64_t classes, const double *prefix,
                                     const double *member) INLINED_LAMBDA {
      Leaf &leaf = leaves[place];
      Doubles greatest = start == 0 ? doubles(-INFINITY) : leaf.greatest;
      Doubles second = start == 0 ? doubles(-INFINITY) : leaf.second;
      for (int64_t c = 0; c < classes; ++c) {
        const Doubles sum = sum_of(prefix, member, c);
        if (measure == CONSORT_MARGIN) second = greater(second, sum < greatest ? sum : greatest);
        greatest = greater(greatest, sum);
      }
      leaf = {greatest, second, Doubles{}, Doubles{}, doubles(INFINITY)};
    });
  }

  INLINED void add_exponentials(int64_t first, int64_t count) const {
    tiles.for_each(first, count, [&](int64_t place, int64_t members, int64_t start, int64_t classes, const double *prefix,
                                     const double *member) INLINED_LAMBDA {
      Leaf &leaf = leaves[place];
      const Doubles greatest = leaf.greatest;
      const double scale = 1 / static_cast<double>(members);
      Doubles total = leaf.total, weighted = leaf.weighted, predicted = leaf.predicted;
      for_each_exponential(prefix, member, classes, greatest, scale, [&](int64_t c, const Doubles &value) INLINED_LAMBDA {
        const Doubles sum = sum_of(prefix, member, c);
        total += value;
        if (measure == CONSORT_NEGATIVE_ENTROPY) weighted += value * greater((sum - greatest) * scale, doubles(-1000));
        const Doubles own = sum == greatest ? doubles(static_cast<double>(start + c)) : doubles(INFINITY);
        predicted = own < predicted ? own : predicted;
      });
      leaf.total = total;
      leaf.weighted = weighted;
      leaf.predicted = predicted;
    });
  }

  INLINED Doubles confidence(const Leaf &leaf, int64_t members) const {
    const double scale = 1 / static_cast<double>(members);
    Confidence found = {Longs{}, 1 / leaf.total, Doubles{}, Doubles{}};
    if (measure == CONSORT_MARGIN) found.second = exponential((leaf.second - leaf.greatest) * scale) / leaf.total;
    if (measure == CONSORT_NEGATIVE_ENTROPY) found.entropy = logarithm(leaf.total) - leaf.weighted / leaf.total;
    return ::confidence(found, measure);
  }

  INLINED void combine(const Outputs &outputs) const {
    for (int64_t first = 0; first < images.images; first += double_lanes) {
      const int64_t count = images.images - first < double_lanes ? images.images - first : double_lanes;
      rank(first, count);
      add_exponentials(first, count);
      for (int64_t index = 0; index < walk.step_count; ++index) {
        const consort_subset_step &step = walk.steps[index];
        for (int64_t place = step.first; place < step.first + step.count; ++place) {
          const Longs predicted = __builtin_convertvector(leaves[place].predicted, Longs);
          put(predicted, confidence(leaves[place], step.level + 1), count,
              walk.leaves[place].subset * outputs.stride + first, outputs);
        }
      }
    }
  }
};

/// Combines subsets by probabilities or votes.
INLINED void combine_probabilities(const consort_images *images, consort_summand summand, const consort_subset_walk *walk,
                                   consort_confidence measure, void *memory, const Outputs &outputs) {
  const int64_t classes = images->classes, width = vectors_of(summand) * classes * double_lanes;
  double *const inputs = static_cast<double *>(memory), *const stack = inputs + images->member_count * width;
  double *const sums = stack + (walk->largest_size + 1) * width;
  const double *const ties = summand == CONSORT_VOTES ? sums + classes * double_lanes : sums;
  memset(stack, 0, static_cast<size_t>(width) * sizeof(double));
  for (int64_t first = 0; first < images->images; first += double_lanes) {
    const int64_t count = images->images - first < double_lanes ? images->images - first : double_lanes;
    for (int64_t member = 0; member < images->member_count; ++member) {
      load_member(images->members[member] + first * classes, count, classes, classes, summand, inputs + member * width);
    }
    for (int64_t index = 0; index < walk->step_count; ++index) {
      const consort_subset_step &step = walk->steps[index];
      double *const prefix = stack + step.level * width;
      if (step.level > 0) add_up(prefix - width, inputs + step.member * width, width, prefix);
      for (int64_t leaf = step.first; leaf < step.first + step.count; ++leaf) {
        add_up(prefix, inputs + walk->leaves[leaf].member * width, width, sums);
        const Confidence found = of_probabilities(sums, ties, classes);
        put(found.predicted, confidence(found, measure), count, walk->leaves[leaf].subset * outputs.stride + first, outputs);
      }
    }
  }
}

INLINED void consort_stages_for(const consort_images *images, consort_summand summand, const consort_subset_walk *walk,
                                consort_confidence measure, void *scratch, int32_t *predicted, double *confidence,
                                int64_t stride) {
  const Outputs outputs = {predicted, confidence, stride};
  double *const memory = static_cast<double *>(scratch);
  if (summand != CONSORT_LOGARITHMS) return combine_probabilities(images, summand, walk, measure, scratch, outputs);
  switch (measure) {
    case CONSORT_GREATEST: return LogarithmStages<CONSORT_GREATEST>(*images, *walk, memory).combine(outputs);
    case CONSORT_MARGIN: return LogarithmStages<CONSORT_MARGIN>(*images, *walk, memory).combine(outputs);
    case CONSORT_NEGATIVE_ENTROPY: return LogarithmStages<CONSORT_NEGATIVE_ENTROPY>(*images, *walk, memory).combine(outputs);
  }
}

}  // namespace

extern "C" {

BY_PROCESSOR(void, consort_stages,
             (const consort_images *images, consort_summand summand, const consort_subset_walk *walk,
              consort_confidence measure, void *scratch, int32_t *predicted, double *confidence, int64_t stride),
             (images, summand, walk, measure, scratch, predicted, confidence, stride))

size_t consort_stages_scratch_bytes(int64_t member_count, int64_t classes, int64_t subsets, int64_t largest_size,
                                    consort_summand summand) {
  const int64_t doubles = summand == CONSORT_LOGARITHMS
                            ? Tiles::doubles_of(member_count, largest_size)
                                + subsets * static_cast<int64_t>(sizeof(Leaf) / sizeof(double))
                            : (member_count + largest_size + 2) * vectors_of(summand) * classes * double_lanes;
  return static_cast<size_t>(doubles) * sizeof(double);
}

}  // extern "C"
