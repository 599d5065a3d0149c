// Several processes that train one member: c10d's store and process groups, and what a step needs of them.
//
// Ownership, threads and errors are as in CTorch.h. All processes of a group must make the same calls in the same order.
// A call that another process does not answer, because it ended or is out of reach, gives CT_CONNECTION_LOST.
#ifndef CONSORT_CTORCHDISTRIBUTED_H
#define CONSORT_CTORCHDISTRIBUTED_H

#include "CTorch.h"

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

typedef struct {
  void *_Nullable pointer;
} ct_store;

typedef struct {
  void *_Nullable pointer;
} ct_process_group;

typedef struct {
  void *_Nullable pointer;
} ct_sharding;

typedef struct {
  void *_Nullable pointer;
} ct_gradient_exchange;

// MARK: Store

/// Connects to the store at `host`, or opens it there where `hosts`: port 0 then takes one that is free. `seconds` is how
/// long this and every later call waits for another process.
ct_status ct_store_open(const char *host, uint16_t port, bool hosts, double seconds, ct_store *result);
/// The same store, with `prefix` before every key.
ct_status ct_store_prefixed(ct_store store, const char *prefix, ct_store *result);
void ct_store_free(ct_store store);
/// The port of a store that was opened or connected to.
ct_status ct_store_port(ct_store store, uint16_t *port);
ct_status ct_store_set(ct_store store, const char *key, const void *_Nullable bytes, size_t count);
/// Waits until the key is there. Where its value is longer than `capacity`, `count` says how long, and nothing is copied.
ct_status ct_store_get(ct_store store, const char *key, void *_Nullable bytes, size_t capacity, size_t *count);
/// Whether the key is there; does not wait.
ct_status ct_store_has(ct_store store, const char *key, bool *result);
/// Adds one to a number, 0 where the key is not there; `result` is what it is then.
ct_status ct_store_count(ct_store store, const char *key, int64_t *result);

// MARK: Process groups

/// Connects all processes by Gloo, for tensors on the CPU. `address` is this host's, by which the others reach it; null
/// leaves it to GLOO_SOCKET_IFNAME, or else the host's name.
ct_status ct_process_group_gloo(ct_store store, int32_t rank, int32_t size, double seconds,
                                const char *_Nullable address, ct_process_group *result);
/// The same by NCCL, for tensors on `device`. An error says where libCTorchCUDA was built without NCCL's headers.
ct_status ct_process_group_nccl(ct_store store, int32_t rank, int32_t size, double seconds, ct_device device,
                                ct_process_group *result);
void ct_process_group_free(ct_process_group group);
/// Has this process's TCP connections fail after so many seconds in which the other host has not answered, also where nothing is
/// sent: without it, a host that is lost without a word is noticed when a call has waited as long as its group does.
ct_status ct_watch_connections(int32_t seconds);
/// `output`: the `input` of every process in the order of ranks, as many times as large. Both contiguous.
ct_status ct_all_gather(ct_process_group group, ct_tensor input, ct_tensor output);
/// Overwrites the tensor with that of `root`.
ct_status ct_broadcast(ct_process_group group, ct_tensor tensor, int32_t root);

// MARK: Shards

/// A batch cut into `shards`, of which process r of `size` has those from shards * r / size on. The group may be a null
/// handle where there is one process. With `local_statistics` each shard is normalised by its own statistics; running
/// statistics are those of the whole batch in either case.
ct_status ct_sharding_new(ct_process_group group, int32_t rank, int32_t size, int32_t shards, bool local_statistics,
                          ct_sharding *result);
void ct_sharding_free(ct_sharding sharding);
/// How long normalisations have waited for other processes since this was last asked.
ct_status ct_sharding_take_seconds(ct_sharding sharding, double *seconds);

/// One of this process's shards, as a normalisation sees it.
typedef struct {
  /// `addend` is added to `input` first, unless its handle is null.
  ct_tensor input, addend, weight, bias;
  /// Counted among this process's shards, from 0.
  int32_t index;
  /// A placeholder takes part in everything, and changes nothing.
  bool is_placeholder;
} ct_normalized_shard;

/// Batch normalisation over the shards of all processes, while training, with ReLU after it where `relu`. Per shard and
/// channel, count, mean and squared deviations are exchanged and combined in the shards' order, and so is the gradient.
/// `sums` are written where the shards have addends.
ct_status ct_sharded_batch_norm(ct_sharding sharding, const ct_normalized_shard *shards, size_t count,
                                ct_tensor running_mean, ct_tensor running_variance, bool relu, double momentum,
                                double epsilon, ct_tensor *_Nullable sums, ct_tensor *results);
/// What ct_dropout, or with `by_image` ct_drop_path, would multiply a map of `images` images by that is otherwise like
/// `input`.
ct_status ct_dropout_mask(ct_tensor input, int64_t images, bool by_image, double rate, ct_generator generator,
                          ct_tensor *result);

// MARK: Gradients

/// Sums gradients over the shards of all processes, in the shards' order, a bucket of about `bucket_bytes` at a time,
/// while `backward` still runs: a bucket sets off as soon as its last gradient is there and the buckets before it have.
/// The buckets hold the parameters from the last to the first, and never change.
///
/// `leaves` are `parameter_count` tensors for each of this process's shards, each of the parameter's shape and strides.
ct_status ct_gradient_exchange_new(ct_sharding sharding, const ct_tensor *parameters, size_t parameter_count,
                                   const ct_tensor *leaves, size_t shard_count, int64_t bucket_bytes,
                                   ct_gradient_exchange *result);
void ct_gradient_exchange_free(ct_gradient_exchange exchange);
/// Before the last `backward` of a step: `runs` says of each of this process's shards whether it takes part in it, `counts`
/// of each shard of all processes whether it is summed.
ct_status ct_gradient_exchange_begin(ct_gradient_exchange exchange, const bool *runs, const bool *counts);
/// After it: waits for the sums, makes them the parameters' gradients, and forgets those of the leaves. `seconds` is how
/// long it waited.
ct_status ct_gradient_exchange_finish(ct_gradient_exchange exchange, double *seconds);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif

#endif
