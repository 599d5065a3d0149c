// c10d's store, its process groups, and their collectives.
#define USE_C10D_GLOO

#include "Groups.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <c10/util/Logging.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>

#include "CUDALibrary.h"

using namespace consort;

namespace {

using StorePointer = c10::intrusive_ptr<c10d::Store>;

StorePointer &store(ct_store handle) {
  TORCH_CHECK(handle.pointer != nullptr, "a null store handle");
  return *static_cast<StorePointer *>(handle.pointer);
}

void give_store(StorePointer value, ct_store *result) {
  result->pointer = new StorePointer(std::move(value));
  count_handle(1);
}

std::chrono::milliseconds milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
}

}  // namespace

namespace consort {

void give(ProcessGroup value, ct_process_group *result) {
  result->pointer = new ProcessGroup(std::move(value));
  count_handle(1);
}

void all_gather(ProcessGroup &group, at::Tensor input, at::Tensor output) {
  collectively([&] { return group.backend->_allgather_base(output, input); });
}

void all_to_all(ProcessGroup &group, at::Tensor send, std::vector<int64_t> send_counts, at::Tensor receive,
                std::vector<int64_t> receive_counts) {
  collectively([&] { return group.backend->alltoall_base(receive, send, receive_counts, send_counts); });
}

at::Tensor Sharding::gathered(const at::Tensor &rows) {
  if (!group) return rows;
  int64_t most = 0;
  for (int64_t other = 0; other < size; ++other) most = std::max(most, shard_count(other));
  // All processes send as much: shorter ones are filled up.
  at::Tensor own = at::zeros({most, rows.size(1)}, rows.options());
  own.narrow(0, 0, rows.size(0)).copy_(rows);
  own = own.to(group->device);
  at::Tensor all = at::empty({size * most, rows.size(1)}, own.options());
  const auto start = std::chrono::steady_clock::now();
  all_gather(*group, own, all);
  all = all.to(at::kCPU);
  waited_microseconds +=
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start).count();
  std::vector<at::Tensor> parts;
  for (int64_t other = 0; other < size; ++other) parts.push_back(all.narrow(0, other * most, shard_count(other)));
  return at::cat(parts);
}

}  // namespace consort

ct_status ct_store_open(const char *host, uint16_t port, bool hosts, double seconds, ct_store *result) {
  return guarded([&] {
    // c10d warns at every attempt to reach a process that is not there; what comes of it is the caller's to tell.
    static const bool is_quiet = [] {
      setenv("TORCH_CPP_LOG_LEVEL", "ERROR", /*overwrite=*/0);
      c10::initLogging();
      return true;
    }();
    static_cast<void>(is_quiet);
    c10d::TCPStoreOptions options;
    options.port = port;
    options.isServer = hosts;
    // Processes wait for each other where they read what another has written.
    options.waitWorkers = false;
    options.timeout = milliseconds(seconds);
    give_store(c10::make_intrusive<c10d::TCPStore>(host, options), result);
  });
}

ct_status ct_store_prefixed(ct_store handle, const char *prefix, ct_store *result) {
  return guarded([&] { give_store(c10::make_intrusive<c10d::PrefixStore>(prefix, store(handle)), result); });
}

void ct_store_free(ct_store handle) {
  if (handle.pointer == nullptr) return;
  delete static_cast<StorePointer *>(handle.pointer);
  count_handle(-1);
}

ct_status ct_store_port(ct_store handle, uint16_t *port) {
  return guarded([&] {
    StorePointer base = store(handle);
    while (auto *prefixed = dynamic_cast<c10d::PrefixStore *>(base.get())) base = prefixed->getUnderlyingStore();
    auto *served = dynamic_cast<c10d::TCPStore *>(base.get());
    TORCH_CHECK(served != nullptr, "the store has no port");
    *port = served->getPort();
  });
}

ct_status ct_store_set(ct_store handle, const char *key, const void *bytes, size_t count) {
  return guarded([&] {
    const auto *first = static_cast<const uint8_t *>(bytes);
    store(handle)->set(key, std::vector<uint8_t>(first, first + count));
  });
}

ct_status ct_store_get(ct_store handle, const char *key, void *bytes, size_t capacity, size_t *count) {
  return guarded([&] {
    const std::vector<uint8_t> value = store(handle)->get(key);
    *count = value.size();
    if (!value.empty() && value.size() <= capacity) std::memcpy(bytes, value.data(), value.size());
  });
}

ct_status ct_store_has(ct_store handle, const char *key, bool *result) {
  return guarded([&] { *result = store(handle)->check({key}); });
}

ct_status ct_store_count(ct_store handle, const char *key, int64_t *result) {
  return guarded([&] { *result = store(handle)->add(key, 1); });
}

