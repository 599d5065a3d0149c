#include "CKernels.h"
#include "Lanes.h"

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

/// Of log-probabilities, summed over `members`.
INLINED Distributions of_logarithms(const double *sums, const Doubles &greatest, const int64_t *labels, int64_t classes,
                                    int64_t members) {
  const Longs label_classes = *reinterpret_cast<const Longs *>(labels);
  const Doubles labels_sums = of_labels(sums, labels);
  const double scale = 1 / static_cast<double>(members);
  Doubles total = {}, squares = {};
  Longs rank = {};
  for (int64_t c = 0; c < classes; ++c) {
    const Doubles sum = load(sums + c * double_lanes);
    const Doubles value = exponential((sum - greatest) * scale);
    total += value;
    squares += value * value;
    rank -= (sum > labels_sums) | ((sum == labels_sums) & (label_classes > c));
  }
  const Doubles exponent = (labels_sums - greatest) * scale;
  return {rank, exponent - logarithm(total), exponential(exponent) / total, squares / (total * total), 1 / total};
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

/// Of a prefix and a member more; fills `sums`.
INLINED Distributions distributions(const double *prefix, const double *member, double *sums, consort_summand summand,
                                    const int64_t *labels, int64_t classes, int64_t members) {
  if (summand == CONSORT_LOGARITHMS) {
    const Doubles greatest = add_up_greatest(prefix, member, classes, sums);
    return of_logarithms(sums, greatest, labels, classes, members);
  }
  add_up(prefix, member, vectors_of(summand) * classes * double_lanes, sums);
  Distributions result = of_probabilities(sums, labels, classes);
  const double *const ties = summand == CONSORT_VOTES ? sums + classes * double_lanes : sums;
  result.label_rank = ranks(sums, ties, labels, classes);
  return result;
}

struct Scoring {
  int64_t images, top_k;
  double least_log_probability;
};

INLINED void add(const Distributions &found, const Scoring &scoring, consort_metric_sums &sums, int32_t *image_hits,
                 int64_t image_stride) {
  const Doubles likelihood = greater(found.label_log_probability, doubles(scoring.least_log_probability));
  const Doubles error = found.squares - 2 * found.label_probability + 1;
  for (int64_t lane = 0; lane < scoring.images; ++lane) {
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

INLINED void consort_metrics_for(const consort_images *images, consort_summand summand,
                                 const consort_subset_walk *walk, int64_t top_k, double least_log_probability,
                                 void *memory, consort_metric_sums *sums, int32_t *image_hits) {
  const int64_t classes = images->classes, width = vectors_of(summand) * classes * double_lanes;
  double *const start = static_cast<double *>(memory);
  const Scratch scratch = {start, start + images->member_count * width,
                           start + (images->member_count + walk->largest_size + 1) * width};
  memset(scratch.stack, 0, static_cast<size_t>(width) * sizeof(double));
  for (int64_t first = 0; first < images->images; first += double_lanes) {
    const int64_t count = images->images - first < double_lanes ? images->images - first : double_lanes;
    const Scoring scoring = {count, top_k, least_log_probability};
    alignas(64) int64_t labels[double_lanes];
    for (int64_t lane = 0; lane < double_lanes; ++lane) labels[lane] = images->labels[first + (lane < count ? lane : count - 1)];
    for (int64_t member = 0; member < images->member_count; ++member) {
      load_member(images->members[member] + first * classes, count, classes, summand, scratch.inputs + member * width);
    }
    int32_t *const own_hits = image_hits ? image_hits + first * walk->largest_size : nullptr;
    if (own_hits) memset(own_hits, 0, static_cast<size_t>(count * walk->largest_size) * sizeof(int32_t));
    for (int64_t index = 0; index < walk->step_count; ++index) {
      const consort_subset_step &step = walk->steps[index];
      double *const prefix = scratch.stack + step.level * width;
      if (step.level > 0) add_up(prefix - width, scratch.inputs + step.member * width, width, prefix);
      for (int64_t leaf = step.first; leaf < step.first + step.count; ++leaf) {
        const Distributions found = distributions(prefix, scratch.inputs + walk->leaves[leaf].member * width, scratch.sums,
                                                  summand, labels, classes, step.level + 1);
        add(found, scoring, sums[walk->leaves[leaf].subset], own_hits ? own_hits + step.level : nullptr,
            walk->largest_size);
      }
    }
  }
}

INLINED void consort_exponentials_for(const double *values, double *result, int64_t count) {
  int64_t i = 0;
  for (; i + double_lanes <= count; i += double_lanes) store(result + i, exponential(load(values + i)));
  for (; i < count; ++i) result[i] = exponential(doubles(values[i]))[0];
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

size_t consort_metrics_scratch_bytes(int64_t member_count, int64_t classes, int64_t largest_size,
                                     consort_summand summand) {
  const int64_t doubles = (member_count + largest_size + 2) * vectors_of(summand) * classes * double_lanes;
  return static_cast<size_t>(doubles) * sizeof(double);
}

BY_PROCESSOR(void, consort_exponentials, (const double *values, double *result, int64_t count),
             (values, result, count))

}  // extern "C"
