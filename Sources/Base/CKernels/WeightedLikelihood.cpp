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
  for (int64_t c = 0; c < width; c += double_lanes) store(mixture + c, load(mixture + c) - most);
  exponentials(mixture, mixture, width);
  Doubles totals = {};
  for (int64_t c = 0; c < width; c += double_lanes) totals += load(mixture + c);
  const double total = sum_of(totals), scale = 1 / total;
  for (int64_t c = 0; c < width; c += double_lanes) store(mixture + c, load(mixture + c) * scale);
  return at_label - logarithm(doubles(total))[0];
}

/// Classes that are taken at once: those of many members fit a processor's nearest cache.
constexpr int64_t tile_classes = 64;

/// Adds the products of a row and `n` others to as many sums, which do not wait for each other.
template <int n>
INLINED void add_products(const double *weighted, const double *rows, int64_t width, int64_t classes, double *sums) {
  Doubles totals[n];
  for (int i = 0; i < n; ++i) totals[i] = load(sums + i * double_lanes);
  for (int64_t c = 0; c < classes; c += double_lanes) {
    const Doubles shared = load(weighted + c);
    for (int i = 0; i < n; ++i) totals[i] += shared * load(rows + i * width + c);
  }
  for (int i = 0; i < n; ++i) store(sums + i * double_lanes, totals[i]);
}

INLINED void add_products(const double *weighted, const double *rows, int64_t width, int64_t classes, int64_t count,
                          double *sums) {
  int64_t i = 0;
  for (; i + 4 <= count; i += 4) add_products<4>(weighted, rows + i * width, width, classes, sums + i * double_lanes);
  for (; i < count; ++i) add_products<1>(weighted, rows + i * width, width, classes, sums + i * double_lanes);
}

/// What one image needs.
struct Scratch {
  /// `[members, width]`, `[width]`, `[tile_classes]`, `[members]`.
  double *rows, *mixture, *weighted, *means;
  /// `[members, lanes]`, `[members, members, lanes]`: of the mixture and each row, and of it and two rows.
  double *sums, *products;

  static int64_t doubles_of(int64_t members, int64_t width) {
    return (members + 1) * width + tile_classes + members + (members + 1) * members * double_lanes;
  }

  INLINED Scratch(double *memory, int64_t members, int64_t width)
      : rows(memory), mixture(rows + members * width), weighted(mixture + width), means(weighted + tile_classes),
        sums(means + members), products(sums + members * double_lanes) {}
};

/// Sums, over the classes, the mixture times each row, and times each two of them unless only the former is asked for.
INLINED void add_products(const Scratch &scratch, int64_t members, int64_t width, bool with_pairs) {
  const int64_t count = (with_pairs ? members + 1 : 1) * members * double_lanes;
  memset(scratch.sums, 0, static_cast<size_t>(count) * sizeof(double));
  for (int64_t start = 0; start < width; start += tile_classes) {
    const int64_t classes = width - start < tile_classes ? width - start : tile_classes;
    const double *const mixture = scratch.mixture + start, *const rows = scratch.rows + start;
    add_products(mixture, rows, width, classes, members, scratch.sums);
    for (int64_t first = 0; with_pairs && first < members; ++first) {
      for (int64_t c = 0; c < classes; c += double_lanes) {
        store(scratch.weighted + c, load(mixture + c) * load(rows + first * width + c));
      }
      add_products(scratch.weighted, rows, width, classes, first + 1, scratch.products + first * members * double_lanes);
    }
  }
}

INLINED void consort_weighted_likelihood_for(const consort_images *images, const double *weights, double least,
                                             double *memory, double *likelihood, double *gradient, double *hessian) {
  const int64_t classes = images->classes, members = images->member_count;
  const int64_t width = (classes + double_lanes - 1) / double_lanes * double_lanes;
  const Scratch scratch(memory, members, width);
  for (int64_t image = 0; image < images->images; ++image) {
    const int64_t label = images->labels[image];
    for (int64_t member = 0; member < members; ++member) {
      double *const row = scratch.rows + member * width;
      load_row(images->members[member] + image * classes, classes, width, least, row);
      // Counted from the label's, so that all derivatives vanish where the mixture is sure of it.
      const double own = row[label];
      for (int64_t c = 0; c < classes; ++c) row[c] -= own;
    }
    *likelihood -= mix(scratch.rows, members, classes, width, weights, label, scratch.mixture);
    add_products(scratch, members, width, hessian != nullptr);
    for (int64_t member = 0; member < members; ++member) {
      scratch.means[member] = sum_of(load(scratch.sums + member * double_lanes));
      gradient[member] += scratch.means[member];
    }
    for (int64_t first = 0; hessian && first < members; ++first) {
      for (int64_t second = 0; second <= first; ++second) {
        const double product = sum_of(load(scratch.products + (first * members + second) * double_lanes));
        hessian[first * members + second] += product - scratch.means[first] * scratch.means[second];
      }
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

int64_t consort_weighted_likelihood_scratch(int64_t classes, int64_t members) {
  return Scratch::doubles_of(members, (classes + double_lanes - 1) / double_lanes * double_lanes);
}

}  // extern "C"
