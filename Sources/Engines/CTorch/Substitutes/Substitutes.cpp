// Which of libtorch's own operations this library replaces, and which it leaves alone.
#include <torch/csrc/inductor/aoti_torch/c/shim.h>
#include <torch/headeronly/version.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "Handles.h"

static_assert(TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR == 11 && TORCH_VERSION_PATCH == 0,
              "Consort is built against libtorch 2.11.0: run scripts/setup");

using namespace consort;

namespace {

/// What the library that is loaded says of itself, which need not be the one whose headers were compiled.
std::string loaded_version() {
  const uint64_t version = aoti_torch_abi_version();
  const auto byte = [&](int index) { return std::to_string(version >> (56 - 8 * index) & 0xff); };
  return byte(0) + "." + byte(1) + "." + byte(2);
}

bool is_on(const char *variable) {
  const char *value = std::getenv(variable);
  return value == nullptr || std::strcmp(value, "0") != 0;
}

/// The set as bits, from the environment. A line on standard error says why it is empty with another libtorch.
uint32_t chosen(const char *version) {
  if (std::strcmp(version, TORCH_VERSION) != 0) {
    std::fprintf(stderr,
                 "consort: note: libtorch %s is loaded, not %s: Winograd's convolution, fused normalization and the "
                 "caching allocator are off, and libtorch's own are used\n",
                 version, TORCH_VERSION);
    return 0;
  }
  return (is_on("CONSORT_WINOGRAD") ? CT_WINOGRAD : 0) |
         (is_on("CONSORT_FUSED_NORMALIZATION") ? CT_FUSED_NORMALIZATION : 0) |
         (is_on("CONSORT_CACHING_ALLOCATOR") ? CT_CACHING_ALLOCATOR : 0);
}

std::atomic<uint32_t> &substitutes() {
  static std::atomic<uint32_t> set{chosen(loaded_version().c_str())};
  return set;
}

}  // namespace

const char *ct_version(void) {
  static const std::string version = loaded_version();
  return version.c_str();
}

bool ct_uses(ct_substitute substitute) { return (substitutes() & substitute) != 0; }

ct_status ct_choose_substitutes(const char *version) {
  return guarded([&] { substitutes() = chosen(version); });
}