namespace {

/// c10d notes every collective for later analysis, in a map that two threads change at once where groups of one process work side by
/// side (FlightRecorder.recordWithResetEnabled of libtorch 2.11: a crash was seen). Before main: no other thread reads the environment.
[[maybe_unused]] const int keeps_no_notes = ::setenv("TORCH_FR_BUFFER_SIZE", "0", 1);

}  // namespace

ct_status ct_process_group_gloo(ct_store handle, int32_t rank, int32_t size, double seconds, const char *address,
                                ct_process_group *result) {
  return guarded([&] {
    auto options = address ? c10d::ProcessGroupGloo::Options::create(milliseconds(seconds))
                           : c10d::ProcessGroupGloo::Options::create_default(milliseconds(seconds));
    if (address) options->devices = {c10d::ProcessGroupGloo::createDeviceForHostname(address)};
    try {
      give(ProcessGroup{c10::make_intrusive<c10d::ProcessGroupGloo>(store(handle), rank, size, options), at::kCPU},
           result);
    } catch (const c10::Error &) {
      throw;
    } catch (const std::exception &error) {
      // Gloo's own errors.
      throw ConnectionLost(error.what());
    }
  });
}

ct_status ct_process_group_nccl(ct_store handle, int32_t rank, int32_t size, double seconds, ct_device target,
                                ct_process_group *result) {
  static ct_cuda_functions functions;
  const ct_status status = ct_load_cuda_functions(&functions);
  if (status != CT_OK) return status;
  ct_process_group created{};
  const ct_status made = functions.process_group_nccl(handle, rank, size, seconds, target, &created);
  if (made == CT_OK) *result = created;
  return made;
}

void ct_process_group_free(ct_process_group handle) {
  if (handle.pointer == nullptr) return;
  guarded([&] { delete static_cast<ProcessGroup *>(handle.pointer); });
  count_handle(-1);
}

ct_status ct_watch_connections(int32_t seconds) {
  return guarded([&] {
    TORCH_CHECK(seconds > 0, seconds, " seconds");
    // Gloo and the store give no access to their sockets.
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    const int count = static_cast<int>(std::min<rlim_t>(limit.rlim_cur, 65536));
    for (int file = 3; file < count; ++file) {
      sockaddr_storage peer{};
      socklen_t length = sizeof(peer);
      if (getpeername(file, reinterpret_cast<sockaddr *>(&peer), &length) != 0) continue;
      if (peer.ss_family != AF_INET && peer.ss_family != AF_INET6) continue;
      const auto set = [&](int level, int option, int value) { setsockopt(file, level, option, &value, sizeof(value)); };
      // Idle connections are asked for half of the time, then four times.
      set(SOL_SOCKET, SO_KEEPALIVE, 1);
#ifdef __linux__
      set(IPPROTO_TCP, TCP_KEEPIDLE, std::max(1, seconds / 2));
      // What was sent and is not acknowledged.
      set(IPPROTO_TCP, TCP_USER_TIMEOUT, seconds * 1000);
#else
      set(IPPROTO_TCP, TCP_KEEPALIVE, std::max(1, seconds / 2));
#endif
      set(IPPROTO_TCP, TCP_KEEPINTVL, std::max(1, seconds / 8));
      set(IPPROTO_TCP, TCP_KEEPCNT, 4);
    }
  });
}

ct_status ct_all_gather(ct_process_group handle, ct_tensor input, ct_tensor output) {
  return guarded([&] { all_gather(process_group(handle), tensor(input), tensor(output)); });
}

ct_status ct_broadcast(ct_process_group handle, ct_tensor target, int32_t root) {
  return guarded([&] {
    c10d::BroadcastOptions options;
    options.rootRank = root;
    std::vector<at::Tensor> tensors{tensor(target).detach()};
    collectively([&] { return process_group(handle).backend->broadcast(tensors, options); });
  });
}

ct_status ct_sharding_new(ct_process_group group, int32_t rank, int32_t size, int32_t shards, bool local_statistics,
                          ct_sharding *result) {
  return guarded([&] {
    TORCH_CHECK(size > 0 && rank >= 0 && rank < size && shards >= size, shards, " shards for process ", rank, " of ",
                size);
    TORCH_CHECK(size == 1 || group.pointer != nullptr, "several processes need a group");
    std::optional<ProcessGroup> shared;
    if (group.pointer != nullptr) shared = process_group(group);
    result->pointer = new c10::intrusive_ptr<Sharding>(
        c10::make_intrusive<Sharding>(std::move(shared), rank, size, shards, local_statistics));
    count_handle(1);
  });
}

ct_status ct_sharding_take_seconds(ct_sharding handle, double *seconds) {
  return guarded([&] { *seconds = static_cast<double>(sharding(handle)->waited_microseconds.exchange(0)) / 1e6; });
}

void ct_sharding_free(ct_sharding handle) {
  if (handle.pointer == nullptr) return;
  delete static_cast<c10::intrusive_ptr<Sharding> *>(handle.pointer);
  count_handle(-1);
}
