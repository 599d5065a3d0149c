#include "CKernels.h"
#include "Tiles.h"

namespace {

using namespace consort;

struct Scratch {
  /// `[members, vectors, classes, lanes]`: what is summed.
  double *inputs;
  /// `[largest_size + 1, vectors, classes, lanes]`: the sums of the prefixes, from the empty one on.
  double *stack;
  /// `[vectors, classes, lanes]`: the sums of one subset.
  double *sums;
};

/// What the metrics need of eight images' combined distributions.
struct Distributions {
  /// The classes that are ranked above the label.
  Longs label_rank;
  Doubles label_log_probability, label_probability;
  /// The sum of the squared probabilities.
  Doubles squares;
  /// The probability of the predicted class.
  Doubles confidence;
};

INLINED Doubles of_labels(const double *sums, const int64_t *labels) {
  Doubles values;
  for (int64_t lane = 0; lane < double_lanes; ++lane) values[lane] = sums[labels[lane] * double_lanes + lane];
  return values;
}

/// Of probabilities or votes, summed over members, without ranks.
INLINED Distributions of_probabilities(const double *sums, const int64_t *labels, int64_t classes) {
  Doubles total = {}, squares = {}, greatest = {};
  for (int64_t c = 0; c < classes; ++c) {
    const Doubles sum = load(sums + c * double_lanes);
    total += sum;
    squares += sum * sum;
    greatest = greater(greatest, sum);
  }
  const Doubles probability = of_labels(sums, labels) / total;
  return {Longs{}, logarithm(probability), probability, squares / (total * total), greatest / total};
}

/// Ranks the labels by `sums`, and classes of equal sums by `ties`.
INLINED Longs ranks(const double *sums, const double *ties, const int64_t *labels, int64_t classes) {
  const Longs label_classes = *reinterpret_cast<const Longs *>(labels);
  const Doubles label_sums = of_labels(sums, labels), label_ties = of_labels(ties, labels);
  Longs rank = {};
  for (int64_t c = 0; c < classes; ++c) {
    const Doubles sum = load(sums + c * double_lanes), tie = load(ties + c * double_lanes);
    const Longs above_tied = (tie > label_ties) | ((tie == label_ties) & (label_classes > c));
    rank -= (sum > label_sums) | ((sum == label_sums) & above_tied);
  }
  return rank;
}

/// Of a prefix and a member more, of probabilities or votes; fills `sums`.
INLINED Distributions distributions(const double *prefix, const double *member, double *sums, consort_summand summand,
                                    const int64_t *labels, int64_t classes) {
  add_up(prefix, member, vectors_of(summand) * classes * double_lanes, sums);
  Distributions result = of_probabilities(sums, labels, classes);
  const double *const ties = summand == CONSORT_VOTES ? sums + classes * double_lanes : sums;
  result.label_rank = ranks(sums, ties, labels, classes);
  return result;
}

struct Scoring {
  int64_t top_k;
  double least_log_probability;
};

INLINED void add(const Distributions &found, const Scoring &scoring, int64_t images, consort_metric_sums &sums,
                 int32_t *image_hits, int64_t image_stride) {
  const Doubles likelihood = greater(found.label_log_probability, doubles(scoring.least_log_probability));
  const Doubles error = found.squares - 2 * found.label_probability + 1;
  for (int64_t lane = 0; lane < images; ++lane) {
    const bool is_right = found.label_rank[lane] == 0;
    sums.hits += is_right ? 1 : 0;
    sums.top_hits += found.label_rank[lane] < scoring.top_k ? 1 : 0;
    sums.negative_log_likelihood -= likelihood[lane];
    sums.squared_error += error[lane];
    const double confidence = found.confidence[lane];
    const int64_t bin = consort_confidence_bin(confidence, CONSORT_CALIBRATION_BINS);
    sums.calibration_gaps[bin] += (is_right ? 1 : 0) - confidence;
    if (image_hits) image_hits[lane * image_stride] += is_right ? 1 : 0;
  }
}

/// Labels of eight images; those behind the last repeat it.
struct Labels {
  alignas(64) int64_t classes[double_lanes];

  INLINED Labels(const int64_t *labels, int64_t count) {
    for (int64_t lane = 0; lane < double_lanes; ++lane) classes[lane] = labels[lane < count ? lane : count - 1];
  }
};

/// What is known of eight images' sums of one subset, while their classes are gone through.
struct Leaf {
  /// The label's sum, and the greatest so far.
  Doubles label, greatest;
  /// Of the exponentials.
  Doubles total, squares;
  /// How many classes have more than the label, and how many as much and come before it.
  Longs above;
};

/// Many subsets' metrics by log-probabilities.
struct LogarithmMetrics {
  const consort_images &images;
  const consort_subset_walk &walk;
  const Scoring scoring;
  Tiles tiles;
  /// `[members, lanes]` and `[largest_size + 1, lanes]`: what members give to the labels, and the sums of the prefixes.
  double *label_inputs, *label_stack;
  /// `[leaves]`.
  Leaf *leaves;

