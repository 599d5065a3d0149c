#include <math.h>

#include "CKernels.h"
#include "Vectors.h"

namespace {

using namespace consort;

INLINED bool is_doubtful(const float *row, int64_t classes) {
  Floats sums = {};
  Integers finite = Integers{} - 1;
  const Floats infinity = floats(INFINITY);
  int64_t c = 0;
  for (; c + float_lanes <= classes; c += float_lanes) {
    const Floats values = load(row + c);
    // Neither infinity nor NaN is less than infinity.
    finite &= values < infinity;
    sums += exponential(values);
  }
  if (c < classes) {
    // No probability: e to the power of -87 is below what counts.
    Floats values = floats(-87);
    for (int64_t lane = 0; c + lane < classes; ++lane) values[lane] = row[c + lane];
    finite &= values < infinity;
    sums += exponential(values);
  }
  float sum = 0;
  for (int64_t lane = 0; lane < float_lanes; ++lane) sum += sums[lane];
  return __builtin_reduce_and(finite) == 0 || !(fabsf(sum - 1) < 0.9e-3f);
}

INLINED void consort_first_greatest_for(const float *values, int64_t rows, int64_t classes, int64_t *result) {
  for (int64_t row = 0; row < rows; ++row) result[row] = first_greatest(values + row * classes, classes);
}

INLINED int64_t consort_first_doubtful_row_for(const float *values, int64_t rows, int64_t classes) {
  for (int64_t row = 0; row < rows; ++row) {
    if (is_doubtful(values + row * classes, classes)) return row;
  }
  return rows;
}

}  // namespace

extern "C" {

BY_PROCESSOR(int64_t, consort_first_doubtful_row, (const float *values, int64_t rows, int64_t classes),
             (values, rows, classes))

BY_PROCESSOR(void, consort_first_greatest, (const float *values, int64_t rows, int64_t classes, int64_t *result),
             (values, rows, classes, result))

}  // extern "C"
