#include <math.h>

#include <algorithm>
#include <utility>

#include "CKernels.h"
#include "Vectors.h"

// Sums are taken in float, which decides nearly every image: a sum's error is known, and where the label and its rival are
// no further apart, sums in double decide.
//
// Most classes need no sum at all. A class that every member gives less than the label can never be above it, and one that
// every member gives less than some third class is above the label only where the third is as well. What is left, the
// label's rivals, is mostly a few classes. Where it is many, the strongest are looked at first: one of them above the
// label is enough.

namespace {

using namespace consort;

constexpr int64_t leaves_at_once = 4;
/// Rivals that are looked at first.
constexpr int64_t strongest = 64;

/// What is summed of some of the rivals, and the sums of the prefixes.
struct Part {
  /// `[members, width]`, `[largest_size, width]`.
  float *work, *stack;
  /// The part's rivals, filled up to whole vectors.
  int64_t width;
};

struct Scratch {
  Part front, rest;
  /// `[classes]`: sums over all members.
  float *totals;
  /// `[classes]`: -1 for a class that is left, else 0.
  int32_t *left, *left_by_pivot;
  /// `[classes]`: the rivals.
  int32_t *kept;
  /// `[members]`, `[largest_size]`, `[largest_size]`.
  float *label_values, *label_sums;
  int32_t *path;
};

int64_t rounded_up(int64_t count) { return (count + float_lanes - 1) / float_lanes * float_lanes; }

int64_t scratch_floats(int64_t members, int64_t classes, int64_t largest_size) {
  const int64_t width = rounded_up(classes);
  return (members + largest_size) * (strongest + width) + 4 * width + rounded_up(members) + 2 * rounded_up(largest_size);
}

Scratch divide(void *memory, int64_t members, int64_t classes, int64_t largest_size) {
  const int64_t width = rounded_up(classes);
  float *next = static_cast<float *>(memory);
  const auto floats = [&](int64_t count) {
    float *const part = next;
    next += rounded_up(count);
    return part;
  };
  const auto integers = [&](int64_t count) { return reinterpret_cast<int32_t *>(floats(count)); };
  Scratch scratch;
  scratch.front = {floats(members * strongest), floats(largest_size * strongest), 0};
  scratch.rest = {floats(members * width), floats(largest_size * width), 0};
  scratch.totals = floats(width);
  scratch.left = integers(width);
  scratch.left_by_pivot = integers(width);
  scratch.kept = integers(width);
  scratch.label_values = floats(members);
  scratch.label_sums = floats(largest_size);
  scratch.path = integers(largest_size);
  return scratch;
}

/// One image as all members see it.
struct Image {
  const float *const *members;
  int64_t member_count, offset, classes, label;
  bool takes_probabilities;

