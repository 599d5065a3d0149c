#include "WinogradKernels.h"

#include "Dispatch.h"

namespace consort::winograd {

namespace {

#define INLINED_LAMBDA __attribute__((always_inline))

/// 16 channels, in as many registers as the processor needs for them.
typedef float Lane __attribute__((vector_size(64)));
typedef float LooseLane __attribute__((vector_size(64), aligned(4)));

INLINED Lane load(const float *values) { return *reinterpret_cast<const LooseLane *>(values); }
INLINED void store(float *values, const Lane &lane) { *reinterpret_cast<LooseLane *>(values) = lane; }

// What differs between processors is how many registers there are.
#if CONSORT_HAS_WIDTHS
/// Defines `name_chosen(parameters)`: the template `name_for<rows, lanes>(arguments)`, with as many sums at once as the
/// processor has registers for.
#define BY_WIDTH(name, parameters, arguments)                             \
  FOR_512 void name##_512 parameters { name##_for<8, 2> arguments; }      \
  FOR_256 void name##_256 parameters { name##_for<6, 1> arguments; }      \
  void name##_plain parameters { name##_for<2, 1> arguments; }            \
  void name##_chosen parameters {                                         \
    switch (consort_width()) {                                            \
      case CONSORT_512: return name##_512 arguments;                      \
      case CONSORT_256: return name##_256 arguments;                      \
      case CONSORT_PLAIN: return name##_plain arguments;                  \
    }                                                                     \
  }
#else
#define BY_WIDTH(name, parameters, arguments) \
  void name##_chosen parameters { name##_for<4, 1> arguments; }
#endif

// MARK: Products

/// `result[rows, columns]` is, or grows by, `a[rows, depth] b[depth, columns]`.
struct Product {
  const float *a;
  /// Floats from one row of `a` to the next, and from one column to the next.
  int64_t row_stride, depth_stride;
  const float *b;
  float *result;
  int64_t rows, depth, columns;
};

/// `rows` x `lanes` sums in registers, from `row` and `column` on.
template <bool accumulates, int rows, int lanes>
INLINED void compute_block(const Product &product, int64_t row, int64_t column) {
  const float *a = product.a + row * product.row_stride, *b = product.b + column;
  Lane sums[rows][lanes] = {};
  for (int64_t i = 0; i < product.depth; ++i) {
    Lane factors[lanes];
    for (int lane = 0; lane < lanes; ++lane) factors[lane] = load(b + i * product.columns + lane * lane_count);
    for (int r = 0; r < rows; ++r) {
      const float factor = a[r * product.row_stride + i * product.depth_stride];
      for (int lane = 0; lane < lanes; ++lane) sums[r][lane] += factor * factors[lane];
    }
  }
  for (int r = 0; r < rows; ++r) {
    for (int lane = 0; lane < lanes; ++lane) {
      float *target = product.result + (row + r) * product.columns + column + lane * lane_count;
      store(target, accumulates ? load(target) + sums[r][lane] : sums[r][lane]);
    }
  }
}

template <bool accumulates, int rows_at_once, int lanes>
INLINED void compute_columns(const Product &product, int64_t column) {
  int64_t row = 0;
  for (; row + rows_at_once <= product.rows; row += rows_at_once) {
    compute_block<accumulates, rows_at_once, lanes>(product, row, column);
  }
  for (; row + 2 <= product.rows; row += 2) compute_block<accumulates, 2, lanes>(product, row, column);
  if (row < product.rows) compute_block<accumulates, 1, lanes>(product, row, column);
}

template <bool accumulates, int rows_at_once, int lanes>
INLINED void compute(const Product &product) {
  int64_t column = 0;
  for (; column + lanes * lane_count <= product.columns; column += lanes * lane_count) {
    compute_columns<accumulates, rows_at_once, lanes>(product, column);
  }
  for (; column < product.columns; column += lane_count) {
    compute_columns<accumulates, rows_at_once, 1>(product, column);
  }
}

template <int rows_at_once, int lanes>
INLINED void multiply_for(const float *a, const float *b, float *result, int64_t rows, int64_t inner,
                          int64_t columns) {
  compute<false, rows_at_once, lanes>({a, /*row_stride=*/inner, /*depth_stride=*/1, b, result, rows, inner, columns});
}

/// The rows of `a` turned into columns.
template <int rows_at_once, int lanes>
INLINED void accumulate_for(const float *a, const float *b, float *result, int64_t rows, int64_t inner,
                            int64_t columns) {
  compute<true, rows_at_once, lanes>({a, /*row_stride=*/1, /*depth_stride=*/inner, b, result, inner, rows, columns});
}

BY_WIDTH(multiply,
         (const float *a, const float *b, float *result, int64_t rows, int64_t inner, int64_t columns),
         (a, b, result, rows, inner, columns))
BY_WIDTH(accumulate,
         (const float *a, const float *b, float *result, int64_t rows, int64_t inner, int64_t columns),
         (a, b, result, rows, inner, columns))

// MARK: Tiles

/// A tile's place in its map.
struct Tile {
  int64_t image, down, across;
};

INLINED Tile tile_at(const Maps &maps, int64_t index) {
  const int64_t across = maps.tiles_across(), a_map = across * maps.tiles_down();
  return {index / a_map, index % a_map / across, index % across};
}

/// The next tile of the same map or the first of the next.
INLINED void advance(const Maps &maps, Tile &tile) {
  if (++tile.across < maps.tiles_across()) return;
  tile.across = 0;
  if (++tile.down < maps.tiles_down()) return;
  tile.down = 0;
  ++tile.image;
}

/// The 4 x 4 inputs of a tile, whose first one may lie outside of the map; zeros for what does.
template <bool is_inside>
INLINED void tile_inputs(const float *map, const Maps &maps, int64_t channels, const Tile &tile, float *target,
                         int64_t position_stride) {
  const int64_t row_stride = maps.width * channels, row = 2 * tile.down - 1, column = 2 * tile.across - 1;
  const float *source = map + (tile.image * maps.height + row) * row_stride + column * channels;
  const auto value = [&](int64_t y, int64_t x) INLINED_LAMBDA {
    const bool is_there =
        is_inside || (row + y >= 0 && row + y < maps.height && column + x >= 0 && column + x < maps.width);
    return is_there ? load(source + y * row_stride + x * channels) : Lane{};
  };
  for (int64_t channel = 0; channel < channels; channel += lane_count, source += lane_count, target += lane_count) {
    Lane t[4][4];
    for (int x = 0; x < 4; ++x) {
      const Lane d[4] = {value(0, x), value(1, x), value(2, x), value(3, x)};
      t[0][x] = d[0] - d[2];
      t[1][x] = d[1] + d[2];
      t[2][x] = d[2] - d[1];
      t[3][x] = d[1] - d[3];
    }
    for (int y = 0; y < 4; ++y) {
      float *row_of_positions = target + 4 * y * position_stride;
      store(row_of_positions, t[y][0] - t[y][2]);
      store(row_of_positions + position_stride, t[y][1] + t[y][2]);
      store(row_of_positions + 2 * position_stride, t[y][2] - t[y][1]);
      store(row_of_positions + 3 * position_stride, t[y][1] - t[y][3]);
    }
  }
}

template <int, int>
INLINED void inputs_for(const float *map, const Maps &maps, int64_t first_tile, int64_t count,
                        const Transformed &result) {
  Tile tile = tile_at(maps, first_tile);
  for (int64_t index = 0; index < count; ++index, advance(maps, tile)) {
    float *target = result.values + index * result.channels;
    const bool is_inside = tile.down > 0 && tile.across > 0 && 2 * tile.down + 3 <= maps.height &&
                           2 * tile.across + 3 <= maps.width;
    if (is_inside) {
      tile_inputs<true>(map, maps, result.channels, tile, target, result.position_stride);
    } else {
      tile_inputs<false>(map, maps, result.channels, tile, target, result.position_stride);
    }
  }
}

template <int, int>
INLINED void outputs_for(const Transformed &products, const Maps &maps, int64_t first_tile, int64_t count,
                         float *map) {
  const int64_t channels = products.channels, row_stride = maps.width * channels;
  Tile tile = tile_at(maps, first_tile);
  for (int64_t index = 0; index < count; ++index, advance(maps, tile)) {
    const int64_t row = 2 * tile.down, column = 2 * tile.across;
    float *target = map + (tile.image * maps.height + row) * row_stride + column * channels;
    const bool has_right = column + 1 < maps.width, has_below = row + 1 < maps.height;
    for (int64_t channel = 0; channel < channels; channel += lane_count) {
      const float *source = products.values + index * channels + channel;
      Lane t[2][4];
      for (int x = 0; x < 4; ++x) {
        Lane m[4];
        for (int y = 0; y < 4; ++y) m[y] = load(source + (4 * y + x) * products.position_stride);
        t[0][x] = m[0] + m[1] + m[2];
        t[1][x] = m[1] - m[2] - m[3];
      }
      for (int y = 0; y < 2; ++y) {
        if (y == 1 && !has_below) break;
        float *pixel = target + y * row_stride + channel;
        store(pixel, t[y][0] + t[y][1] + t[y][2]);
        if (has_right) store(pixel + channels, t[y][1] - t[y][2] - t[y][3]);
      }
    }
  }
}

template <int, int>
INLINED void gradients_for(const float *map, const Maps &maps, int64_t first_tile, int64_t count,
                           const Transformed &result) {
  const int64_t channels = result.channels, row_stride = maps.width * channels;
  Tile tile = tile_at(maps, first_tile);
  for (int64_t index = 0; index < count; ++index, advance(maps, tile)) {
    const int64_t row = 2 * tile.down, column = 2 * tile.across;
    const float *source = map + (tile.image * maps.height + row) * row_stride + column * channels;
    const bool has_right = column + 1 < maps.width, has_below = row + 1 < maps.height;
    for (int64_t channel = 0; channel < channels; channel += lane_count) {
      const float *pixel = source + channel;
      const Lane d[2][2] = {
          {load(pixel), has_right ? load(pixel + channels) : Lane{}},
          {has_below ? load(pixel + row_stride) : Lane{},
           has_right && has_below ? load(pixel + row_stride + channels) : Lane{}}};
      Lane t[4][2];
      for (int x = 0; x < 2; ++x) {
        t[0][x] = d[0][x];
        t[1][x] = d[0][x] + d[1][x];
        t[2][x] = d[0][x] - d[1][x];
        t[3][x] = -d[1][x];
      }
      float *target = result.values + index * channels + channel;
      for (int y = 0; y < 4; ++y) {
        float *positions_of_row = target + 4 * y * result.position_stride;
        store(positions_of_row, t[y][0]);
        store(positions_of_row + result.position_stride, t[y][0] + t[y][1]);
        store(positions_of_row + 2 * result.position_stride, t[y][0] - t[y][1]);
        store(positions_of_row + 3 * result.position_stride, -t[y][1]);
      }
    }
  }
}

BY_WIDTH(inputs,
         (const float *map, const Maps &maps, int64_t first_tile, int64_t count, const Transformed &result),
         (map, maps, first_tile, count, result))
BY_WIDTH(outputs,
         (const Transformed &products, const Maps &maps, int64_t first_tile, int64_t count, float *map),
         (products, maps, first_tile, count, map))
BY_WIDTH(gradients,
         (const float *map, const Maps &maps, int64_t first_tile, int64_t count, const Transformed &result),
         (map, maps, first_tile, count, result))

// MARK: Weights

/// 16 rows of 16 values.
struct Square {
  Lane rows[lane_count];

