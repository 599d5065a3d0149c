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

/// Where `consort_top1` counts. What is NULL is left out.
typedef struct {
  /// How many subsets there are.
  int64_t subsets;
  /// `[images]`: of each image of the block, its group; NULL where all are of group 0.
  const uint8_t *groups;
  /// `[groups, subsets]`: grows by the images that a subset is right about, but for those of `all_right`.
  int32_t *hits;
  /// `[groups]`: grows by the images that all subsets are right about.
  int64_t *all_right;
  /// `[images, largest_size]`, set to how many subsets of each size are right about an image; or NULL.
  int32_t *image_hits;
  /// Of the block's first image, `[subsets, stride]`: set to 1 where a subset is right about an image; or NULL.
  uint8_t *right;
  int64_t stride;
} consort_top1_counts;

/// Counts for which images the most probable class, of equals the first, is the label; exact as sums in double.
///
/// - images: what is predicted.
/// - summand: CONSORT_LOGARITHMS or CONSORT_PROBABILITIES.
/// - scratch: `consort_top1_scratch_bytes` bytes, aligned to 64.
void consort_top1(const consort_images *images, consort_summand summand, const consort_subset_walk *walk,
                  void *scratch, const consort_top1_counts *counts);
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
size_t consort_metrics_scratch_bytes(int64_t member_count, int64_t classes, int64_t subsets, int64_t largest_size,
                                     consort_summand summand);

/// What measures how sure a combined prediction is.
typedef enum {
  CONSORT_GREATEST = 0,
  CONSORT_MARGIN = 1,
  CONSORT_NEGATIVE_ENTROPY = 2,
} consort_confidence;

/// Combines each subset on its own.
///
/// - scratch: `consort_stages_scratch_bytes` bytes, aligned to 64.
/// - predicted: of the block's first image and the first subset, `[subsets, stride]`, with the stride of the images of all
///   blocks: the most probable class, of equals the first.
/// - confidence: as many: its probability; that less the next class's (0 for one class); or minus the entropy in nats.
void consort_stages(const consort_images *images, consort_summand summand, const consort_subset_walk *walk,
                    consort_confidence measure, void *scratch, int32_t *predicted, double *confidence, int64_t stride);
size_t consort_stages_scratch_bytes(int64_t member_count, int64_t classes, int64_t subsets, int64_t largest_size,
                                    consort_summand summand);

/// Puts places in the ascending order of their values, which are not NaN; of equals the first comes first.
///
/// - order: `[count]`: the places.
/// - ranks: `[count]`: of each place, how many different values are below its own.
/// - returns: how many different values there are.
int64_t consort_sort(const double *values, int64_t count, int32_t *order, int32_t *ranks);

/// The stages of a cascade, as they see all images.
typedef struct {
  int64_t images;
  /// 1 to 3.
  int64_t stages;
  /// `[stages]`: of each stage alone, for one image; above 0.
  const double *costs;
  /// `[stages][images]`: 1 where the stage is right.
  const uint8_t *right[3];
  /// `[images]`: the images, the least sure of the first stage first, and of each image its place among the different values
  /// of how sure it is. NULL for one stage.
  const int32_t *first_order, *first_rank;
  /// `[images]`: the same of the second stage, and how many different values there are. NULL for fewer than three stages.
  const int32_t *second_rank;
  int64_t second_levels;
  /// How many images come to each stage at least, unless none does.
  int64_t fewest;
} consort_cascade;

/// What thresholds are wanted for, over all images, and what was found.
typedef struct {
  /// The most hits at no more than this cost, where `least_hits` is below 0.
  double budget;
  /// The least cost with no fewer hits.
  int64_t least_hits;
  /// 1 where the goal is within reach; 0 before.
  int64_t is_found;
  /// How many images pass the first stage, and the second.
  int64_t passing, going_on;
  /// How many of the second stage's values are below its threshold.
  int64_t second_levels;
  /// In all; the hits for goals of a cost only.
  int64_t hits;
  double cost;
} consort_threshold_goal;

