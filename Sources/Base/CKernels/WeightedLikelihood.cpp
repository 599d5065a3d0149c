#include "CKernels.h"
#include "Vectors.h"

namespace {

using namespace consort;

INLINED double sum_of(const Doubles &vector) {
  double sum = 0;
  for (int64_t lane = 0; lane < double_lanes; ++lane) sum += vector[lane];
  return sum;
}

INLINED double greatest_of(const Doubles &vector) {
  double greatest = vector[0];
  for (int64_t lane = 1; lane < double_lanes; ++lane) greatest = vector[lane] > greatest ? vector[lane] : greatest;
  return greatest;
}

/// Copies a row, and behind it what has no probability.
INLINED void load_row(const float *row, int64_t classes, int64_t width, double least, double *target) {
  for (int64_t c = 0; c < classes; ++c) target[c] = row[c] > least ? row[c] : least;
  for (int64_t c = classes; c < width; ++c) target[c] = 0;
}

/// Makes `mixture` the softmax of the weighted rows, 0 behind the classes. Returns the label's log-probability.
INLINED double mix(const double *rows, int64_t members, int64_t classes, int64_t width, const double *weights,
                   int64_t label, double *mixture) {
  Doubles greatest = doubles(-1e300);
  for (int64_t c = 0; c < width; c += double_lanes) {
    Doubles sum = {};
    for (int64_t member = 0; member < members; ++member) sum += load(rows + member * width + c) * weights[member];
    store(mixture + c, sum);
  }
  for (int64_t c = classes; c < width; ++c) mixture[c] = -1e300;
  for (int64_t c = 0; c < width; c += double_lanes) greatest = greater(greatest, load(mixture + c));
  const double most = greatest_of(greatest), at_label = mixture[label] - most;
  Doubles totals = {};
  for (int64_t c = 0; c < width; c += double_lanes) {
    const Doubles value = exponential(load(mixture + c) - most);
    store(mixture + c, value);
    totals += value;
  }
  const double total = sum_of(totals), scale = 1 / total;
  for (int64_t c = 0; c < width; c += double_lanes) store(mixture + c, load(mixture + c) * scale);
  return at_label - logarithm(doubles(total))[0];
}

/// Adds the covariances of one member and `n` others, whose sums do not wait for each other.
template <int n>
INLINED void add_products(const double *weighted, const double *rows, int64_t width, int64_t second, double mean,
                          const double *means, double *hessian) {
  Doubles sums[n] = {};
  for (int64_t c = 0; c < width; c += double_lanes) {
    const Doubles shared = load(weighted + c);
    for (int i = 0; i < n; ++i) sums[i] += shared * load(rows + (second + i) * width + c);
  }
  double totals[n] = {};
  for (int64_t lane = 0; lane < double_lanes; ++lane) {
    for (int i = 0; i < n; ++i) totals[i] += sums[i][lane];
  }
  for (int i = 0; i < n; ++i) hessian[second + i] += totals[i] - mean * means[second + i];
}

INLINED void consort_weighted_likelihood_for(const consort_images *images, const double *weights, double least,
                                             double *scratch, double *likelihood, double *gradient, double *hessian) {
  const int64_t classes = images->classes, members = images->member_count;
  const int64_t width = (classes + double_lanes - 1) / double_lanes * double_lanes;
  double *const rows = scratch, *const mixture = scratch + members * width;
  double *const weighted = mixture + width, *const means = weighted + width;
  for (int64_t image = 0; image < images->images; ++image) {
    const int64_t label = images->labels[image];
    for (int64_t member = 0; member < members; ++member) {
      load_row(images->members[member] + image * classes, classes, width, least, rows + member * width);
      // Counted from the label's, so that all derivatives vanish where the mixture is sure of it.
      const double own = rows[member * width + label];
      for (int64_t c = 0; c < classes; ++c) rows[member * width + c] -= own;
    }
    *likelihood -= mix(rows, members, classes, width, weights, label, mixture);
    for (int64_t member = 0; member < members; ++member) {
      Doubles sums = {};
      for (int64_t c = 0; c < width; c += double_lanes) sums += load(mixture + c) * load(rows + member * width + c);
      means[member] = sum_of(sums);
      gradient[member] += means[member];
    }
    if (!hessian) continue;
    for (int64_t first = 0; first < members; ++first) {
      for (int64_t c = 0; c < width; c += double_lanes) {
        store(weighted + c, load(mixture + c) * load(rows + first * width + c));
      }
      double *const row = hessian + first * members;
      int64_t second = 0;
      for (; second + 4 <= first + 1; second += 4) add_products<4>(weighted, rows, width, second, means[first], means, row);
      for (; second <= first; ++second) add_products<1>(weighted, rows, width, second, means[first], means, row);
    }
  }
  if (!hessian) return;
  for (int64_t first = 0; first < members; ++first) {
    for (int64_t second = first + 1; second < members; ++second) {
      hessian[first * members + second] = hessian[second * members + first];
    }
  }
}

}  // namespace

extern "C" {

BY_PROCESSOR(void, consort_weighted_likelihood,
             (const consort_images *images, const double *weights, double least, double *scratch, double *likelihood,
              double *gradient, double *hessian),
             (images, weights, least, scratch, likelihood, gradient, hessian))

}  // extern "C"