  INLINED Square turned() const {
    const float *values = reinterpret_cast<const float *>(rows);
    Square result;
    for (int row = 0; row < lane_count; ++row) {
      float turned[lane_count];
      for (int column = 0; column < lane_count; ++column) turned[column] = values[column * lane_count + row];
      result.rows[row] = load(turned);
    }
    return result;
  }
};

/// G w G^T of 16 pairs of channels, w row by row.
INLINED void transform_weight(const Lane w[9], Lane result[positions]) {
  Lane t[4][3];
  for (int x = 0; x < 3; ++x) {
    t[0][x] = w[x];
    t[1][x] = 0.5f * (w[x] + w[3 + x] + w[6 + x]);
    t[2][x] = 0.5f * (w[x] - w[3 + x] + w[6 + x]);
    t[3][x] = w[6 + x];
  }
  for (int y = 0; y < 4; ++y) {
    result[4 * y] = t[y][0];
    result[4 * y + 1] = 0.5f * (t[y][0] + t[y][1] + t[y][2]);
    result[4 * y + 2] = 0.5f * (t[y][0] - t[y][1] + t[y][2]);
    result[4 * y + 3] = t[y][2];
  }
}

/// The transformed weights of an output channel and 16 input channels.
INLINED void transform_weight(const float *weights, int64_t inputs, bool is_turned, Lane result[positions]) {
  Lane w[9];
  for (int tap = 0; tap < 9; ++tap) w[is_turned ? 8 - tap : tap] = load(weights + tap * inputs);
  transform_weight(w, result);
}

/// Each position's matrix has a row an output channel, as the weights have.
template <int, int>
INLINED void turned_weights_for(const float *weights, int64_t outputs, int64_t inputs, float *result) {
  for (int64_t output = 0; output < outputs; ++output) {
    for (int64_t input = 0; input < inputs; input += lane_count) {
      Lane u[positions];
      transform_weight(weights + output * 9 * inputs + input, inputs, /*is_turned=*/true, u);
      for (int position = 0; position < positions; ++position) {
        store(result + (position * outputs + output) * inputs + input, u[position]);
      }
    }
  }
}

/// Each position's matrix has a row an input channel: squares of channels are turned while they are in the cache.
template <int, int>
INLINED void weights_for(const float *weights, int64_t outputs, int64_t inputs, float *result) {
  for (int64_t input = 0; input < inputs; input += lane_count) {
    for (int64_t output = 0; output < outputs; output += lane_count) {
      Square squares[positions];
      for (int row = 0; row < lane_count; ++row) {
        Lane u[positions];
        transform_weight(weights + (output + row) * 9 * inputs + input, inputs, /*is_turned=*/false, u);
        for (int position = 0; position < positions; ++position) squares[position].rows[row] = u[position];
      }
      for (int position = 0; position < positions; ++position) {
        const Square turned = squares[position].turned();
        for (int row = 0; row < lane_count; ++row) {
          store(result + (position * inputs + input + row) * outputs + output, turned.rows[row]);
        }
      }
    }
  }
}

/// The gradients of an output channel and 16 input channels from the sums of their positions.
INLINED void transform_weight_gradient(const Lane s[positions], int64_t inputs, float *result) {
  Lane t[3][4];
  for (int x = 0; x < 4; ++x) {
    t[0][x] = s[x] + 0.5f * (s[4 + x] + s[8 + x]);
    t[1][x] = 0.5f * (s[4 + x] - s[8 + x]);
    t[2][x] = 0.5f * (s[4 + x] + s[8 + x]) + s[12 + x];
  }
  for (int y = 0; y < 3; ++y) {
    float *row = result + 3 * y * inputs;
    store(row, t[y][0] + 0.5f * (t[y][1] + t[y][2]));
    store(row + inputs, 0.5f * (t[y][1] - t[y][2]));
    store(row + 2 * inputs, 0.5f * (t[y][1] + t[y][2]) + t[y][3]);
  }
}

template <int, int>
INLINED void weight_gradients_for(const float *sums, int64_t outputs, int64_t inputs, float *result) {
  for (int64_t input = 0; input < inputs; input += lane_count) {
    for (int64_t output = 0; output < outputs; output += lane_count) {
      Square squares[positions];
      for (int position = 0; position < positions; ++position) {
        Square square;
        for (int row = 0; row < lane_count; ++row) {
          square.rows[row] = load(sums + (position * inputs + input + row) * outputs + output);
        }
        squares[position] = square.turned();
      }
      for (int row = 0; row < lane_count; ++row) {
        Lane s[positions];
        for (int position = 0; position < positions; ++position) s[position] = squares[position].rows[row];
        transform_weight_gradient(s, inputs, result + (output + row) * 9 * inputs + input);
      }
    }
  }
}

BY_WIDTH(weights, (const float *weights, int64_t outputs, int64_t inputs, float *result),
         (weights, outputs, inputs, result))
BY_WIDTH(turned_weights, (const float *weights, int64_t outputs, int64_t inputs, float *result),
         (weights, outputs, inputs, result))
BY_WIDTH(weight_gradients, (const float *sums, int64_t outputs, int64_t inputs, float *result),
         (sums, outputs, inputs, result))

}  // namespace

