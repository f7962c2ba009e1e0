#pragma once

#include <cstddef>
#include <cstdint>

#include "cpu/simd/functors.h"
#include "ops/activation.h"
#include "ops/attention_softmax.h"
#include "ops/key_range.h"

// What the files in code/ offer, compiled once per instruction set. Plain values and pointers to
// functions only: the code that includes this must instantiate nothing that others share.
namespace mini_infer::cpu {

// Most rows of a tile, on any instruction set.
inline constexpr int kMaxTileRows = 12;
inline constexpr int kTileVectors = 2;
inline constexpr int kMaxTileColumns = 32;  // of a tile that is kTileVectors wide
inline constexpr int kRowPanels = 4;
inline constexpr int kMaxTileSums = kMaxTileRows * kMaxTileColumns;  // of what is wide, too

// What happens to a sum before it is stored: activation(alpha * sum + beta * bias + residual).
struct TileEpilogue {
  float alpha = 1;
  float beta = 1;
  ops::Activation activation;
};

// One tile: C[rows, columns] = epilogue(sum over taps of A_tap[rows, depth] * B_tap[depth,
// columns]). Strides in elements.
struct TileArgs {
  std::int64_t taps = 1;
  std::int64_t depth = 0;  // of one tap
  // Where row i of A_tap begins: rows[tap * kMaxTileRows + i]; its elements are `row_step` apart.
  const float* const* rows = nullptr;
  std::ptrdiff_t row_step = 1;
  // B_0, B_1, ... follow each other; a row of B has tile width elements that may be read, or, for
  // the functions of `tile_narrow`, `columns` ones.
  const float* b = nullptr;
  std::ptrdiff_t b_row = 0;
  std::ptrdiff_t panel_step = 0;  // from a panel of B to the next; for what is wide
  float* c = nullptr;
  std::ptrdiff_t c_row = 0;
  // bias[i * bias_row + j * bias_column] is added to row i, column j; bias_column is 0 or 1.
  const float* bias = nullptr;  // may be null
  std::ptrdiff_t bias_row = 0;
  int bias_column = 1;
  const float* residual = nullptr;  // laid out as C; may be C; or null
  int columns = 0;                  // 1 to tile width
  // Where sums of blocks are kept (see ops/block_sum.h), row by row without gaps: as many of either
  // as the tile has elements, padding included. Null where one block is all.
  float* section = nullptr;
  double* total = nullptr;
  // A product may be computed part by part: `section` and `total` then hold what came before.
  std::int64_t depth_before = 0;  // whole blocks
  bool last = true;  // else the depth of this part is whole blocks, and C stays as it is
  const TileEpilogue* epilogue = nullptr;
  // What is read after this tile, or null: brought nearer, `ahead_step` bytes further for each row
  // of B.
  const char* ahead = nullptr;
  std::ptrdiff_t ahead_step = 0;
};
using TileFunction = void (*)(const TileArgs&);

// Head sizes up to this have vector code.
inline constexpr int kMaxHeadSize = 256;

// `count` elements to floats, and back.
using WidenFunction = void (*)(const void* from, float* to, std::int64_t count);
using NarrowFunction = void (*)(const float* from, void* to, std::int64_t count);

// Some keys and their values, each `count` rows some elements apart.
struct KeySegment {
  const void* key = nullptr;
  std::int64_t key_row = 0;
  const void* value = nullptr;
  std::int64_t value_row = 0;
  std::int64_t count = 0;
};

// Some queries of one head of one sample, and all that they look at:
// y = softmax(cap(scale * (query_scale * query) . key) + mask) . value, over the visible keys.
// Queries, keys, values and y are floats, or, as `mask` always is, 16-bit numbers that the two
// functions convert.
struct AttentionBlock {
  WidenFunction widen = nullptr;
  NarrowFunction narrow = nullptr;
  int queries = 0;
  const void* query = nullptr;
  std::int64_t query_row = 0;
  KeySegment segments[2] = {};  // the past, then the new ones; keys are counted through both
  int key_size = 0;             // of a query, too
  int value_size = 0;
  float query_scale = 1;
  float scale = 1;
  float softcap = 0;                       // 0 caps nothing
  const ops::KeyRange* visible = nullptr;  // of each query
  // At most one of the three; element (query, key) is [query * mask_query + key * mask_key].
  const void* mask = nullptr;
  const float* float_mask = nullptr;
  const std::uint8_t* bool_mask = nullptr;
  std::int64_t mask_query = 0;
  std::int64_t mask_key = 0;
  ops::AttentionSoftmax softmax = ops::AttentionSoftmax::kStandard;
  ops::HiddenScores hidden;
  // Of each query, unless the softmax is the standard's: set where y does not hold and the caller
  // must compute it again, key by key.
  bool* unsettled = nullptr;
  void* y = nullptr;
  std::int64_t y_row = 0;
};

// One row of outputs of a convolution with one filter per channel, channels last: x and y are
// [..., width, channels], w is [..., width.kernel, channels].
struct DepthwiseRow {
  // The kernel's positions along an outer axis that fall on the input; steps in elements.
  struct Outer {
    std::int64_t taps = 1;
    std::ptrdiff_t x_step = 0;
    std::ptrdiff_t w_step = 0;
  };
  struct Width {
    std::int64_t input = 1;
    std::int64_t output = 1;
    std::int64_t kernel = 1;
    std::int64_t stride = 1;
    std::int64_t dilation = 1;
    std::int64_t pad_begin = 0;
  };
  Outer depth, height;
  Width width;
  std::int64_t channels = 0;
  // Elements from one pixel to the next.
  std::int64_t x_pitch = 0;
  std::int64_t y_pitch = 0;
  const float* x = nullptr;         // the input row under the first position
  const float* w = nullptr;         // that position
  const float* bias = nullptr;      // may be null
  const float* residual = nullptr;  // laid out as y; may be y; or null
  float* y = nullptr;
  const ops::Activation* activation = nullptr;
};

// Winograd's F(2x2, 3x3) turns 4x4 pixels of the input into one row of each of 16 matrices, which
// are multiplied by 16 matrices of weights; each row of the products becomes 2x2 outputs.
inline constexpr int kWinogradMatrices = 16;

struct WinogradInput {
  const float* pixels[kWinogradMatrices] = {};  // where they begin, row by row
  std::int64_t channels = 0;
  float* to = nullptr;        // a row of the first matrix, filled up with 0 to whole vectors
  std::ptrdiff_t matrix = 0;  // elements from a matrix to the next
};

struct WinogradOutput {
  const float* from = nullptr;  // a row of the first product: whole vectors
  std::ptrdiff_t matrix = 0;
  std::int64_t columns = 0;
  const float* bias = nullptr;    // may be null
  const float* residual[4] = {};  // as y, or null
  float* y[4] = {};               // row by row; null where the image has ended
  const ops::Activation* activation = nullptr;
};

// The part of a pooling's window that lies on the input, channels last.
struct PoolWindow {
  struct Axis {
    std::int64_t taps = 1;
    std::ptrdiff_t x_step = 0;  // elements from one to the next
  };
  Axis depth, height, width;
  std::int64_t channels = 0;
  const float* x = nullptr;  // the first pixel
  float* y = nullptr;
};

// y = function(x), `count` elements. `function` is the functor; y may be x.
using UnaryLoop = void (*)(const void* function, const void* x, void* y, std::int64_t count);

// One input along rows of the output.
struct RowOperand {
  const void* first;
  std::int64_t row;  // from the first element of a row to that of the next one
  bool repeats;      // the first element of a row stands for all of it
};

// y = function(a, b). The rows of y follow each other; y may be an input that lies as y does.
struct BinaryArgs {
  RowOperand a, b;
  void* y;
  std::int64_t rows;
  std::int64_t length;  // of a row
};
using BinaryLoop = void (*)(const BinaryArgs&);

// `columns` softmaxes side by side, over `extent` elements each, `step` apart.
struct SoftmaxArgs {
  const void* x;
  void* y;  // may be x
  std::int64_t extent;
  std::int64_t step;
  std::int64_t column_step;
  int columns;  // at most kSoftmaxColumns; 1 where step is 1, unless rows are short
};
inline constexpr int kSoftmaxColumns = 16;
using SoftmaxFunction = void (*)(const SoftmaxArgs&);

// `count` runs of `length` neighbours, the first elements `step` apart.
struct Runs {
  const void* first;
  std::int64_t length;
  std::int64_t count = 1;
  std::int64_t step = 0;

