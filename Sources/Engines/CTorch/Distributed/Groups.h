// Process groups and shards as C++ objects, behind the handles of CTorchDistributed.h.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "CTorchDistributed.h"
#include "Handles.h"

namespace consort {

/// Another process did not answer.
class ConnectionLost : public c10::DistError {
 public:
  explicit ConnectionLost(const std::string &message) : DistError({"", "", 0}, message) {}
};

using GroupPointer = c10::intrusive_ptr<c10d::Backend>;

struct ProcessGroup {
  GroupPointer backend;
  /// Where its tensors must be.
  at::Device device;
};

inline ProcessGroup &process_group(ct_process_group handle) {
  TORCH_CHECK(handle.pointer != nullptr, "a null process group handle");
  return *static_cast<ProcessGroup *>(handle.pointer);
}

void give(ProcessGroup value, ct_process_group *result);

/// Waits for a collective; whatever goes wrong there is a connection that is lost.
template <typename Start>
void collectively(Start &&start) {
  try {
    start()->wait();
  } catch (const c10::OutOfMemoryError &) {
    throw;
  } catch (const std::exception &error) {
    const auto *known = dynamic_cast<const c10::Error *>(&error);
    throw ConnectionLost(known ? known->what_without_backtrace() : error.what());
  }
}

void all_gather(ProcessGroup &group, at::Tensor input, at::Tensor output);
/// `send` and `receive` are flat; so many elements go to, and come from, each process.
void all_to_all(ProcessGroup &group, at::Tensor send, std::vector<int64_t> send_counts, at::Tensor receive,
                std::vector<int64_t> receive_counts);

/// How a batch is cut among processes. Shared by handles and by what autograd saves.
struct Sharding : torch::CustomClassHolder {
  Sharding(std::optional<ProcessGroup> group, int64_t rank, int64_t size, int64_t shards, bool is_local)
      : group(std::move(group)), rank(rank), size(size), shards(shards), is_local(is_local) {}

  int64_t first_shard(int64_t of_rank) const { return shards * of_rank / size; }
  int64_t shard_count(int64_t of_rank) const { return first_shard(of_rank + 1) - first_shard(of_rank); }

  /// Rows `[own shards, K]` of all processes, in the order of shards: `[shards, K]`, on the CPU.
  at::Tensor gathered(const at::Tensor &rows);

  std::optional<ProcessGroup> group;
  int64_t rank, size, shards;
  /// Whether each shard is normalised by its own statistics.
  bool is_local;
  /// How long `gathered` has waited for other processes.
  std::atomic<int64_t> waited_microseconds{0};
};

inline c10::intrusive_ptr<Sharding> sharding(ct_sharding handle) {
  TORCH_CHECK(handle.pointer != nullptr, "a null sharding handle");
  return *static_cast<c10::intrusive_ptr<Sharding> *>(handle.pointer);
}

}  // namespace consort
