// OpenVINO as Consort uses it, in plain C: models of images, compiled for the CPU.
//
// Every function that can fail returns a status; its result comes through the last argument, owned by the caller, who
// frees it once. Arguments are borrowed. No C++ exception crosses this boundary.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum { CO_OK = 0, CO_OPENVINO_ERROR, CO_OUT_OF_MEMORY, CO_OTHER_ERROR } co_status;

/// What the last function that failed on this thread says; valid until the next one fails.
const char *co_last_error(void);
/// OpenVINO's version and build; valid for ever.
const char *co_version(void);

typedef struct { void *pointer; } co_core;
typedef struct { void *pointer; } co_model;
typedef struct { void *pointer; } co_compiled;
typedef struct { void *pointer; } co_request;

void co_core_free(co_core core);
void co_model_free(co_model model);
void co_compiled_free(co_compiled compiled);
void co_request_free(co_request request);
/// How many handles are alive: for tests that look for leaks.
int64_t co_live_handles(void);

co_status co_core_create(co_core *result);

/// Reads a model from the bytes of an ONNX file, which may go afterwards.
co_status co_model_read(co_core core, const void *bytes, size_t count, co_model *result);
/// Reads the model in an ONNX file, and its numbers that lie in files beside it.
co_status co_model_read_file(co_core core, const char *path, co_model *result);

typedef enum { CO_FLOAT32 = 0, CO_FLOAT16, CO_BFLOAT16, CO_FLOAT64, CO_UINT8, CO_OTHER_TYPE } co_element_type;
enum { CO_MAX_RANK = 8 };

/// An input or output. A dimension that is not fixed is -1; a rank that is not known, or over CO_MAX_RANK, is -1.
typedef struct {
  co_element_type type;
  int32_t rank;
  int64_t dimensions[CO_MAX_RANK];
} co_port;

typedef enum { CO_INPUT = 0, CO_OUTPUT } co_side;

co_status co_model_port_count(co_model model, co_side side, size_t *result);
co_status co_model_port(co_model model, co_side side, size_t index, co_port *result);
/// Writes a port's name into `name`, cut to `capacity` bytes with the final zero; empty where it has none.
co_status co_model_port_name(co_model model, co_side side, size_t index, char *name, size_t capacity);

typedef enum {
  /// None that is seen in the graph.
  CO_NO_ACTIVATION = 0,
  CO_SOFTMAX,
  /// A softmax times 100.
  CO_PERCENT_SOFTMAX,
  CO_LOG_SOFTMAX,
  /// Numbers from 0 to 1, each class by itself.
  CO_SIGMOID,
  /// A softmax over the images of a batch.
  CO_BATCH_SOFTMAX
} co_activation;

/// The activation that an output of `classes` numbers an image comes out of, for an input of this shape, through whatever
/// keeps a distribution one: reshapes, conversions, limits that hardly reach, and weighted means.
co_status co_model_activation(
    co_model model, size_t output, const int64_t *shape, size_t rank, int64_t classes, co_activation *result);

/// The type of an operation that turns an output's scores into something else after the last learnt weights, such as
/// "Softmax" or "TopK", cut to `capacity` bytes with the final zero; empty where there is none.
co_status co_model_transformation(co_model model, size_t output, char *type, size_t capacity);

/// What the first operations of a model, before any that learns, say of the numbers that its input takes.
typedef enum {
  CO_UNKNOWN_RANGE = 0,
  /// They divide by, or subtract, what only pixels of 0...255 are divided by.
  CO_BYTE_RANGE
} co_input_range;

co_status co_model_input_range(co_model model, co_input_range *result);

/// What makes a constant useless.
typedef enum {
  CO_NO_FAULT = 0,
  CO_NOT_A_NUMBER,
  CO_INFINITE,
  /// A normalisation's variance that is below 0.
  CO_NEGATIVE_VARIANCE,
  /// A weight so large that sums of products with it overflow.
  CO_OVERFLOWING
} co_constant_fault;