  const float *row(int64_t member) const { return members[member] + offset; }
};

constexpr float least = static_cast<float>(CONSORT_LEAST_LOGARITHM);
/// Below this log-probability a double's exponential no longer distinguishes all floats that a class may be dropped for.
constexpr float least_compared = -80;

/// Sets `left` to the classes to which some member gives as much as to `pivot`, and adds all members up in `totals`,
/// unless that is NULL. Returns whether `pivot` can decide anything.
INLINED bool compare(const Image &image, int64_t pivot, int32_t *left, float *totals) {
  const int64_t classes = image.classes, whole = classes / float_lanes * float_lanes;
  bool decides = true;
  for (int64_t member = 0; member < image.member_count; ++member) {
    const float *const row = image.row(member);
    float threshold = row[pivot] > least ? row[pivot] : least;
    if (image.takes_probabilities && threshold < least_compared) decides = false;
    const Floats thresholds = floats(threshold);
    for (int64_t c = 0; c < whole; c += float_lanes) {
      const Floats values = greater(load(row + c), floats(least));
      Integers *const mask = reinterpret_cast<Integers *>(left + c);
      const Integers above = values >= thresholds;
      *mask = member == 0 ? above : *mask | above;
      if (totals) {
        Floats *const total = reinterpret_cast<Floats *>(totals + c);
        *total = member == 0 ? values : *total + values;
      }
    }
    for (int64_t c = whole; c < classes; ++c) {
      const float value = row[c] > least ? row[c] : least;
      const int32_t above = value >= threshold ? -1 : 0;
      left[c] = member == 0 ? above : left[c] | above;
      if (totals) totals[c] = member == 0 ? value : totals[c] + value;
    }
  }
  return decides;
}

/// Lists the classes, but for the label, that are marked. Returns how many they are.
INLINED int64_t list(const int32_t *left, const Image &image, int32_t *kept) {
  int64_t count = 0;
  int64_t c = 0;
  for (; c + float_lanes <= image.classes; c += float_lanes) {
    if (__builtin_reduce_or(*reinterpret_cast<const Integers *>(left + c)) == 0) continue;
    for (int64_t i = c; i < c + float_lanes; ++i) {
      kept[count] = static_cast<int32_t>(i);
      count += left[i] != 0 && i != image.label ? 1 : 0;
    }
  }
  for (; c < image.classes; ++c) {
    if (left[c] != 0 && c != image.label) kept[count++] = static_cast<int32_t>(c);
  }
  return count;
}

/// The classes that may be above the label in some subset.
INLINED int64_t find_rivals(const Image &image, const Scratch &scratch) {
  if (!compare(image, image.label, scratch.left, scratch.totals)) {
    for (int64_t c = 0; c < image.classes; ++c) scratch.left[c] = -1;
  }
  int64_t count = list(scratch.left, image, scratch.kept);
  if (count <= float_lanes) return count;
  const int64_t pivot = first_greatest(scratch.totals, image.classes);
  if (pivot == image.label) return count;
  const int32_t is_left = scratch.left[pivot];
  if (!compare(image, pivot, scratch.left_by_pivot, nullptr)) return count;
  for (int64_t c = 0; c < image.classes; ++c) scratch.left[c] &= scratch.left_by_pivot[c];
  scratch.left[pivot] = is_left;
  return list(scratch.left, image, scratch.kept);
}

/// Brings some of the strongest rivals, at most `strongest`, to the front. Returns how many.
INLINED int64_t sort_strongest(const Image &image, const Scratch &scratch, int64_t count) {
  if (count <= strongest) return count;
  // Those at least as strong as the median of the strongest of each group: cheaper than to sort all, and enough.
  constexpr int64_t vectors = strongest / float_lanes;
  const Floats none = floats(-INFINITY);
  Floats greatest[vectors];
  for (int64_t i = 0; i < vectors; ++i) greatest[i] = none;
  for (int64_t c = 0; c + strongest <= image.classes; c += strongest) {
    for (int64_t i = 0; i < vectors; ++i) {
      const int64_t place = c + i * float_lanes;
      const Integers left = *reinterpret_cast<const Integers *>(scratch.left + place);
      greatest[i] = greater(greatest[i], left != 0 ? load(scratch.totals + place) : none);
    }
  }
  float sorted[strongest];
  memcpy(sorted, greatest, sizeof(sorted));
  std::nth_element(sorted, sorted + strongest / 2, sorted + strongest);
  const float threshold = sorted[strongest / 2];
  int64_t front = 0;
  for (int64_t i = 0; i < count && front < strongest; ++i) {
    if (scratch.totals[scratch.kept[i]] >= threshold) std::swap(scratch.kept[i], scratch.kept[front++]);
  }
  return front;
}

/// What is summed of log-probabilities.
INLINED Floats summands(const Floats &values, bool takes_probabilities) {
  return takes_probabilities ? exponential(values) : greater(values, floats(least));
}

/// Copies `count` rivals together, and behind them what is below everything.
INLINED void gather(const Image &image, const int32_t *kept, int64_t count, Part &part) {
  const float below = image.takes_probabilities ? -1.0f : -3e38f;
  part.width = rounded_up(count);
  for (int64_t member = 0; member < image.member_count; ++member) {
    const float *const row = image.row(member);
    float *const target = part.work + member * part.width;
    for (int64_t i = 0; i < count; ++i) target[i] = row[kept[i]];
    for (int64_t i = count; i < part.width; ++i) target[i] = 0;
    for (int64_t i = 0; i < part.width; i += float_lanes) {
      Floats *const values = reinterpret_cast<Floats *>(target + i);
      *values = summands(*values, image.takes_probabilities);
    }
    for (int64_t i = count; i < part.width; ++i) target[i] = below;
  }
}

/// Whether the subset of `path` and `last` predicts the label, by sums in double.
bool is_right(const Image &image, const Scratch &scratch, int64_t count, int64_t level, int64_t last) {
  const auto sum = [&](int64_t c) {
    double sum = 0;
    for (int64_t place = 0; place <= level; ++place) {
      const double value = image.row(place < level ? scratch.path[place] : last)[c];
      const double summand = image.takes_probabilities         ? exponential(doubles(value))[0]
                             : value > CONSORT_LEAST_LOGARITHM ? value
                                                               : CONSORT_LEAST_LOGARITHM;
      sum = place == 0 ? summand : sum + summand;
    }
    return sum;
  };
  const double label = sum(image.label);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t c = scratch.kept[i];
    const double rival = sum(c);
    if (rival > label || (rival == label && c < image.label)) return false;
  }
  return true;
}

