// Memory for large tensors on the CPU, kept for the next one of its size.
//
// A training step allocates the same hundreds of megabytes each time. The C library returns blocks of that size to the
// system, which then clears and maps every page anew, at each step.
#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/alignment.h>
#include <c10/core/impl/alloc_cpu.h>

#include <cstring>
#include <map>
#include <mutex>
#include <vector>

#ifdef __linux__
#include <sys/mman.h>
#endif

#include "Handles.h"

namespace consort {

namespace {

class CachingAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t size) override {
    void *data = size == 0 ? nullptr : take(size);
    return {data, data, &CachingAllocator::release, c10::Device(c10::kCPU)};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &CachingAllocator::release; }

  void copy_data(void *destination, const void *source, size_t count) const override {
    std::memcpy(destination, source, count);
  }

  /// Gives everything that no tensor uses back to the system.
  void trim() {
    const std::lock_guard<std::mutex> lock(mutex);
    for (auto &[size, blocks] : idle) {
      for (void *block : blocks) c10::free_cpu(block);
    }
    idle.clear();
  }

  static CachingAllocator &shared() {
    // Never destroyed: tensors may outlive every static object.
    static CachingAllocator *const allocator = new CachingAllocator;
    return *allocator;
  }

 private:
  /// Smaller ones are the C library's business, which keeps them.
  static constexpr size_t smallest_cached = size_t{1} << 18;
  static constexpr size_t huge_page = size_t{1} << 21;

  /// Sizes in steps of at most an eighth, so that blocks fit again and little is wasted.
  static size_t rounded(size_t size) {
    size_t step = smallest_cached / 8;
    while (step * 16 <= size) step *= 2;
    return (size + step - 1) / step * step;
  }

  void *take(size_t size) {
    if (size < smallest_cached) return c10::alloc_cpu(size);
    const size_t capacity = rounded(size);
    const std::lock_guard<std::mutex> lock(mutex);
    std::vector<void *> &blocks = idle[capacity];
    void *block = nullptr;
    if (blocks.empty()) {
      block = fresh(capacity);
    } else {
      block = blocks.back();
      blocks.pop_back();
    }
    capacities[block] = capacity;
    return block;
  }

  static void *fresh(size_t capacity) {
    void *block = c10::alloc_cpu(capacity);
#ifdef __linux__
    // Fewer, larger pages, where they fit whole.
    const uintptr_t first = (reinterpret_cast<uintptr_t>(block) + huge_page - 1) / huge_page * huge_page;
    const uintptr_t last = (reinterpret_cast<uintptr_t>(block) + capacity) / huge_page * huge_page;
    if (last > first) madvise(reinterpret_cast<void *>(first), last - first, MADV_HUGEPAGE);
#endif
    return block;
  }

  static void release(void *block) {
    if (block == nullptr) return;
    CachingAllocator &allocator = shared();
    {
      const std::lock_guard<std::mutex> lock(allocator.mutex);
      const auto found = allocator.capacities.find(block);
      if (found != allocator.capacities.end()) {
        allocator.idle[found->second].push_back(block);
        allocator.capacities.erase(found);
        return;
      }
    }
    c10::free_cpu(block);
  }

  std::mutex mutex;
  /// Of the blocks in use, and the blocks not in use by capacity.
  std::map<void *, size_t> capacities;
  std::map<size_t, std::vector<void *>> idle;
};

}  // namespace

}  // namespace consort

using namespace consort;

ct_status ct_keep_memory(void) {
  return guarded([] {
    if (ct_uses(CT_CACHING_ALLOCATOR)) c10::SetCPUAllocator(&CachingAllocator::shared(), /*priority=*/100);
  });
}

bool ct_keeps_memory(void) { return c10::GetCPUAllocator() == &CachingAllocator::shared(); }

ct_status ct_release_memory(void) {
  return guarded([] { CachingAllocator::shared().trim(); });
}
