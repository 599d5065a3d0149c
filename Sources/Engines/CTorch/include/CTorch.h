// The plain C face of libtorch: the operations that Consort uses, and no C++ in sight.
//
// Ownership: tensor and generator arguments are borrowed; a tensor or generator returned through an out-parameter is
// owned by the caller (+1) and freed with the free function of its type. Handles must not be used from two threads at
// once. Every function returns a status; where it is not CT_OK, ct_last_error() holds the message on the same thread
// until the next call, and out-parameters are untouched.
#ifndef CONSORT_CTORCH_H
#define CONSORT_CTORCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

typedef struct {
  void *_Nullable pointer;
} ct_tensor;

typedef struct {
  void *_Nullable pointer;
} ct_generator;

/// An optional tensor argument is absent where its pointer is null.
static const ct_tensor ct_no_tensor = {0};

typedef enum : int32_t {
  CT_OK = 0,
  CT_LIBTORCH_ERROR = 1,
  CT_OUT_OF_MEMORY = 2,
  CT_OTHER_ERROR = 3,
  /// Another process ended, or is out of reach (CTorchDistributed.h).
  CT_CONNECTION_LOST = 4,
} ct_status;

/// c10::ScalarType's numbers.
typedef enum : int8_t {
  CT_UINT8 = 0,
  CT_INT64 = 4,
  CT_FLOAT32 = 6,
  CT_FLOAT64 = 7,
  CT_BOOL = 11,
  CT_BFLOAT16 = 15,
} ct_scalar_type;

typedef enum : int32_t { CT_CONTIGUOUS = 0, CT_CHANNELS_LAST = 1 } ct_memory_format;

/// CUDA device `index`, or the CPU where it is negative.
typedef struct {
  int32_t index;
} ct_device;

// MARK: Runtime

/// The message of this thread's last failed call, without a backtrace.
const char *ct_last_error(void);
/// The version of the libtorch that is loaded, such as "2.11.0".
const char *ct_version(void);
/// A description of how libtorch was built (compilers, oneDNN, vector extensions).
ct_status ct_build_description(char *buffer, size_t capacity);
/// How many tensor and generator handles are alive in this process.
int64_t ct_live_handles(void);
/// Threads inside one operation; thread-local in libtorch: set it on the thread that works.
ct_status ct_set_threads(int32_t count);
ct_status ct_get_threads(int32_t *count);
/// Threads that an operation of this library's own is shared among, on the calling thread; tried, not looked up.
ct_status ct_sharing_threads(int32_t *count);
/// Process-wide: refuses operations that have no deterministic implementation, and turns TF32 off or on.
ct_status ct_set_deterministic(bool deterministic, bool allow_tf32);
/// Process-wide, before the first tensor: large blocks of CPU memory are kept for the next tensor of their size.
/// Nothing happens where CT_CACHING_ALLOCATOR is off.
ct_status ct_keep_memory(void);
/// Whether ct_keep_memory() has put the allocator in place.
bool ct_keeps_memory(void);
/// Gives kept memory that no tensor uses back to the system.
ct_status ct_release_memory(void);
/// Loads libtorch_cuda. An error says why there is no CUDA here.
ct_status ct_load_cuda(int32_t *device_count);
ct_status ct_synchronize(ct_device device);

/// What replaces libtorch's own on the CPU. An environment variable of its name with the value 0 turns each off:
/// CONSORT_WINOGRAD, CONSORT_FUSED_NORMALIZATION, CONSORT_CACHING_ALLOCATOR.
typedef enum : uint32_t { CT_WINOGRAD = 1, CT_FUSED_NORMALIZATION = 2, CT_CACHING_ALLOCATOR = 4 } ct_substitute;

/// Whether this process uses it: decided at the first call. All are off with another libtorch than the pinned one, and
/// a line on standard error says so.
bool ct_uses(ct_substitute substitute);
/// Decides again, from the environment as it is now and as if `version` were loaded. For tests.
ct_status ct_choose_substitutes(const char *version);

// MARK: Generators

ct_status ct_generator_new(uint64_t seed, ct_device device, ct_generator *result);
ct_status ct_generator_set_seed(ct_generator generator, uint64_t seed);
void ct_generator_free(ct_generator generator);

// MARK: Creation and bytes

