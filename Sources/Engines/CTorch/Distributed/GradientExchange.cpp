// Gradients summed over shards, a bucket at a time, while the backward pass goes on.
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "Groups.h"

using namespace consort;

namespace {

class Hook : public torch::autograd::FunctionPostHook {
 public:
  explicit Hook(std::function<void()> body) : body(std::move(body)) {}

  torch::autograd::variable_list operator()(const torch::autograd::variable_list &outputs,
                                            const torch::autograd::variable_list &) override {
    body();
    return outputs;
  }

 private:
  std::function<void()> body;
};

/// Parameters whose gradients travel together, and where.
struct Bucket {
  struct Part {
    size_t parameter;
    int64_t offset;
  };

  std::vector<Part> parts;
  /// Floats of all parts, and of what each process sums: the same for all, the last one's end being empty.
  int64_t length = 0, chunk = 0;
  /// `[own shards, size * chunk]`; then the summed gradients, `[size * chunk]`.
  at::Tensor packed, result;
  /// Gradients that are still to come.
  size_t missing = 0;
};

/// Sums buckets over the shards of all processes, on a thread of its own where there is one. It lives as long as a bucket is under
/// way: where a step has failed, the other processes may never answer, and nobody waits for them.
class Summation {
 public:
  explicit Summation(c10::intrusive_ptr<Sharding> sharding) : sharding(std::move(sharding)) {}

  /// What the thread does.
  void work() {
    carry();
    const std::lock_guard<std::mutex> lock(mutex);
    has_ended = true;
    changed.notify_all();
  }

  /// Makes the thread end; returns whether it has. Otherwise it waits for another process.
  bool end() {
    std::unique_lock<std::mutex> lock(mutex);
    is_ending = true;
    changed.notify_all();
    return changed.wait_for(lock, patience, [&] { return has_ended; });
  }

  /// Has the thread sum a bucket.
  void give(Bucket &bucket) {
    const std::lock_guard<std::mutex> lock(mutex);
    waiting.push_back(&bucket);
    changed.notify_all();
  }

  /// Waits for all buckets; throws what went wrong.
  void wait() {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [&] { return done == buckets.size() || failure; });
    if (failure) std::rethrow_exception(failure);
  }

  /// Sums a bucket on the calling thread.
  void sum(Bucket &bucket) {
    exchange(bucket);
    ++done;
  }

  void begin(std::vector<bool> counts) {
    shard_counts = std::move(counts);
    done = 0;
    failure = nullptr;
  }

  const c10::intrusive_ptr<Sharding> sharding;
  std::vector<Bucket> buckets;

 private:
  /// How long a bucket that is under way may take where nobody needs it any more.
  static constexpr std::chrono::seconds patience{1};

  void carry() {
    const at::NoGradGuard guard;
    // The cores belong to the backward pass. A thread's first question takes over what any thread set last.
    at::get_num_threads();
    at::set_num_threads(1);
    while (true) {
      Bucket *bucket;
      {
        std::unique_lock<std::mutex> lock(mutex);
        changed.wait(lock, [&] { return is_ending || !waiting.empty(); });
        if (is_ending) return;
        bucket = waiting.front();
        waiting.pop_front();
      }
      std::exception_ptr problem;
      try {
        if (!failure) exchange(*bucket);
      } catch (...) {
        problem = std::current_exception();
      }
      const std::lock_guard<std::mutex> lock(mutex);
      if (problem) failure = problem;
      ++done;
      changed.notify_all();
    }
  }

  /// Each process sums its chunk over all shards, in their order, and all get the chunks of all.
  void exchange(Bucket &bucket) {
    const int64_t own = bucket.packed.size(0), chunk = bucket.chunk, size = sharding->size;
    if (!sharding->group) return sum(bucket.packed, bucket.result);
    const at::Tensor sent = own == 1 ? bucket.packed.view({-1})
                                     : bucket.packed.view({own, size, chunk}).transpose(0, 1).contiguous().view({-1});
    std::vector<int64_t> sent_counts(size, own * chunk), received_counts;
    for (int64_t rank = 0; rank < size; ++rank) received_counts.push_back(sharding->shard_count(rank) * chunk);
    const at::Tensor received = at::empty({sharding->shards * chunk}, sent.options());
    all_to_all(*sharding->group, sent, sent_counts, received, received_counts);
    const at::Tensor summed = at::empty({chunk}, sent.options());
    sum(received.view({sharding->shards, chunk}), summed);
    all_gather(*sharding->group, summed, bucket.result);
  }