/// The greatest element of each of `n` vectors.
template <int n>
INLINED void greatest_elements(const Floats (&vectors)[n], float *result) {
  typedef float Eight __attribute__((vector_size(32)));
  typedef float Four __attribute__((vector_size(16)));
  for (int i = 0; i < n; ++i) {
    const Eight low = __builtin_shufflevector(vectors[i], vectors[i], 0, 1, 2, 3, 4, 5, 6, 7);
    const Eight high = __builtin_shufflevector(vectors[i], vectors[i], 8, 9, 10, 11, 12, 13, 14, 15);
    const Eight eight = low > high ? low : high;
    const Four left = __builtin_shufflevector(eight, eight, 0, 1, 2, 3);
    const Four right = __builtin_shufflevector(eight, eight, 4, 5, 6, 7);
    const Four four = left > right ? left : right;
    const Four turned = __builtin_shufflevector(four, four, 2, 3, 0, 1);
    const Four two = four > turned ? four : turned;
    result[i] = two[0] > two[1] ? two[0] : two[1];
  }
}

/// The greatest sums of `n` leaves on one prefix; without a prefix of the leaves themselves.
template <int n>
INLINED void greatest_sums(const float *work, const float *prefix, int64_t width, const consort_subset_leaf *leaves,
                           float *result) {
  const float *members[n];
  Floats best[n];
  for (int i = 0; i < n; ++i) members[i] = work + leaves[i].member * width;
  if (prefix == nullptr) {
    for (int i = 0; i < n; ++i) best[i] = load(members[i]);
    for (int64_t c = float_lanes; c < width; c += float_lanes) {
      for (int i = 0; i < n; ++i) best[i] = greater(best[i], load(members[i] + c));
    }
  } else {
    const Floats first = load(prefix);
    for (int i = 0; i < n; ++i) best[i] = first + load(members[i]);
    for (int64_t c = float_lanes; c < width; c += float_lanes) {
      const Floats shared = load(prefix + c);
      for (int i = 0; i < n; ++i) best[i] = greater(best[i], shared + load(members[i] + c));
    }
  }
  greatest_elements<n>(best, result);
}

INLINED void greatest_sums(const float *work, const float *prefix, int64_t width, const consort_subset_leaf *leaves,
                           int64_t count, float *result) {
  switch (count) {
    case 1: return greatest_sums<1>(work, prefix, width, leaves, result);
    case 2: return greatest_sums<2>(work, prefix, width, leaves, result);
    case 3: return greatest_sums<3>(work, prefix, width, leaves, result);
    default: return greatest_sums<4>(work, prefix, width, leaves, result);
  }
}

/// Adds a member to the prefix of the level below. Level 1 is the first.
INLINED void push(const Part &part, int64_t level, int64_t member) {
  const float *const values = part.work + member * part.width;
  float *const target = part.stack + (level - 1) * part.width;
  for (int64_t c = 0; c < part.width; c += float_lanes) {
    const Floats added = load(values + c);
    *reinterpret_cast<Floats *>(target + c) = level == 1 ? added : load(target - part.width + c) + added;
  }
}

INLINED const float *prefix(const Part &part, int64_t level) {
  return level == 0 ? nullptr : part.stack + (level - 1) * part.width;
}

/// One image's subsets, while they are scored.
struct Scoring {
  const Image &image;
  Scratch &scratch;
  /// All rivals and those at the front.
  int64_t rivals, front;
  /// How many prefixes there are of those behind the front; -1 where these are not even collected.
  int64_t rest_levels;

  /// Makes the prefix of a step, of the front alone.
  INLINED void push(const consort_subset_step &step) {
    if (step.level == 0) return;
    const int64_t place = step.level - 1;
    scratch.path[place] = step.member;
    const float label = scratch.label_values[step.member];
    scratch.label_sums[place] = place == 0 ? label : scratch.label_sums[place - 1] + label;
    ::push(scratch.front, step.level, step.member);
    if (rest_levels > place) rest_levels = place;
  }

  /// The greatest sum of the rivals behind the front for the prefix of `level` and a leaf.
  INLINED float greatest_of_rest(int64_t level, const consort_subset_leaf &leaf) {
    if (rest_levels < 0) {
      gather(image, scratch.kept + front, rivals - front, scratch.rest);
      rest_levels = 0;
    }
    for (; rest_levels < level; ++rest_levels) {
      ::push(scratch.rest, rest_levels + 1, scratch.path[rest_levels]);
    }
    float greatest;
    greatest_sums<1>(scratch.rest.work, prefix(scratch.rest, level), scratch.rest.width, &leaf, &greatest);
    return greatest;
  }
};

