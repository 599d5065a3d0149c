#ifndef CONSORT_TILES_H
#define CONSORT_TILES_H

#include "Lanes.h"

// What many subsets make of eight images' log-probabilities needs the greatest sum of each before anything else: the classes
// are gone through twice. A few of them at a time are taken through all subsets, so that what is read again and again stays in
// the processor's nearest cache.

namespace consort {

/// Classes that are taken at once.
constexpr int64_t tile_classes = 48;

/// Some classes of eight images.
class Tiles {
 public:
  /// - memory: `doubles_of` doubles.
  INLINED Tiles(const consort_images &images, const consort_subset_walk &walk, double *memory)
      : images(images), walk(walk), inputs(memory), stack(memory + images.member_count * width) {
    memset(stack, 0, width * sizeof(double));
  }

  static int64_t doubles_of(int64_t members, int64_t largest_size) { return (members + largest_size + 1) * width; }

  /// Calls `body` for some classes after others and each leaf in turn: with the leaf's place, its subset's size, the first of
  /// the classes, their number, and the two parts of their sums.
  template <typename Body>
  INLINED void for_each(int64_t first, int64_t count, Body body) const {
    for (int64_t start = 0; start < images.classes; start += tile_classes) {
      const int64_t classes = images.classes - start < tile_classes ? images.classes - start : tile_classes;
      for (int64_t member = 0; member < images.member_count; ++member) {
        load_member(images.members[member] + first * images.classes + start, count, images.classes, classes,
                    CONSORT_LOGARITHMS, inputs + member * width);
      }
      for (int64_t index = 0; index < walk.step_count; ++index) {
        const consort_subset_step &step = walk.steps[index];
        double *const prefix = stack + step.level * width;
        if (step.level > 0) add_up(prefix - width, inputs + step.member * width, classes * double_lanes, prefix);
        for (int64_t leaf = step.first; leaf < step.first + step.count; ++leaf) {
          body(leaf, step.level + 1, start, classes, prefix, inputs + walk.leaves[leaf].member * width);
        }
      }
    }
  }

 private:
  static constexpr int64_t width = tile_classes * double_lanes;

  const consort_images &images;
  const consort_subset_walk &walk;
  /// `[members, tile_classes, lanes]`.
  double *inputs;
  /// `[largest_size + 1, tile_classes, lanes]`: the sums of the prefixes, from the empty one on.
  double *stack;
};

/// The sum of a class of a tile.
INLINED Doubles sum_of(const double *prefix, const double *member, int64_t c) {
  return load(prefix + c * double_lanes) + load(member + c * double_lanes);
}

/// Calls `body` with each class of a tile, in order, its exponential and its exponent: the sum less the greatest, scaled.
template <typename Body>
INLINED void for_each_exponential(const double *prefix, const double *member, int64_t classes, const Doubles &greatest,
                                  double scale, Body body) {
  int64_t c = 0;
  for (; c + exponentials_at_once <= classes; c += exponentials_at_once) {
    Doubles values[exponentials_at_once];
    for (int i = 0; i < exponentials_at_once; ++i) values[i] = (sum_of(prefix, member, c + i) - greatest) * scale;
    exponentials(values);
    for (int i = 0; i < exponentials_at_once; ++i) body(c + i, values[i]);
  }
  for (; c < classes; ++c) body(c, exponential((sum_of(prefix, member, c) - greatest) * scale));
}

}  // namespace consort

#endif