  /// The sum of the rows that count, in their order.
  void sum(const at::Tensor &rows, const at::Tensor &result) const {
    bool is_first = true;
    for (int64_t shard = 0; shard < rows.size(0); ++shard) {
      if (!shard_counts[shard]) continue;
      is_first ? result.copy_(rows[shard]) : result.add_(rows[shard]);
      is_first = false;
    }
    if (is_first) result.zero_();
  }

  std::vector<bool> shard_counts;

  // Shared with the thread, under the lock.
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Bucket *> waiting;
  size_t done = 0;
  std::exception_ptr failure;
  bool is_ending = false, has_ended = false;
};

class GradientExchange {
 public:
  GradientExchange(c10::intrusive_ptr<Sharding> sharding, std::vector<at::Tensor> parameters,
                   std::vector<std::vector<at::Tensor>> leaves, int64_t bucket_bytes)
      : parameters(std::move(parameters)),
        leaves(std::move(leaves)),
        summation(std::make_shared<Summation>(std::move(sharding))),
        buckets(summation->buckets) {
    cut_into_buckets(bucket_bytes);
    hook_leaves();
    // On a GPU, work is ordered by the stream of the thread that gives it.
    if (this->parameters[0].device().is_cpu()) worker = std::thread([shared = summation] { shared->work(); });
  }

  ~GradientExchange() {
    for (const auto &[node, key] : hooks) node->del_post_hook(key);
    if (!worker.joinable()) return;
    summation->end() ? worker.join() : worker.detach();
  }

  /// Of this process, and of all.
  std::pair<size_t, size_t> shard_numbers() const {
    return {leaves.size(), static_cast<size_t>(summation->sharding->shards)};
  }

  void begin(std::vector<bool> runs, std::vector<bool> counts) {
    TORCH_CHECK(!is_open, "the exchange before has not been finished");
    shard_runs = std::move(runs);
    size_t running = 0;
    for (const bool runs_now : shard_runs) running += runs_now ? 1 : 0;
    for (Bucket &bucket : buckets) bucket.missing = running * bucket.parts.size();
    next = 0;
    summation->begin(std::move(counts));
    is_open = true;
  }

  /// Seconds that it waited.
  double finish() {
    TORCH_CHECK(is_open, "the exchange has not begun");
    const at::NoGradGuard guard;
    is_open = false;
    // What no gradient reaches counts as zeros.
    while (next < buckets.size()) set_off(buckets[next++]);
    const auto start = std::chrono::steady_clock::now();
    summation->wait();
    const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - start;
    for (const Bucket &bucket : buckets) {
      for (const Bucket::Part &part : bucket.parts) {
        parameters[part.parameter].mutable_grad() = slice(bucket.result, part);
      }
    }
    return waited.count();
  }

 private:
  void cut_into_buckets(int64_t bytes) {
    for (size_t parameter = parameters.size(); parameter-- > 0;) {
      const at::Tensor &tensor = parameters[parameter];
      TORCH_CHECK(tensor.scalar_type() == at::kFloat && tensor.is_non_overlapping_and_dense(),
                  "a parameter is not dense float32");
      if (buckets.empty() || buckets.back().length * 4 >= bytes) buckets.emplace_back();
      Bucket &bucket = buckets.back();
      bucket.parts.push_back({parameter, bucket.length});
      bucket.length += tensor.numel();
      bucket_of.push_back(buckets.size() - 1);
    }
    // It was filled from the last parameter on.
    std::reverse(bucket_of.begin(), bucket_of.end());
    const int64_t own = static_cast<int64_t>(leaves.size()), size = summation->sharding->size;
    for (Bucket &bucket : buckets) {
      bucket.chunk = (bucket.length + size - 1) / size;
      const at::TensorOptions options = parameters[0].options().requires_grad(false);
      bucket.packed = at::zeros({own, size * bucket.chunk}, options);
      bucket.result = at::zeros({size * bucket.chunk}, options);
    }
  }