  std::int64_t elements() const { return length * count; }
};

// Σ (x - centre) or, squared, Σ (x - centre)², in double.
using SumFunction = double (*)(const Runs&, double centre);

// y = (x - mean) * factor * scale + bias, where scale and bias are rows as x is.
struct NormalizeArgs {
  const void* x;
  void* y;  // may be x
  std::int64_t extent;
  float mean, factor;
  const void* scale;
  const void* bias;  // may be null
};
using NormalizeFunction = void (*)(const NormalizeArgs&);

// The functions for numbers stored in one way.
struct FloatLoops {
  WidenFunction widen = nullptr;
  NarrowFunction narrow = nullptr;
  UnaryLoop unary[UnaryFunctors::kCount] = {};
  BinaryLoop binary[BinaryFunctors::kCount] = {};
  SoftmaxFunction softmax = nullptr;
  SoftmaxFunction log_softmax = nullptr;
  SumFunction sum = nullptr;
  SumFunction sum_of_squares = nullptr;
  // By how scale and bias are stored.
  NormalizeFunction normalize[StoredFloats::kCount] = {};
};

struct Simd {
  int lanes = 0;      // floats in a vector
  int tile_rows = 0;  // most rows of a tile
  // By the number of vectors of a tile's width less 1, then by the number of rows less 1.
  TileFunction tile[kTileVectors][kMaxTileRows] = {};
  TileFunction tile_narrow[kTileVectors][kMaxTileRows] = {};
  // Up to tile_rows / 2 rows times two whole panels side by side; null where a tile has no more
  // rows than that.
  TileFunction wide_tile[kMaxTileRows / 2] = {};
  // One row times kRowPanels whole panels side by side: with fewer sums in flight than a
  // processor can add at once, one panel would take as long.
  TileFunction wide_row = nullptr;
  // For up to kTileVectors * lanes queries, and for one.
  void (*attend)(const AttentionBlock& block) = nullptr;
  void (*attend_one)(const AttentionBlock& block) = nullptr;
  // y = activation(y), `count` elements.
  void (*activate)(const ops::Activation& activation, float* y, std::int64_t count) = nullptr;
  void (*depthwise)(const DepthwiseRow& row) = nullptr;
  void (*max_pool)(const PoolWindow& window) = nullptr;
  // y = sum / count
  void (*average_pool)(const PoolWindow& window, float count) = nullptr;
  void (*winograd_input)(const WinogradInput& tile) = nullptr;
  void (*winograd_output)(const WinogradOutput& tile) = nullptr;
  FloatLoops loops[StoredFloats::kCount];

  template <typename Stored>
  const FloatLoops& loops_of() const {
    return loops[index_of<Stored>(StoredFloats{})];
  }
};

}  // namespace mini_infer::cpu
