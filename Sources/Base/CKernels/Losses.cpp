#include <math.h>
#include <string.h>

#include "CKernels.h"
#include "Vectors.h"

// Which of many members makes a mean best is mostly clear from sums in float, at a fraction of what exact ones take.

namespace {

using namespace consort;

/// Further sums are taken in double: a float's exponential ends soon after.
constexpr float largest_sum = 1e34f;

constexpr float least = static_cast<float>(CONSORT_LEAST_LOGARITHM);
/// Where some member rules the label out, floats do not hold what else there is.
constexpr float ruled_out = -1e6f;
/// What places behind the classes hold: their exponentials count for nothing.
constexpr float nothing = -1e30f;

/// The log-probabilities of some classes less the label's; places behind the classes may be read where there are as many.
INLINED Floats load_classes(const float *row, int64_t c, int64_t classes, int64_t readable, float label) {
  if (c + float_lanes <= classes) return greater(load(row + c), floats(least)) - label;
  Floats values = floats(nothing);
  if (c + float_lanes > readable) {
    for (int64_t lane = 0; c + lane < classes; ++lane) values[lane] = (row[c + lane] > least ? row[c + lane] : least) - label;
    return values;
  }
  const Integers lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return lanes < static_cast<int32_t>(classes - c) ? greater(load(row + c), floats(least)) - label : values;
}

/// One image as the members see it.
struct Image {
  const consort_images &images;
  int64_t place, label;

  INLINED const float *row(int64_t member) const { return images.members[member] + place * images.classes; }
  INLINED float of_label(int64_t member) const {
    const float value = row(member)[label];
    return value > least ? value : least;
  }
  INLINED double summand(int64_t member, int64_t c) const {
    const double value = row(member)[c];
    return value > CONSORT_LEAST_LOGARITHM ? value : CONSORT_LEAST_LOGARITHM;
  }
};

/// The loss with sums in double.
double exact_loss(const Image &image, const int32_t *chosen, int64_t count, int64_t last) {
  const auto sum = [&](int64_t c) {
    double sum = image.summand(last, c);
    for (int64_t i = 0; i < count; ++i) sum += image.summand(chosen[i], c);
    return sum / static_cast<double>(count + 1);
  };
  double greatest = -INFINITY, total = 0;
  for (int64_t c = 0; c < image.images.classes; ++c) greatest = fmax(greatest, sum(c));
  for (int64_t c = 0; c < image.images.classes; ++c) total += exp(sum(c) - greatest);
  return log(total) - (sum(image.label) - greatest);
}

INLINED void consort_estimate_losses_for(const consort_images *images, const int32_t *chosen, int64_t count,
                                         double greatest_loss, float *prefix, double *losses) {
  const int64_t classes = images->classes;
  const float scale = 1 / static_cast<float>(count + 1);
  for (int64_t place = 0; place < images->images; ++place) {
    const Image image = {*images, place, images->labels[place]};
    // The rows of later images lie behind this one's.
    const int64_t readable = (images->images - place) * classes;
    float labels = 0;
    for (int64_t i = 0; i < count; ++i) labels += image.of_label(chosen[i]);
    for (int64_t c = 0; c < classes; c += float_lanes) {
      Floats sum = {};
      for (int64_t i = 0; i < count; ++i) sum += load_classes(image.row(chosen[i]), c, classes, readable, image.of_label(chosen[i]));
      memcpy(prefix + c, &sum, sizeof(sum));
    }
    for (int64_t member = 0; member < images->member_count; ++member) {
      const float *const row = image.row(member);
      const float label = image.of_label(member);
      Floats totals = {};
      int64_t c = 0;
      for (; c + rough_at_once * float_lanes <= classes; c += rough_at_once * float_lanes) {
        Floats values[rough_at_once];
        for (int i = 0; i < rough_at_once; ++i) {
          const int64_t place = c + i * float_lanes;
          values[i] = (load(prefix + place) + (greater(load(row + place), floats(least)) - label)) * scale;
        }
        rough_exponentials(values);
        for (int i = 0; i < rough_at_once; ++i) totals += values[i];
      }
      for (; c < classes; c += float_lanes) {
        Floats value[] = {(load(prefix + c) + load_classes(row, c, classes, readable, label)) * scale};
        rough_exponentials(value);
        totals += value[0];
      }
      float total = 0;
      for (int64_t lane = 0; lane < float_lanes; ++lane) total += totals[lane];
      const bool is_clear = total < largest_sum && labels + label > ruled_out;
      const double loss = is_clear ? log(static_cast<double>(total)) : exact_loss(image, chosen, count, member);
      losses[member] += loss < greatest_loss ? loss : greatest_loss;
    }
  }
}

}  // namespace

extern "C" {

BY_PROCESSOR(void, consort_estimate_losses,
             (const consort_images *images, const int32_t *chosen, int64_t count, double greatest_loss, float *scratch,
              double *losses),
             (images, chosen, count, greatest_loss, scratch, losses))

}  // extern "C"
