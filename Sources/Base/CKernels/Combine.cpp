#include <math.h>

#include "CKernels.h"
#include "Vectors.h"

namespace {

using namespace consort;

/// Rows whose sums are taken side by side: each adds its classes one after another, and alone would wait for every sum.
constexpr int64_t rows_at_once = 4;

typedef float LooseEightFloats __attribute__((vector_size(32), aligned(4)));

/// Sets `sums` to the sum of the first members' log-probabilities, each times its weight, of one image. Returns the greatest.
INLINED double add_members(const consort_images &images, int64_t image, int64_t members, const double *weights, double least,
                           double *sums) {
  const int64_t classes = images.classes, whole = classes / double_lanes * double_lanes, offset = image * classes;
  Doubles most = doubles(-INFINITY);
  for (int64_t c = 0; c < whole; c += double_lanes) {
    Doubles sum = {};
    for (int64_t member = 0; member < members; ++member) {
      const auto row = reinterpret_cast<const LooseEightFloats *>(images.members[member] + offset + c);
      const Doubles value = greater(__builtin_convertvector(*row, Doubles), doubles(least));
      const Doubles added = weights ? weights[member] * value : value;
      sum = member == 0 ? added : sum + added;
    }
    store(sums + c, sum);
    most = greater(most, sum);
  }
  double greatest = -INFINITY;
  for (int64_t lane = 0; lane < double_lanes; ++lane) greatest = most[lane] > greatest ? most[lane] : greatest;
  for (int64_t c = whole; c < classes; ++c) {
    double sum = 0;
    for (int64_t member = 0; member < members; ++member) {
      const double value = images.members[member][offset + c], limited = value > least ? value : least;
      const double added = weights ? weights[member] * limited : limited;
      sum = member == 0 ? added : sum + added;
    }
    sums[c] = sum;
    greatest = sum > greatest ? sum : greatest;
  }
  return greatest;
}

/// What is made of one image's members.
struct Row {
  /// The members that are combined, the scores, and their exponentials.
  int64_t members;
  double *scores, *powers;
};

/// Makes scores of which the greatest is 0, and their exponentials.
INLINED void score(const consort_images &images, int64_t image, const double *weights, double least, const Row &row) {
  const double greatest = add_members(images, image, row.members, weights, least, row.scores);
  const double scale = weights ? 1 : 1 / static_cast<double>(row.members);
  for (int64_t c = 0; c < images.classes; ++c) row.scores[c] = (row.scores[c] - greatest) * scale;
  exponentials(row.scores, row.powers, images.classes);
}

/// Makes the rows of a few images, at most `rows_at_once`.
INLINED void combine(const consort_images &images, int64_t first, int64_t count, const double *weights, const int64_t *exits,
                     double least, double *scratch, float *result) {
  const int64_t classes = images.classes;
  Row rows[rows_at_once];
  for (int64_t i = 0; i < rows_at_once; ++i) {
    if (i < count) {
      rows[i] = {exits ? exits[first + i] + 1 : images.member_count, scratch + 2 * i * classes,
                 scratch + (2 * i + 1) * classes};
      score(images, first + i, weights, least, rows[i]);
    } else {
      rows[i] = rows[count - 1];
    }
  }
  double totals[rows_at_once] = {};
  for (int64_t c = 0; c < classes; ++c) {
    for (int64_t i = 0; i < rows_at_once; ++i) totals[i] += rows[i].powers[c];
  }
  for (int64_t i = 0; i < count; ++i) {
    const double total = log(totals[i]);
    // So little comes from a member's zero only, and is a zero again.
    const double zero = weights ? -INFINITY : CONSORT_LEAST_LOGARITHM / static_cast<double>(rows[i].members) / 2;
    float *const target = result + i * classes;
    for (int64_t c = 0; c < classes; ++c) {
      const float value = static_cast<float>(rows[i].scores[c] - total);
      target[c] = static_cast<double>(value) < zero ? -INFINITY : value;
    }
  }
}

INLINED void consort_combine_for(const consort_images *images, const double *weights, const int64_t *exits, double least,
                                 double *scratch, float *result) {
  for (int64_t first = 0; first < images->images; first += rows_at_once) {
    const int64_t count = images->images - first < rows_at_once ? images->images - first : rows_at_once;
    combine(*images, first, count, weights, exits, least, scratch, result + first * images->classes);
  }
}

/// How far scores may be apart and still become the same float, less the logarithm of what the exponentials sum to.
constexpr double unclear = 1e-5;

/// How many scores are no further below `limit`.
INLINED int64_t count_from(const double *scores, int64_t classes, double limit) {
  const int64_t whole = classes / double_lanes * double_lanes;
  Longs counts = {};
  for (int64_t c = 0; c < whole; c += double_lanes) counts -= load(scores + c) >= limit;
  int64_t count = 0;
  for (int64_t lane = 0; lane < double_lanes; ++lane) count += counts[lane];
  for (int64_t c = whole; c < classes; ++c) count += scores[c] >= limit ? 1 : 0;
  return count;
}

INLINED void consort_combine_right_for(const consort_images *images, const double *weights, const int64_t *exits,
                                       double least, double *scratch, uint8_t *right) {
  const int64_t classes = images->classes;
  for (int64_t image = 0; image < images->images; ++image) {
    const int64_t members = exits ? exits[image] + 1 : images->member_count, label = images->labels[image];
    const double greatest = add_members(*images, image, members, weights, least, scratch);
    const double limit = greatest - (weights ? unclear : unclear * static_cast<double>(members));
    if (scratch[label] < limit) {
      right[image] = 0;
    } else if (count_from(scratch, classes, limit) == 1) {
      right[image] = 1;
    } else {
      float *const row = reinterpret_cast<float *>(scratch + 2 * rows_at_once * classes);
      combine(*images, image, 1, weights, exits, least, scratch, row);
      int64_t best = 0;
      for (int64_t c = 1; c < classes; ++c) best = row[c] > row[best] ? c : best;
      right[image] = best == label ? 1 : 0;
    }
  }
}

/// How far off a rough sum of exponentials may be, of it.
constexpr double rough_error = 1e-4;

/// About what the exponentials of scores sum to of which the greatest is 0.
///
/// - rough: as many floats as there are classes, rounded up to whole vectors.
INLINED double rough_total(const double *sums, double greatest, double scale, int64_t classes, float *rough) {
  for (int64_t c = 0; c < classes; ++c) rough[c] = static_cast<float>((sums[c] - greatest) * scale);
  const int64_t width = (classes + float_lanes - 1) / float_lanes * float_lanes;
  // No probability: e to the power of -87 is below what counts.
  for (int64_t c = classes; c < width; ++c) rough[c] = -87;
  Floats totals = {};
  int64_t c = 0;
  for (; c + rough_at_once * float_lanes <= width; c += rough_at_once * float_lanes) {
    Floats values[rough_at_once];
    for (int i = 0; i < rough_at_once; ++i) values[i] = load(rough + c + i * float_lanes);
    rough_exponentials(values);
    for (int i = 0; i < rough_at_once; ++i) totals += values[i];
  }
  for (; c < width; c += float_lanes) {
    Floats value[] = {load(rough + c)};
    rough_exponentials(value);
    totals += value[0];
  }
  double total = 0;
  for (int64_t lane = 0; lane < float_lanes; ++lane) total += totals[lane];
  return total;
}

/// Whether the first members are sure enough of an image: by a rough sum where that is clear.
INLINED bool is_sure(const consort_images &images, int64_t image, int64_t members, double threshold, double least,
                     double *scratch) {
  const int64_t classes = images.classes;
  const double greatest = add_members(images, image, members, nullptr, least, scratch);
  const double scale = 1 / static_cast<double>(members);
  const double rough = rough_total(scratch, greatest, scale, classes, reinterpret_cast<float *>(scratch + classes));
  if (rough * threshold < 1 - rough_error) return true;
  if (rough * threshold > 1 + rough_error) return false;
  for (int64_t c = 0; c < classes; ++c) scratch[c] = (scratch[c] - greatest) * scale;
  exponentials(scratch, scratch, classes);
  double total = 0;
  for (int64_t c = 0; c < classes; ++c) total += scratch[c];
  return 1 / total >= threshold;
}

INLINED void consort_exits_for(const consort_images *images, const double *thresholds, double least, double *scratch,
                               int64_t *exits) {
  for (int64_t image = 0; image < images->images; ++image) {
    int64_t stage = 0;
    while (stage < images->member_count && !is_sure(*images, image, stage + 1, thresholds[stage], least, scratch)) ++stage;
    exits[image] = stage;
  }
}

}  // namespace

extern "C" {

BY_PROCESSOR(void, consort_combine,
             (const consort_images *images, const double *weights, const int64_t *exits, double least, double *scratch,
              float *result),
             (images, weights, exits, least, scratch, result))

BY_PROCESSOR(void, consort_combine_right,
             (const consort_images *images, const double *weights, const int64_t *exits, double least, double *scratch,
              uint8_t *right),
             (images, weights, exits, least, scratch, right))

BY_PROCESSOR(void, consort_exits,
             (const consort_images *images, const double *thresholds, double least, double *scratch, int64_t *exits),
             (images, thresholds, least, scratch, exits))

int64_t consort_exits_scratch(int64_t classes) { return 2 * classes + float_lanes; }

int64_t consort_combine_scratch(int64_t classes) { return (2 * rows_at_once + 1) * classes; }

}  // extern "C"
