// Creation, bytes, description, conversion, arithmetic, indexing.
#include <ATen/core/Tensor.h>
#include <ATen/ops/add.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/eq.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>
#include <ATen/ops/index.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/sum.h>
#include <c10/core/InferenceMode.h>

#include <cstring>

#include "Handles.h"

using namespace consort;

void ct_tensor_free(ct_tensor handle) {
  if (handle.pointer == nullptr) return;
  delete static_cast<at::Tensor *>(handle.pointer);
  count_handle(-1);
}

ct_status ct_empty(const int64_t *shape, size_t rank, ct_scalar_type type, ct_device target, ct_tensor *result) {
  return giving(result, [&] {
    return at::empty(shape_of(shape, rank), at::TensorOptions(scalar_type(type)).device(device(target)));
  });
}

ct_status ct_full(const int64_t *shape, size_t rank, double value, ct_scalar_type type, ct_device target,
                  ct_tensor *result) {
  return giving(result, [&] {
    return at::full(shape_of(shape, rank), value, at::TensorOptions(scalar_type(type)).device(device(target)));
  });
}

ct_status ct_normal(const int64_t *shape, size_t rank, double deviation, ct_generator source, ct_tensor *result) {
  return giving(result, [&] {
    at::Tensor created = at::empty(shape_of(shape, rank), at::TensorOptions(at::kFloat));
    return created.normal_(0, deviation, generator(source));
  });
}

ct_status ct_uniform(const int64_t *shape, size_t rank, double bound, ct_generator source, ct_tensor *result) {
  return giving(result, [&] {
    at::Tensor created = at::empty(shape_of(shape, rank), at::TensorOptions(at::kFloat));
    return created.uniform_(-bound, bound, generator(source));
  });
}

ct_status ct_from_bytes(const void *bytes, size_t byte_count, const int64_t *shape, size_t rank, ct_scalar_type type,
                        ct_tensor *result) {
  return giving(result, [&] {
    at::Tensor created = at::empty(shape_of(shape, rank), at::TensorOptions(scalar_type(type)));
    TORCH_CHECK(created.nbytes() == byte_count, "shape ", created.sizes(), " takes ", created.nbytes(), " bytes, not ",
                byte_count);
    if (byte_count > 0) std::memcpy(created.mutable_data_ptr(), bytes, byte_count);
    return created;
  });
}

ct_status ct_borrow_bytes(const void *bytes, size_t byte_count, const int64_t *shape, size_t rank, ct_scalar_type type,
                          void *owner, void (*release)(void *), ct_tensor *result) {
  return giving(result, [&] {
    const at::TensorOptions options(scalar_type(type));
    // A tensor without memory: libtorch checks the sizes, and that their product can be counted.
    const at::Tensor wanted = at::empty(shape_of(shape, rank), options.device(at::kMeta));
    TORCH_CHECK(wanted.nbytes() == byte_count, "shape ", wanted.sizes(), " takes ", wanted.nbytes(), " bytes, not ",
                byte_count);
    return at::from_blob(
        const_cast<void *>(bytes), wanted.sizes(), [owner, release](void *) { release(owner); }, options);
  });
}

ct_status ct_copy_bytes(ct_tensor handle, void *bytes, size_t byte_count) {
  return guarded([&] {
    at::Tensor source = tensor(handle).detach().to(at::kCPU).contiguous();
    TORCH_CHECK(source.nbytes() == byte_count, "shape ", source.sizes(), " has ", source.nbytes(), " bytes, not ",
                byte_count);
    if (byte_count > 0) std::memcpy(bytes, source.const_data_ptr(), byte_count);
  });
}

ct_status ct_rank(ct_tensor handle, size_t *rank) {
  return guarded([&] { *rank = static_cast<size_t>(tensor(handle).dim()); });
}

ct_status ct_shape(ct_tensor handle, int64_t *shape, size_t capacity) {
  return guarded([&] {
    at::IntArrayRef sizes = tensor(handle).sizes();
    TORCH_CHECK(sizes.size() == capacity, "rank ", sizes.size(), ", room for ", capacity);
    std::copy(sizes.begin(), sizes.end(), shape);
  });
}