  void hook_leaves() {
    for (size_t shard = 0; shard < leaves.size(); ++shard) {
      for (size_t parameter = 0; parameter < parameters.size(); ++parameter) {
        const at::Tensor &leaf = leaves[shard][parameter];
        TORCH_CHECK(leaf.sizes() == parameters[parameter].sizes() && leaf.strides() == parameters[parameter].strides(),
                    "a leaf is not like its parameter");
        auto node = torch::autograd::impl::grad_accumulator(leaf);
        TORCH_CHECK(node, "a leaf has no gradient");
        const uintptr_t key = node->add_post_hook(std::make_unique<Hook>([this, shard, parameter] {
          if (is_open && shard_runs[shard]) arrived(bucket_of[parameter]);
        }));
        hooks.emplace_back(std::move(node), key);
      }
    }
  }

  /// One more gradient of the bucket is there.
  void arrived(size_t index) {
    if (buckets[index].missing > 0) --buckets[index].missing;
    // All processes set off in one order.
    const at::NoGradGuard guard;
    while (next < buckets.size() && buckets[next].missing == 0) set_off(buckets[next++]);
  }

  /// The part of a flat tensor as its parameter lies.
  at::Tensor slice(const at::Tensor &flat, const Bucket::Part &part) const {
    const at::Tensor &like = parameters[part.parameter];
    return flat.as_strided(like.sizes(), like.strides(), flat.storage_offset() + part.offset);
  }

  void set_off(Bucket &bucket) {
    for (size_t shard = 0; shard < leaves.size(); ++shard) {
      for (const Bucket::Part &part : bucket.parts) {
        at::Tensor &gradient = leaves[shard][part.parameter].mutable_grad();
        const at::Tensor target = slice(bucket.packed[static_cast<int64_t>(shard)], part);
        if (gradient.defined()) {
          target.copy_(gradient);
          gradient.reset();
        } else {
          target.zero_();
        }
      }
    }
    worker.joinable() ? summation->give(bucket) : summation->sum(bucket);
  }

  const std::vector<at::Tensor> parameters;
  std::vector<std::vector<at::Tensor>> leaves;
  const std::shared_ptr<Summation> summation;
  std::vector<Bucket> &buckets;
  std::vector<size_t> bucket_of;
  std::vector<std::pair<std::shared_ptr<torch::autograd::Node>, uintptr_t>> hooks;

  // Of the step, touched by the thread that runs the backward pass.
  std::vector<bool> shard_runs;
  bool is_open = false;
  size_t next = 0;

  std::thread worker;
};

GradientExchange &exchange(ct_gradient_exchange handle) {
  TORCH_CHECK(handle.pointer != nullptr, "a null gradient exchange handle");
  return *static_cast<GradientExchange *>(handle.pointer);
}

}  // namespace

ct_status ct_gradient_exchange_new(ct_sharding handle, const ct_tensor *parameters, size_t parameter_count,
                                   const ct_tensor *leaves, size_t shard_count, int64_t bucket_bytes,
                                   ct_gradient_exchange *result) {
  return guarded([&] {
    const auto cut = sharding(handle);
    TORCH_CHECK(parameter_count > 0 && static_cast<int64_t>(shard_count) == cut->shard_count(cut->rank),
                "needs parameters, and leaves of ", cut->shard_count(cut->rank), " shards");
    std::vector<at::Tensor> targets;
    for (size_t i = 0; i < parameter_count; ++i) targets.push_back(tensor(parameters[i]));
    std::vector<std::vector<at::Tensor>> sources(shard_count);
    for (size_t i = 0; i < shard_count * parameter_count; ++i) {
      sources[i / parameter_count].push_back(tensor(leaves[i]));
    }
    result->pointer = new GradientExchange(cut, std::move(targets), std::move(sources), bucket_bytes);
    count_handle(1);
  });
}

void ct_gradient_exchange_free(ct_gradient_exchange handle) {
  if (handle.pointer == nullptr) return;
  guarded([&] { delete static_cast<GradientExchange *>(handle.pointer); });
  count_handle(-1);
}

ct_status ct_gradient_exchange_begin(ct_gradient_exchange handle, const bool *runs, const bool *counts) {
  return guarded([&] {
    const auto [own, all] = exchange(handle).shard_numbers();
    exchange(handle).begin(std::vector<bool>(runs, runs + own), std::vector<bool>(counts, counts + all));
  });
}

ct_status ct_gradient_exchange_finish(ct_gradient_exchange handle, double *seconds) {
  return guarded([&] { *seconds = exchange(handle).finish(); });
}