void ct_tensor_free(ct_tensor tensor);
ct_status ct_empty(const int64_t *_Nullable shape, size_t rank, ct_scalar_type type, ct_device device, ct_tensor *result);
ct_status ct_full(const int64_t *_Nullable shape, size_t rank, double value, ct_scalar_type type, ct_device device,
                  ct_tensor *result);
/// Draws from U(-bound, bound), float32, on the CPU.
ct_status ct_uniform(const int64_t *_Nullable shape, size_t rank, double bound, ct_generator generator,
                     ct_tensor *result);
/// Draws from N(0, deviation^2), float32, on the CPU.
ct_status ct_normal(const int64_t *_Nullable shape, size_t rank, double deviation, ct_generator generator,
                    ct_tensor *result);
/// Copies `byte_count` bytes in, row-major. The tensor is on the CPU.
ct_status ct_from_bytes(const void *_Nullable bytes, size_t byte_count, const int64_t *_Nullable shape, size_t rank,
                        ct_scalar_type type, ct_tensor *result);
/// Borrows `bytes`, which must stay valid and unchanged until `release(owner)` is called, once, on any thread.
ct_status ct_borrow_bytes(const void *bytes, size_t byte_count, const int64_t *_Nullable shape, size_t rank,
                          ct_scalar_type type, void *owner, void (*release)(void *owner), ct_tensor *result);
/// Copies the elements out, row-major whatever the memory format; `byte_count` must be exactly their size.
ct_status ct_copy_bytes(ct_tensor tensor, void *_Nullable bytes, size_t byte_count);

// MARK: Description

ct_status ct_rank(ct_tensor tensor, size_t *rank);
ct_status ct_shape(ct_tensor tensor, int64_t *_Nullable shape, size_t capacity);
ct_status ct_scalar_type_of(ct_tensor tensor, ct_scalar_type *type);
ct_status ct_is_contiguous(ct_tensor tensor, ct_memory_format format, bool *result);

// MARK: Conversion and copies

ct_status ct_to_type(ct_tensor tensor, ct_scalar_type type, ct_tensor *result);
ct_status ct_to_device(ct_tensor tensor, ct_device device, ct_tensor *result);
ct_status ct_contiguous(ct_tensor tensor, ct_memory_format format, ct_tensor *result);
ct_status ct_clone(ct_tensor tensor, ct_tensor *result);
ct_status ct_detach(ct_tensor tensor, ct_tensor *result);
ct_status ct_reshape(ct_tensor tensor, const int64_t *_Nullable shape, size_t rank, ct_tensor *result);
ct_status ct_narrow(ct_tensor tensor, int64_t dimension, int64_t start, int64_t length, ct_tensor *result);
ct_status ct_copy_(ct_tensor destination, ct_tensor source);

// MARK: Arithmetic and reductions

ct_status ct_add(ct_tensor a, ct_tensor b, ct_tensor *result);
ct_status ct_add_(ct_tensor a, ct_tensor b);
ct_status ct_sub_(ct_tensor a, ct_tensor b);
ct_status ct_mul_(ct_tensor a, ct_tensor b);
ct_status ct_sum(ct_tensor tensor, ct_tensor *result);
ct_status ct_mul(ct_tensor a, ct_tensor b, ct_tensor *result);
/// Over `dimensions`, which go, or are kept with size 1.
ct_status ct_mean(ct_tensor tensor, const int64_t *dimensions, size_t count, bool keeps, ct_tensor *result);
ct_status ct_argmax(ct_tensor tensor, int64_t dimension, ct_tensor *result);
ct_status ct_equal(ct_tensor a, ct_tensor b, ct_tensor *result);
ct_status ct_index_select(ct_tensor tensor, int64_t dimension, ct_tensor indices, ct_tensor *result);
/// Advanced indexing: `indices[k]` int64 indexes dimension k; the index tensors broadcast together.
ct_status ct_index(ct_tensor tensor, const ct_tensor *indices, size_t count, ct_tensor *result);

// MARK: Neural networks

/// Zeros around a map.
typedef struct {
  int64_t top, bottom, left, right;
} ct_padding;

/// `input` [N, C, H, W], `weight` [O, C / groups, K, K], `bias` [O], or a null handle for none.
ct_status ct_conv2d(ct_tensor input, ct_tensor weight, ct_tensor bias, int64_t stride, ct_padding padding,
                    int64_t groups, ct_tensor *result);
