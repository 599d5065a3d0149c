// The arithmetic of Winograd's convolution on plain memory: transforms of tiles, and products between them.
//
// A 3 x 3 convolution of stride 1 makes a tile of 2 x 2 outputs from 4 x 4 inputs: by 16 products a pair of channels
// after additions, where the plain sum has 36. Source: Lavin & Gray 2016, arXiv:1509.09308, F(2 x 2, 3 x 3).
#pragma once

#include <cstdint>

namespace consort::winograd {

/// Values of a transformed tile, and products between two.
constexpr int64_t positions = 16;
/// Channels of a map come in multiples of this.
constexpr int64_t lane_count = 16;

/// Channels-last maps `[images, height, width, channels]`, and the tiles of 2 x 2 that cover them, image by image.
struct Maps {
  int64_t images, height, width;

  int64_t tiles_down() const { return (height + 1) / 2; }
  int64_t tiles_across() const { return (width + 1) / 2; }
  int64_t tiles() const { return images * tiles_down() * tiles_across(); }
};

/// Transformed tiles `[positions, tiles, channels]`.
struct Transformed {
  Transformed(float *values, int64_t tiles, int64_t channels)
      : values(values), channels(channels), position_stride(stride(tiles, channels)) {}

  /// A cache line more than the tiles take: positions must not fall on the same cache sets.
  static int64_t stride(int64_t tiles, int64_t channels) { return tiles * channels + lane_count; }
  static int64_t size(int64_t tiles, int64_t channels) { return positions * stride(tiles, channels); }

  float *at(int64_t position) const { return values + position * position_stride; }

  float *values;
  int64_t channels, position_stride;
};

/// Transforms the 4 x 4 inputs of `count` tiles, zeros around the map.
void transform_inputs(const float *map, const Maps &maps, int64_t first_tile, int64_t count, const Transformed &result);
/// From products to the 2 x 2 outputs of `count` tiles.
void transform_outputs(const Transformed &products, const Maps &maps, int64_t first_tile, int64_t count, float *map);
/// Transforms the gradients of the 2 x 2 outputs of `count` tiles, for the gradient of the weights.
void transform_gradients(const float *map, const Maps &maps, int64_t first_tile, int64_t count,
                         const Transformed &result);

/// Weights `[outputs, 3, 3, inputs]`, both in multiples of `lane_count`, as `[positions, inputs, outputs]`.
void transform_weights(const float *weights, int64_t outputs, int64_t inputs, float *result);
/// The same, turned by half a circle and as `[positions, outputs, inputs]`: for the gradient of the input.
void transform_turned_weights(const float *weights, int64_t outputs, int64_t inputs, float *result);
/// From sums of products `[positions, inputs, outputs]` to gradients of weights `[outputs, 3, 3, inputs]`.
void transform_weight_gradients(const float *sums, int64_t outputs, int64_t inputs, float *result);

/// `result[rows, columns] = a[rows, inner] b[inner, columns]`; columns in multiples of `lane_count`.
void multiply(const float *a, const float *b, float *result, int64_t rows, int64_t inner, int64_t columns);
/// `result[inner, columns] += a[rows, inner]^T b[rows, columns]`; inner and columns in multiples of `lane_count`.
void accumulate_products(const float *a, const float *b, float *result, int64_t rows, int64_t inner, int64_t columns);

}  // namespace consort::winograd