/// The first constant that is at fault among those that an output is computed from, and its name, cut to `capacity` bytes
/// with the final zero.
co_status co_model_constant_fault(
    co_model model, size_t output, co_constant_fault *fault, char *name, size_t capacity);

/// What this processor computes at once.
typedef struct {
  /// Sums of products of 8-bit numbers in 32 bits.
  int32_t multiplies_bytes;
  int32_t multiplies_bfloat16;
  int32_t multiplies_float16;
} co_processor;

void co_processor_features(co_processor *result);

/// Whether the model has 8-bit weights of more than seven bits: two of their products with bytes may not fit into 16 bits.
co_status co_model_has_wide_bytes(co_model model, int32_t *result);

/// A copy of the model with one output, for an input of this shape: it takes and gives float32.
co_status co_model_specialized(co_model model, size_t output, const int64_t *shape, size_t rank, co_model *result);
/// A copy of the model with all its outputs, for an input of this shape: it takes and gives float32.
co_status co_model_with_all_outputs(co_model model, const int64_t *shape, size_t rank, co_model *result);
/// Specialised models as one, which they become part of: one input that all read, and their outputs in order.
co_status co_model_joined(const co_model *models, size_t count, co_model *result);

/// What an operation costs multiply-accumulates for.
typedef enum {
  CO_OTHER_OPERATION = 0,
  /// Weights are [outputs, inputs, kernel...].
  CO_CONVOLUTION,
  /// Weights are [groups, outputs, inputs, kernel...].
  CO_GROUP_CONVOLUTION,
  /// Weights are [inputs, outputs, kernel...].
  CO_TRANSPOSED_CONVOLUTION,
  /// Weights are [groups, inputs, outputs, kernel...].
  CO_TRANSPOSED_GROUP_CONVOLUTION,
  CO_MATRIX_PRODUCT,
  /// Queries, keys and values.
  CO_ATTENTION,
  /// Products whose multiply-accumulates are not counted here, such as recurrent cells.
  CO_UNCOUNTED
} co_operation_kind;

enum { CO_MAX_OPERANDS = 3 };

/// One operation of a model. A shape that is not known has the rank -1. The texts are valid during the call only.
typedef struct {
  co_operation_kind kind;
  const char *name;
  const char *type;
  co_port operands[CO_MAX_OPERANDS];
  co_port output;
  /// For CO_MATRIX_PRODUCT: whether the first operand is transposed.
  int32_t transposes_first;
  /// Learnt numbers that no earlier operation reads.
  int64_t parameters;
} co_operation;

/// Calls `receive` for each operation in the order of computation, for a first input of this shape; with a rank of 0,
/// for inputs as the model has them.
co_status co_model_operations(
    co_model model, const int64_t *shape, size_t rank, void *context,
    void (*receive)(void *context, const co_operation *operation));

/// Compiles for the CPU with the properties, such as INFERENCE_NUM_THREADS; values are as OpenVINO prints them.
co_status co_compile(
    co_core core, co_model model, const char *const *keys, const char *const *values, size_t count,
    co_compiled *result);
/// Writes a property's value into `value`, cut to `capacity` bytes with the final zero.
co_status co_compiled_property(co_compiled compiled, const char *key, char *value, size_t capacity);

co_status co_request_create(co_compiled compiled, co_request *result);
/// Makes the request read its input from, or write an output to, `memory`, which must outlive the request: float32,
/// of the port's shape.
co_status co_request_bind(co_request request, co_side side, size_t index, float *memory, size_t count);
/// Computes, and returns when all is done.
co_status co_request_run(co_request request);
/// Begins to compute on the model's own threads; `co_request_wait` says when all is done.
co_status co_request_start(co_request request);
co_status co_request_wait(co_request request);

#ifdef __cplusplus
}
#endif