/// Scores every subset on one image.
INLINED void score(const consort_subset_walk &walk, Scoring scoring, int32_t *hits, int32_t *image_hits, uint8_t *right,
                   int64_t stride) {
  const Image &image = scoring.image;
  const Scratch &scratch = scoring.scratch;
  // A sum's relative error: half a unit in the last place for each addition and for what was added.
  const float unit = image.takes_probabilities ? 0x1p-20f : 0x1p-23f;
  const float smallest = image.takes_probabilities ? 1e-36f : 1e-8f;
  for (int64_t index = 0; index < walk.step_count; ++index) {
    const consort_subset_step &step = walk.steps[index];
    scoring.push(step);
    const float prefix_label = step.level == 0 ? 0 : scratch.label_sums[step.level - 1];
    const float error = unit * static_cast<float>(step.level + 2);
    const float least_error = smallest * static_cast<float>(step.level + 2);
    for (int64_t first = 0; first < step.count; first += leaves_at_once) {
      const consort_subset_leaf *const leaves = walk.leaves + step.first + first;
      const int64_t n = step.count - first < leaves_at_once ? step.count - first : leaves_at_once;
      float rivals[leaves_at_once];
      greatest_sums(scratch.front.work, prefix(scratch.front, step.level), scratch.front.width, leaves, n, rivals);
      for (int64_t i = 0; i < n; ++i) {
        const float label = prefix_label + scratch.label_values[leaves[i].member];
        float margin = error * (fabsf(label) + fabsf(rivals[i])) + least_error;
        if (rivals[i] - label > margin) continue;
        if (scoring.rivals > scoring.front) {
          const float other = scoring.greatest_of_rest(step.level, leaves[i]);
          rivals[i] = other > rivals[i] ? other : rivals[i];
          margin = error * (fabsf(label) + fabsf(rivals[i])) + least_error;
          if (rivals[i] - label > margin) continue;
        }
        const bool is_clear = label - rivals[i] > margin;
        if (!is_clear && !is_right(image, scratch, scoring.rivals, step.level, leaves[i].member)) continue;
        hits[leaves[i].subset] += 1;
        if (image_hits) image_hits[step.level] += 1;
        if (right) right[leaves[i].subset * stride] = 1;
      }
    }
  }
}

/// Counts an image that all subsets are right about.
INLINED void count_all(const consort_subset_walk &walk, int64_t group, int64_t index, int32_t *image_hits,
                       const consort_top1_counts &counts) {
  counts.all_right[group] += 1;
  for (int64_t subset = 0; counts.right && subset < counts.subsets; ++subset) {
    counts.right[subset * counts.stride + index] = 1;
  }
  if (image_hits) memcpy(image_hits, walk.size_counts, static_cast<size_t>(walk.largest_size) * sizeof(int32_t));
}

INLINED void consort_top1_for(const consort_images *images, consort_summand summand, const consort_subset_walk *walk,
                              void *memory, const consort_top1_counts *counts) {
  Scratch scratch = divide(memory, images->member_count, images->classes, walk->largest_size);
  for (int64_t index = 0; index < images->images; ++index) {
    const Image image = {images->members,       images->member_count,   index * images->classes,
                         images->classes,       images->labels[index],  summand == CONSORT_PROBABILITIES};
    const int64_t group = counts->groups ? counts->groups[index] : 0;
    int32_t *const image_hits = counts->image_hits ? counts->image_hits + index * walk->largest_size : nullptr;
    const int64_t count = find_rivals(image, scratch);
    if (count == 0) {
      count_all(*walk, group, index, image_hits, *counts);
      continue;
    }
    if (image_hits) memset(image_hits, 0, static_cast<size_t>(walk->largest_size) * sizeof(int32_t));
    for (int64_t member = 0; member < image.member_count; ++member) {
      scratch.label_values[member] = summands(floats(image.row(member)[image.label]), image.takes_probabilities)[0];
    }
    scratch.left[image.label] = 0;
    const int64_t front = sort_strongest(image, scratch, count);
    gather(image, scratch.kept, front, scratch.front);
    score(*walk, {image, scratch, count, front, -1}, counts->hits + group * counts->subsets, image_hits,
          counts->right ? counts->right + index : nullptr, counts->stride);
  }
}

}  // namespace

extern "C" {

BY_PROCESSOR(void, consort_top1,
             (const consort_images *images, consort_summand summand, const consort_subset_walk *walk, void *scratch,
              const consort_top1_counts *counts),
             (images, summand, walk, scratch, counts))

size_t consort_top1_scratch_bytes(int64_t member_count, int64_t classes, int64_t largest_size) {
  return static_cast<size_t>(scratch_floats(member_count, classes, largest_size)) * sizeof(float);
}

}  // extern "C"