  static int64_t doubles_of(int64_t members, int64_t subsets, int64_t largest_size) {
    return Tiles::doubles_of(members, largest_size) + (members + largest_size + 1) * double_lanes
         + subsets * static_cast<int64_t>(sizeof(Leaf) / sizeof(double));
  }

  INLINED LogarithmMetrics(const consort_images &images, const consort_subset_walk &walk, const Scoring &scoring, double *memory)
      : images(images), walk(walk), scoring(scoring), tiles(images, walk, memory),
        label_inputs(memory + Tiles::doubles_of(images.member_count, walk.largest_size)),
        label_stack(label_inputs + images.member_count * double_lanes),
        leaves(reinterpret_cast<Leaf *>(label_stack + (walk.largest_size + 1) * double_lanes)) {
    store(label_stack, Doubles{});
  }

  /// Sums what the members give to the labels of some images.
  INLINED void start(int64_t first, int64_t count, const Labels &labels) const {
    for (int64_t member = 0; member < images.member_count; ++member) {
      for (int64_t lane = 0; lane < double_lanes; ++lane) {
        const int64_t image = first + (lane < count ? lane : count - 1);
        const double value = images.members[member][image * images.classes + labels.classes[lane]];
        label_inputs[member * double_lanes + lane] = value > CONSORT_LEAST_LOGARITHM ? value : CONSORT_LEAST_LOGARITHM;
      }
    }
    for (int64_t index = 0; index < walk.step_count; ++index) {
      const consort_subset_step &step = walk.steps[index];
      double *const prefix = label_stack + step.level * double_lanes;
      if (step.level > 0) add_up(prefix - double_lanes, label_inputs + step.member * double_lanes, double_lanes, prefix);
      for (int64_t leaf = step.first; leaf < step.first + step.count; ++leaf) {
        const Doubles label = load(prefix) + load(label_inputs + walk.leaves[leaf].member * double_lanes);
        leaves[leaf] = {label, doubles(-INFINITY), Doubles{}, Doubles{}, Longs{}};
      }
    }
  }

  /// Finds the greatest sums, and ranks the labels.
  INLINED void rank(int64_t first, int64_t count, const Labels &labels) const {
    const Longs label_classes = *reinterpret_cast<const Longs *>(labels.classes);
    tiles.for_each(first, count, [&](int64_t place, int64_t, int64_t start, int64_t classes, const double *prefix,
                                     const double *member) INLINED_LAMBDA {
      Leaf &leaf = leaves[place];
      const Doubles label = leaf.label;
      Doubles greatest = leaf.greatest;
      Longs above = leaf.above, level = {};
      for (int64_t c = 0; c < classes; ++c) {
        const Doubles sum = sum_of(prefix, member, c);
        greatest = greater(greatest, sum);
        above -= sum > label;
        level -= sum == label;
      }
      leaf.greatest = greatest;
      // Mostly the label alone has as much as itself.
      const Longs own = -((label_classes >= start) & (label_classes < start + classes));
      if (__builtin_reduce_or(level ^ own) != 0) {
        for (int64_t c = 0; c < classes; ++c) above -= (sum_of(prefix, member, c) == label) & (label_classes > start + c);
      }
      leaf.above = above;
    });
  }

  INLINED void add_exponentials(int64_t first, int64_t count) const {
    tiles.for_each(first, count, [&](int64_t place, int64_t members, int64_t, int64_t classes, const double *prefix,
                                     const double *member) INLINED_LAMBDA {
      Leaf &leaf = leaves[place];
      Doubles total = leaf.total, squares = leaf.squares;
      for_each_exponential(prefix, member, classes, leaf.greatest, 1 / static_cast<double>(members),
                           [&](int64_t, const Doubles &value) INLINED_LAMBDA {
                             total += value;
                             squares += value * value;
                           });
      leaf.total = total;
      leaf.squares = squares;
    });
  }

  INLINED void add_images(int64_t first, int64_t count, const Labels &labels, consort_metric_sums *sums,
                          int32_t *image_hits) const {
    start(first, count, labels);
    rank(first, count, labels);
    add_exponentials(first, count);
    for (int64_t index = 0; index < walk.step_count; ++index) {
      const consort_subset_step &step = walk.steps[index];
      const double scale = 1 / static_cast<double>(step.level + 1);
      for (int64_t place = step.first; place < step.first + step.count; ++place) {
        const Leaf &leaf = leaves[place];
        const Doubles exponent = (leaf.label - leaf.greatest) * scale;
        const Distributions found = {leaf.above, exponent - logarithm(leaf.total), exponential(exponent) / leaf.total,
                                     leaf.squares / (leaf.total * leaf.total), 1 / leaf.total};
        add(found, scoring, count, sums[walk.leaves[place].subset], image_hits ? image_hits + step.level : nullptr,
            walk.largest_size);
      }
    }
  }
};

/// Many subsets' metrics by probabilities or votes.
struct ProbabilityMetrics {
  const consort_images &images;
  const consort_subset_walk &walk;
  const Scoring scoring;
  const consort_summand summand;
  /// Of all sums of one subset.
  const int64_t width;
  const Scratch scratch;