/// The largest under a square kernel; `padding` on each side, which does not count.
ct_status ct_max_pool2d(ct_tensor input, int64_t kernel_size, int64_t stride, int64_t padding, ct_tensor *result);
/// `input` [N, C, H, W]; the others [C]. Where `training`, batch statistics are used and the running ones updated.
ct_status ct_batch_norm(ct_tensor input, ct_tensor weight, ct_tensor bias, ct_tensor running_mean,
                        ct_tensor running_variance, bool training, double momentum, double epsilon, ct_tensor *result);
/// ct_batch_norm while training, then ReLU, in one operation with one gradient: on the CPU, float32, channels-last.
ct_status ct_batch_norm_relu(ct_tensor input, ct_tensor weight, ct_tensor bias, ct_tensor running_mean,
                             ct_tensor running_variance, double momentum, double epsilon, ct_tensor *result);
/// The same of `a` + `b`, which is a second result.
ct_status ct_add_batch_norm_relu(ct_tensor a, ct_tensor b, ct_tensor weight, ct_tensor bias, ct_tensor running_mean,
                                 ct_tensor running_variance, double momentum, double epsilon, ct_tensor *sum,
                                 ct_tensor *result);
ct_status ct_relu(ct_tensor input, ct_tensor *result);
ct_status ct_relu6(ct_tensor input, ct_tensor *result);
ct_status ct_silu(ct_tensor input, ct_tensor *result);
ct_status ct_sigmoid(ct_tensor input, ct_tensor *result);
ct_status ct_relu_(ct_tensor input);
/// `input` [N, I], `weight` [O, I], `bias` [O].
ct_status ct_linear(ct_tensor input, ct_tensor weight, ct_tensor bias, ct_tensor *result);
/// Zeroes elements with probability `rate` and scales the others by 1 / (1 - rate).
ct_status ct_dropout(ct_tensor input, double rate, ct_generator generator, ct_tensor *result);
/// The same, of whole images: the slices of the first dimension.
ct_status ct_drop_path(ct_tensor input, double rate, ct_generator generator, ct_tensor *result);
ct_status ct_log_softmax(ct_tensor input, int64_t dimension, ct_tensor *result);
/// Mean cross-entropy in nats: `logits` [N, C] float, `labels` [N] int64.
ct_status ct_cross_entropy(ct_tensor logits, ct_tensor labels, double label_smoothing, ct_tensor *result);

// MARK: Gradients

/// Sets this thread's gradient mode and returns the earlier one.
ct_status ct_set_gradient_mode(bool enabled, bool *earlier);
ct_status ct_set_requires_gradient(ct_tensor tensor, bool required);
ct_status ct_backward(ct_tensor loss);
/// The accumulated gradient; a null handle where there is none.
ct_status ct_gradient(ct_tensor tensor, ct_tensor *result);
ct_status ct_clear_gradient(ct_tensor tensor);

// MARK: Optimizers

/// One SGD step over all tensors at once, in place. `momenta` start as zeros.
ct_status ct_fused_sgd_(const ct_tensor *parameters, const ct_tensor *gradients, const ct_tensor *momenta, size_t count,
                        double learning_rate, double momentum, double weight_decay, double dampening, bool nesterov);
/// The same with the learning rate in one float32 element, on the parameters' device.
ct_status ct_fused_sgd_tensor_rate_(const ct_tensor *parameters, const ct_tensor *gradients, const ct_tensor *momenta,
                                    size_t count, ct_tensor learning_rate, double momentum, double weight_decay,
                                    double dampening, bool nesterov);

typedef struct {
  /// Of the mean square, and of the buffer.
  double decay, momentum;
  /// Inside the square root.
  double epsilon;
} ct_rmsprop;

/// One step of TensorFlow's RMSProp over all tensors at once, in place. `squares` start as ones, `momenta` as zeros;
/// the learning rate is `tensor_rate`, one float32 element on the parameters' device, unless that is a null handle.
ct_status ct_rmsprop_(const ct_tensor *parameters, const ct_tensor *gradients, const ct_tensor *squares,
                      const ct_tensor *momenta, const double *weight_decays, size_t count, ct_rmsprop settings,
                      double learning_rate, ct_tensor tensor_rate);

/// targets[i] += weight * (sources[i] - targets[i]) for all at once, in place, without gradients.
ct_status ct_foreach_lerp_(const ct_tensor *targets, const ct_tensor *sources, size_t count, double weight);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif

#endif