void multiply(const float *a, const float *b, float *result, int64_t rows, int64_t inner, int64_t columns) {
  multiply_chosen(a, b, result, rows, inner, columns);
}

void accumulate_products(const float *a, const float *b, float *result, int64_t rows, int64_t inner, int64_t columns) {
  accumulate_chosen(a, b, result, rows, inner, columns);
}

void transform_inputs(const float *map, const Maps &maps, int64_t first_tile, int64_t count,
                      const Transformed &result) {
  inputs_chosen(map, maps, first_tile, count, result);
}

void transform_outputs(const Transformed &products, const Maps &maps, int64_t first_tile, int64_t count, float *map) {
  outputs_chosen(products, maps, first_tile, count, map);
}

void transform_gradients(const float *map, const Maps &maps, int64_t first_tile, int64_t count,
                         const Transformed &result) {
  gradients_chosen(map, maps, first_tile, count, result);
}

void transform_weights(const float *weights, int64_t outputs, int64_t inputs, float *result) {
  weights_chosen(weights, outputs, inputs, result);
}

void transform_turned_weights(const float *weights, int64_t outputs, int64_t inputs, float *result) {
  turned_weights_chosen(weights, outputs, inputs, result);
}

void transform_weight_gradients(const float *sums, int64_t outputs, int64_t inputs, float *result) {
  weight_gradients_chosen(sums, outputs, inputs, result);
}

}  // namespace consort::winograd