  static int64_t doubles_of(int64_t members, int64_t classes, int64_t largest_size, consort_summand summand) {
    return (members + largest_size + 2) * vectors_of(summand) * classes * double_lanes;
  }

  INLINED ProbabilityMetrics(const consort_images &images, consort_summand summand, const consort_subset_walk &walk,
                             const Scoring &scoring, double *memory)
      : images(images), walk(walk), scoring(scoring), summand(summand),
        width(vectors_of(summand) * images.classes * double_lanes),
        scratch{memory, memory + images.member_count * width, memory + (images.member_count + walk.largest_size + 1) * width} {
    memset(scratch.stack, 0, static_cast<size_t>(width) * sizeof(double));
  }

  INLINED void add_images(int64_t first, int64_t count, const Labels &labels, consort_metric_sums *sums,
                          int32_t *image_hits) const {
    const int64_t classes = images.classes;
    for (int64_t member = 0; member < images.member_count; ++member) {
      load_member(images.members[member] + first * classes, count, classes, classes, summand, scratch.inputs + member * width);
    }
    for (int64_t index = 0; index < walk.step_count; ++index) {
      const consort_subset_step &step = walk.steps[index];
      double *const prefix = scratch.stack + step.level * width;
      if (step.level > 0) add_up(prefix - width, scratch.inputs + step.member * width, width, prefix);
      for (int64_t leaf = step.first; leaf < step.first + step.count; ++leaf) {
        const Distributions found = distributions(prefix, scratch.inputs + walk.leaves[leaf].member * width, scratch.sums,
                                                  summand, labels.classes, classes);
        add(found, scoring, count, sums[walk.leaves[leaf].subset], image_hits ? image_hits + step.level : nullptr,
            walk.largest_size);
      }
    }
  }
};

/// Adds all images, eight at a time.
template <typename Metrics>
INLINED void add_all(const Metrics &metrics, consort_metric_sums *sums, int32_t *image_hits) {
  const int64_t images = metrics.images.images, largest_size = metrics.walk.largest_size;
  for (int64_t first = 0; first < images; first += double_lanes) {
    const int64_t count = images - first < double_lanes ? images - first : double_lanes;
    int32_t *const own_hits = image_hits ? image_hits + first * largest_size : nullptr;
    if (own_hits) memset(own_hits, 0, static_cast<size_t>(count * largest_size) * sizeof(int32_t));
    metrics.add_images(first, count, Labels(metrics.images.labels + first, count), sums, own_hits);
  }
}

INLINED void consort_metrics_for(const consort_images *images, consort_summand summand,
                                 const consort_subset_walk *walk, int64_t top_k, double least_log_probability,
                                 void *memory, consort_metric_sums *sums, int32_t *image_hits) {
  const Scoring scoring = {top_k, least_log_probability};
  double *const scratch = static_cast<double *>(memory);
  if (summand == CONSORT_LOGARITHMS) {
    add_all(LogarithmMetrics(*images, *walk, scoring, scratch), sums, image_hits);
  } else {
    add_all(ProbabilityMetrics(*images, summand, *walk, scoring, scratch), sums, image_hits);
  }
}

INLINED void consort_exponentials_for(const double *values, double *result, int64_t count) {
  exponentials(values, result, count);
}

}  // namespace

extern "C" {

int64_t consort_confidence_bin(double confidence, int64_t bins) {
  const double count = static_cast<double>(bins), scaled = confidence * count;
  int64_t bin = static_cast<int64_t>(scaled);
  if (bin > bins - 1) bin = bins - 1;
  if (bin > 0 && confidence <= static_cast<double>(bin) / count) return bin - 1;
  if (bin < bins - 1 && confidence > static_cast<double>(bin + 1) / count) return bin + 1;
  return bin;
}

BY_PROCESSOR(void, consort_metrics,
             (const consort_images *images, consort_summand summand, const consort_subset_walk *walk, int64_t top_k,
              double least_log_probability, void *scratch, consort_metric_sums *sums, int32_t *image_hits),
             (images, summand, walk, top_k, least_log_probability, scratch, sums, image_hits))

size_t consort_metrics_scratch_bytes(int64_t member_count, int64_t classes, int64_t subsets, int64_t largest_size,
                                     consort_summand summand) {
  const int64_t doubles = summand == CONSORT_LOGARITHMS
                            ? LogarithmMetrics::doubles_of(member_count, subsets, largest_size)
                            : ProbabilityMetrics::doubles_of(member_count, classes, largest_size, summand);
  return static_cast<size_t>(doubles) * sizeof(double);
}

BY_PROCESSOR(void, consort_exponentials, (const double *values, double *result, int64_t count),
             (values, result, count))

}  // extern "C"