ct_status ct_scalar_type_of(ct_tensor handle, ct_scalar_type *type) {
  return guarded([&] { *type = static_cast<ct_scalar_type>(tensor(handle).scalar_type()); });
}

ct_status ct_is_contiguous(ct_tensor handle, ct_memory_format format, bool *result) {
  return guarded([&] { *result = tensor(handle).is_contiguous(memory_format(format)); });
}

ct_status ct_to_type(ct_tensor handle, ct_scalar_type type, ct_tensor *result) {
  return giving(result, [&] { return tensor(handle).to(scalar_type(type)); });
}

ct_status ct_to_device(ct_tensor handle, ct_device target, ct_tensor *result) {
  return giving(result, [&] { return tensor(handle).to(device(target)); });
}

ct_status ct_contiguous(ct_tensor handle, ct_memory_format format, ct_tensor *result) {
  return giving(result, [&] { return tensor(handle).contiguous(memory_format(format)); });
}

ct_status ct_clone(ct_tensor handle, ct_tensor *result) {
  return giving(result, [&] { return tensor(handle).clone(); });
}

ct_status ct_detach(ct_tensor handle, ct_tensor *result) {
  return giving(result, [&] { return tensor(handle).detach(); });
}

ct_status ct_reshape(ct_tensor handle, const int64_t *shape, size_t rank, ct_tensor *result) {
  return giving(result, [&] { return tensor(handle).reshape(shape_of(shape, rank)); });
}

ct_status ct_narrow(ct_tensor handle, int64_t dimension, int64_t start, int64_t length, ct_tensor *result) {
  return giving(result, [&] { return tensor(handle).narrow(dimension, start, length); });
}

ct_status ct_copy_(ct_tensor destination, ct_tensor source) {
  return guarded([&] { tensor(destination).copy_(tensor(source)); });
}

ct_status ct_add(ct_tensor a, ct_tensor b, ct_tensor *result) {
  return giving(result, [&] { return at::add(tensor(a), tensor(b)); });
}

ct_status ct_add_(ct_tensor a, ct_tensor b) {
  return guarded([&] { tensor(a).add_(tensor(b)); });
}

ct_status ct_sub_(ct_tensor a, ct_tensor b) {
  return guarded([&] { tensor(a).sub_(tensor(b)); });
}

ct_status ct_mul_(ct_tensor a, ct_tensor b) {
  return guarded([&] { tensor(a).mul_(tensor(b)); });
}

ct_status ct_sum(ct_tensor handle, ct_tensor *result) {
  return giving(result, [&] { return at::sum(tensor(handle)); });
}

ct_status ct_mul(ct_tensor a, ct_tensor b, ct_tensor *result) {
  return giving(result, [&] { return at::mul(tensor(a), tensor(b)); });
}

ct_status ct_mean(ct_tensor handle, const int64_t *dimensions, size_t count, bool keeps, ct_tensor *result) {
  return giving(result, [&] { return at::mean(tensor(handle), at::IntArrayRef(dimensions, count), keeps); });
}

ct_status ct_argmax(ct_tensor handle, int64_t dimension, ct_tensor *result) {
  return giving(result, [&] { return at::argmax(tensor(handle), dimension); });
}

ct_status ct_equal(ct_tensor a, ct_tensor b, ct_tensor *result) {
  return giving(result, [&] { return at::eq(tensor(a), tensor(b)); });
}

ct_status ct_index_select(ct_tensor handle, int64_t dimension, ct_tensor indices, ct_tensor *result) {
  return giving(result, [&] { return at::index_select(tensor(handle), dimension, tensor(indices)); });
}

ct_status ct_index(ct_tensor handle, const ct_tensor *indices, size_t count, ct_tensor *result) {
  return giving(result, [&] {
    c10::List<std::optional<at::Tensor>> list;
    list.reserve(count);
    for (size_t i = 0; i < count; ++i) list.push_back(tensor(indices[i]));
    return at::index(tensor(handle), list);
  });
}