/// Finds the best thresholds for each goal among all that differ in what they do to some image; of equals those that the
/// fewest images pass.
///
/// - scratch: `consort_best_thresholds_scratch_bytes` bytes, aligned to 64.
void consort_best_thresholds(const consort_cascade *cascade, void *scratch, consort_threshold_goal *goals,
                             int64_t goal_count);
size_t consort_best_thresholds_scratch_bytes(const consort_cascade *cascade, int64_t goal_count);

/// Sets rows to log softmax of the members' mean log-probability, or of their weighted sum.
///
/// - weights: `[member_count]`; NULL for the mean.
/// - exits: `[images]`: of each image the last member that counts; NULL for all.
/// - least: log-probabilities count as no less.
/// - scratch: `consort_combine_scratch` doubles.
/// - result: `[images, classes]`.
void consort_combine(const consort_images *images, const double *weights, const int64_t *exits, double least,
                     double *scratch, float *result);
/// Sets `right` to 1 where the most probable class of such a row, of equals the first, is the label, else to 0: without
/// the row where it is clear.
///
/// - right: `[images]`.
void consort_combine_right(const consort_images *images, const double *weights, const int64_t *exits, double least,
                           double *scratch, uint8_t *right);
/// How many doubles either needs.
int64_t consort_combine_scratch(int64_t classes);

/// Finds after which members of a cascade images stop that measures by the greatest probability of the mean log-probability, as
/// `consort_stages` has it.
///
/// - images: as all members but the last see them.
/// - thresholds: `[member_count]`: an image stops where the members so far give its class no less; INFINITY where none does.
/// - least: log-probabilities count as no less.
/// - scratch: `consort_exits_scratch` doubles.
/// - exits: `[images]`, set to the member, counted from 0, after which an image stops; to `member_count` where it goes on.
void consort_exits(const consort_images *images, const double *thresholds, double least, double *scratch, int64_t *exits);
int64_t consort_exits_scratch(int64_t classes);

/// Adds the images to the negative log-likelihood of softmax(sum over members of weight x log-probability), in nats.
///
/// - least: log-probabilities count as no less.
/// - scratch: `consort_weighted_likelihood_scratch` doubles.
/// - likelihood: grows by the sum over the images.
/// - gradient: `[member_count]`, grows by the derivatives by the weights.
/// - hessian: `[member_count, member_count]`, grows by the second derivatives; or NULL.
void consort_weighted_likelihood(const consort_images *images, const double *weights, double least, double *scratch,
                                 double *likelihood, double *gradient, double *hessian);
/// How many doubles it needs.
int64_t consort_weighted_likelihood_scratch(int64_t classes, int64_t members);

/// Adds up, for each member, about what the negative log-likelihood is of the mean of the chosen members' log-probabilities and
/// its own, in nats: within 2e-5 an image of what `consort_metrics` adds, for up to 64 members.
///
/// - chosen: `[count]`: members, each as often as it counts.
/// - greatest_loss: losses count as no more.
/// - scratch: floats: `classes` rounded up to 16.
/// - losses: `[member_count]`, grows by the sum over the images.
void consort_estimate_losses(const consort_images *images, const int32_t *chosen, int64_t count, double greatest_loss,
                             float *scratch, double *losses);

/// The bin i of `bins` with the confidence in (i / bins, (i + 1) / bins], exactly so for the rounded edges.
int64_t consort_confidence_bin(double confidence, int64_t bins);

/// Returns the first of `rows` rows of `classes` log-probabilities that may be no distribution: one that holds NaN or
/// infinity, or whose probabilities sum to a number further than about 0.9e-3 from 1. Returns `rows` where there is none.
int64_t consort_first_doubtful_row(const float *values, int64_t rows, int64_t classes);

/// Sets `result` to the place of the greatest of each of `rows` rows of `classes` values, none of them NaN; of equals the
/// first.
void consort_first_greatest(const float *values, int64_t rows, int64_t classes, int64_t *result);

/// Sets `result[i]` to e to the power of `values[i]`, within two units in the last place; 0 below -708.
void consort_exponentials(const double *values, double *result, int64_t count);

#ifdef __cplusplus
}
#endif

#endif
