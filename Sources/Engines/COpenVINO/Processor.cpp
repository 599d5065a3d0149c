#include <openvino/op/constant.hpp>

#include <cstdlib>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

#include "Handles.h"

namespace consort::inference {
namespace {

#if defined(__x86_64__)
bool has(unsigned registers, int bit) { return (registers >> bit & 1) != 0; }
#endif

/// The greatest magnitude of weights of which two products with bytes always fit into 16 bits: 2 x 64 x 255 is below 2^15.
constexpr int largest_narrow_weight = 64;

template <typename Number>
bool exceeds(const ov::op::v0::Constant &constant, int least, int greatest) {
  const auto *numbers = constant.get_data_ptr<Number>();
  for (size_t index = 0, count = ov::shape_size(constant.get_shape()); index < count; index++) {
    if (numbers[index] < least || numbers[index] > greatest) return true;
  }
  return false;
}

/// Whether a constant holds weights of more than seven bits; scales and zero points have one axis at most.
bool is_wide(const ov::op::v0::Constant &constant) {
  if (constant.get_shape().size() < 2) return false;
  const auto &type = constant.get_element_type();
  if (type == ov::element::i8) return exceeds<int8_t>(constant, -largest_narrow_weight, largest_narrow_weight);
  // Weights without a sign are moved by their zero point, usually 128.
  return type == ov::element::u8;
}

}  // namespace
}  // namespace consort::inference

using namespace consort::inference;

void co_processor_features(co_processor *result) {
  *result = co_processor{1, 0, 0};
#if defined(__x86_64__)
  unsigned a = 0, b = 0, c = 0, d = 0, a1 = 0, b1 = 0, c1 = 0, d1 = 0;
  __get_cpuid_count(7, 0, &a, &b, &c, &d);
  __get_cpuid_count(7, 1, &a1, &b1, &c1, &d1);
  // AVX512_VNNI, AMX-INT8, AVX-VNNI; AVX512_BF16, AMX-BF16; AVX512_FP16, AMX-FP16.
  result->multiplies_bytes = has(c, 11) || has(d, 25) || has(a1, 4);
  result->multiplies_bfloat16 = has(a1, 5) || has(d, 22);
  result->multiplies_float16 = has(d, 23) || has(a1, 21);
#elif defined(__aarch64__) && defined(__linux__)
  // HWCAP_ASIMDHP and HWCAP2_BF16.
  result->multiplies_float16 = (getauxval(AT_HWCAP) >> 10 & 1) != 0;
  result->multiplies_bfloat16 = (getauxval(AT_HWCAP2) >> 14 & 1) != 0;
#elif defined(__aarch64__)
  result->multiplies_float16 = 1;
#endif
}

co_status co_model_has_wide_bytes(co_model model, int32_t *result) {
  return guarded([&] {
    *result = 0;
    for (const auto &node : consort::inference::model(model)->get_ops()) {
      const auto constant = ov::as_type_ptr<ov::op::v0::Constant>(node);
      if (constant != nullptr && is_wide(*constant)) *result = 1;
    }
  });
}
