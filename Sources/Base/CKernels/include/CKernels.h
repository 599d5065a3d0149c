// What the evaluation of many ensembles repeats for each image, subset and class. Memory is the caller's; nothing fails.
#ifndef CONSORT_CENSEMBLES_H
#define CONSORT_CENSEMBLES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What minus infinity counts as in sums of log-probabilities.
#define CONSORT_LEAST_LOGARITHM (-1e12)
/// The bins of the expected calibration error.
#define CONSORT_CALIBRATION_BINS 15
/// Images that the metrics' kernel takes at once.
#define CONSORT_LANES 8

/// What members give to the sums of a combination.
typedef enum {
  CONSORT_LOGARITHMS = 0,
  CONSORT_PROBABILITIES = 1,
  CONSORT_VOTES = 2,
} consort_summand;

/// A subset that is a prefix and one member more.
typedef struct {
  int32_t member;
  /// The subset's position among all.
  int32_t subset;
} consort_subset_leaf;

/// Makes the prefix of `level` members out of the one of `level - 1` and `member`, then scores the leaves
/// `first ..< first + count`. Level 0 is the prefix without a member.
typedef struct {
  int32_t level, member, first, count;
} consort_subset_step;

/// Subsets of members as a walk through the tree of their prefixes, each step after the one it builds on.
typedef struct {
  const consort_subset_step *steps;
  int64_t step_count;
  const consort_subset_leaf *leaves;
  /// Members of the largest subset.
  int64_t largest_size;
  /// `[largest_size]`: how many subsets there are of each size, from 1.
  const int32_t *size_counts;
} consort_subset_walk;

/// Consecutive images as all members see them.
typedef struct {
  /// `[member_count]`: log-probabilities `[images, classes]` of each member.
  const float *const *members;
  int64_t member_count, images, classes;
  /// `[images]`, in `0 ..< classes`.
  const int64_t *labels;
} consort_images;

/// Counts for which images the most probable class, of equals the first, is the label; exact as sums in double.
///
/// - images: what is predicted.
/// - summand: CONSORT_LOGARITHMS or CONSORT_PROBABILITIES.
/// - scratch: `consort_top1_scratch_bytes` bytes, aligned to 64.
/// - hits: `[subsets]`, grows by the images that a subset is right about, but for those that the result counts.
/// - image_hits: `[images, largest_size]`, set to how many subsets of each size are right about an image; or NULL.
/// - returns: the images that all subsets are right about.
int64_t consort_top1(const consort_images *images, consort_summand summand, const consort_subset_walk *walk,
                     void *scratch, int32_t *hits, int32_t *image_hits);
size_t consort_top1_scratch_bytes(int64_t member_count, int64_t classes, int64_t largest_size);

/// Sums over images from which the metrics of one subset come.
typedef struct {
  double hits, top_hits, negative_log_likelihood, squared_error;
  /// In each bin, the right predictions less the confidences.
  double calibration_gaps[CONSORT_CALIBRATION_BINS];
} consort_metric_sums;

/// Adds the images to each subset's sums.
///
/// - top_k: a label among so many first classes is a top hit.
/// - least_log_probability: log-probabilities count as no less in the likelihood.
/// - scratch: `consort_metrics_scratch_bytes` bytes, aligned to 64.
/// - sums: `[subsets]`.
/// - image_hits: as in `consort_top1`.
void consort_metrics(const consort_images *images, consort_summand summand, const consort_subset_walk *walk,
                     int64_t top_k, double least_log_probability, void *scratch, consort_metric_sums *sums,
                     int32_t *image_hits);
size_t consort_metrics_scratch_bytes(int64_t member_count, int64_t classes, int64_t largest_size,
                                     consort_summand summand);

/// What some first members, combined, say about each image, with strides of the images of all blocks.
typedef struct {
  /// `[stages, stride]`: the most probable class, of equals the first.
  int32_t *predicted;
  /// `[stages, stride]`: its probability, that of the next class (0 for one class), and the entropy in nats.
  double *greatest, *second, *entropy;
  int64_t stride;
} consort_stage_outputs;

/// Combines the first `first_stage`, `first_stage + 1`, ... members up to all of them.
///
/// - first_stage: at least 1.
/// - scratch: as `consort_metrics` needs it for subsets of one member.
/// - outputs: of the block's first image and first stage.
void consort_stages(const consort_images *images, consort_summand summand, int64_t first_stage, void *scratch,
                    const consort_stage_outputs *outputs);

/// Adds the images to the negative log-likelihood of softmax(sum over members of weight x log-probability), in nats.
///
/// - least: log-probabilities count as no less.
/// - scratch: doubles: `classes` rounded up to 8, times `member_count + 1`, and `member_count`.
/// - likelihood: grows by the sum over the images.
/// - gradient: `[member_count]`, grows by the derivatives by the weights.
/// - hessian: `[member_count, member_count]`, grows by the second derivatives; or NULL.
void consort_weighted_likelihood(const consort_images *images, const double *weights, double least, double *scratch,
                                 double *likelihood, double *gradient, double *hessian);

/// The bin i of `bins` with the confidence in (i / bins, (i + 1) / bins], exactly so for the rounded edges.
int64_t consort_confidence_bin(double confidence, int64_t bins);

/// Returns the first of `rows` rows of `classes` log-probabilities that may be no distribution: one that holds NaN or
/// infinity, or whose probabilities sum to a number further than about 0.9e-3 from 1. Returns `rows` where there is none.
int64_t consort_first_doubtful_row(const float *values, int64_t rows, int64_t classes);

/// Sets `result[i]` to e to the power of `values[i]`, within two units in the last place; 0 below -708.
void consort_exponentials(const double *values, double *result, int64_t count);

#ifdef __cplusplus
}
#endif

#endif
