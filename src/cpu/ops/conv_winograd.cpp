#include "cpu/ops/conv_winograd.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "cpu/gemm/multiply.h"

namespace mini_infer::cpu {
namespace {

using ops::ConvGeometry;
using ops::Layout;
using ops::SlidingAxis;

// Below these the transforms cost more than the products save.
constexpr std::int64_t kFewestChannels = 32;
constexpr std::int64_t kFewestFilters = 32;
// The transformed input of a block stays in the second cache, unless that makes blocks so small
// that the weights pass by too often.
constexpr std::int64_t kBlockElements = 128 * 1024;
constexpr std::int64_t kFewestTiles = 16;
constexpr std::int64_t kMostTiles = 48;
constexpr std::int64_t kPiecesPerThread = 2;

// Tiles that stick out of a small image may take all that the algorithm saves: at least a fifth of
// the products must be left out.
bool saves_products(const SlidingAxis& height, const SlidingAxis& width) {
  const std::int64_t tiles = ceil_div(height.output, 2) * ceil_div(width.output, 2);
  return kWinogradMatrices * tiles * 5 <= 9 * height.output * width.output * 4;
}

bool is_3x3(const SlidingAxis& axis) {
  return axis.kernel == 3 && axis.stride == 1 && axis.dilation == 1;
}

// Rows of a power of two of elements would share few sets of the first cache.
constexpr std::int64_t kRowPadding = 16;

std::int64_t round_up(std::int64_t count, std::int64_t step) {
  return ceil_div(count, step) * step;
}

std::int64_t tiles_in_block(std::int64_t row) {
  return std::clamp(kBlockElements / (kWinogradMatrices * row), kFewestTiles, kMostTiles);
}

// Numbers of neighbouring filters, side by side.
using Filters = std::array<double, kMaxTileColumns>;
using Weights3x3 = std::array<Filters, 9>;
using Weights4x4 = std::array<Filters, kWinogradMatrices>;

// G g of 3 rows of numbers g, `step` apart.
void transform(const Filters* g, int step, Filters* to, int to_step) {
  for (std::size_t n = 0; n < kMaxTileColumns; ++n) {
    const double even = (g[0][n] + g[2 * step][n]) / 2;
    const double odd = g[step][n] / 2;
    to[0][n] = g[0][n];
    to[to_step][n] = even + odd;
    to[2 * to_step][n] = even - odd;
    to[3 * to_step][n] = g[2 * step][n];
  }
}

// G g G'.
void transform(const Weights3x3& g, Weights4x4& to) {
  std::array<Filters, 12> rows;  // G g
  for (std::size_t column = 0; column < 3; ++column) transform(&g[column], 3, &rows[column], 3);
  for (std::size_t row = 0; row < 4; ++row) transform(&rows[row * 3], 1, &to[row * 4], 1);
}

}  // namespace

// Where a tile's 2x2 outputs and its 4x4 inputs begin.
struct WinogradConv::Tile {
  std::int64_t image, y, x;
};

bool WinogradConv::suits(const ConvGeometry& geometry) {
  const auto& [depth, height, width] = geometry.window;
  return geometry.input_layout == Layout::kNhwc && geometry.groups == 1 && depth.input == 1 &&
         depth.output == 1 && depth.kernel == 1 && depth.pad_begin == 0 && is_3x3(height) &&
         is_3x3(width) && saves_products(height, width) && geometry.channels >= kFewestChannels &&
         geometry.filters >= kFewestFilters;
}

WinogradConv::WinogradConv(const ConvGeometry& geometry, const TileEpilogue& epilogue,
                           const Simd& simd)
    : geometry_(geometry),
      epilogue_(epilogue),
      simd_(&simd),
      panels_(Panels::of(simd, geometry.channels, geometry.filters)),
      tile_rows_(ceil_div(geometry.window[1].output, 2)),
      tile_columns_(ceil_div(geometry.window[2].output, 2)),
      tiles_(geometry.batch * tile_rows_ * tile_columns_),
      zeros_(static_cast<std::size_t>(geometry.channels), 0.0f) {
  blocks_ = ceil_div(tiles_, tiles_in_block(input_row()));
}

std::int64_t WinogradConv::input_row() const {
  return round_up(geometry_.channels, simd_->lanes) + kRowPadding;
}

std::size_t WinogradConv::workspace_bytes() const {
  const std::int64_t row = input_row() + panels_.full_width();
  return static_cast<std::size_t>(kWinogradMatrices * block_tiles() * row) * sizeof(float);
}

std::string WinogradConv::form() const { return "conv: Winograd 2x2, " + form_of(panels_); }

// Panel by panel, so that the 16 parts that make the same outputs follow each other.
void WinogradConv::pack(const std::byte* weights, float* to, core::ThreadPool& threads) const {
  threads.run(panels_.count(), [&](std::int64_t panel, int) {
    pack_panel(weights, panel, to + kWinogradMatrices * panels_.offset(panel));
  });
}

void WinogradConv::pack_panel(const std::byte* weights, std::int64_t panel, float* to) const {
  const std::int64_t filter = panel * panels_.full_width();
  const int width = panels_.width(panel);
  const std::int64_t count = std::min<std::int64_t>(width, geometry_.filters - filter);
  Weights3x3 g = {};  // beyond the last filter: 0
  Weights4x4 u;
  for (std::int64_t k = 0; k < panels_.depth; ++k) {
    for (std::int64_t n = 0; n < count; ++n) {
      float kernel[std::tuple_size_v<Weights3x3>];
      const std::int64_t index = (filter + n) * geometry_.channels + k;
      std::memcpy(kernel, weights + index * std::int64_t{sizeof(kernel)}, sizeof(kernel));
      for (std::size_t i = 0; i < g.size(); ++i) {
        g[i][static_cast<std::size_t>(n)] = static_cast<double>(kernel[i]);
      }
    }
    transform(g, u);
    for (std::int64_t i = 0; i < kWinogradMatrices; ++i) {
      std::copy_n(u[static_cast<std::size_t>(i)].begin(), width,
                  to + (i * panels_.depth + k) * width);
    }
  }
}

WinogradConv::Tile WinogradConv::tile_at(std::int64_t index) const {
  const std::int64_t row = index / tile_columns_;
  return {row / tile_rows_, row % tile_rows_ * 2, index % tile_columns_ * 2};
}

void WinogradConv::transform_input(const float* x, Share tiles, float* to) const {
  const SlidingAxis& height = geometry_.window[1];
  const SlidingAxis& width = geometry_.window[2];
  const auto on = [](const SlidingAxis& axis, std::int64_t at) {
    return at >= 0 && at < axis.input;
  };
  WinogradInput input{.channels = geometry_.channels,
                      .matrix = (tiles.last - tiles.first) * input_row()};
  for (std::int64_t index = tiles.first; index < tiles.last; ++index, to += input_row()) {
    const Tile tile = tile_at(index);
    for (int i = 0; i < kWinogradMatrices; ++i) {
      const std::int64_t row = tile.y - height.pad_begin + i / 4;
      const std::int64_t column = tile.x - width.pad_begin + i % 4;
      const std::int64_t pixel = (tile.image * height.input + row) * width.input + column;
      const bool on_input = on(height, row) && on(width, column);
      input.pixels[i] = on_input ? x + pixel * geometry_.input_pitch : zeros_.data();
    }
    input.to = to;
    simd_->winograd_input(input);
  }
}

// The 16 products of one panel.
void WinogradConv::multiply(const float* a, std::int64_t rows, std::int64_t panel, const float* w,
                            float* c) const {
  const int width = panels_.width(panel);
  Product product{.rows = rows,
                  .depth = panels_.depth,
                  .block_rows = rows + kMaxTileRows,
                  .right = {.panels = Panels::of(*simd_, panels_.depth, width)},
                  .c_row = width,
                  .epilogue = {}};
  const ProductGrid grid(product, *simd_, 1);
  for (int i = 0; i < kWinogradMatrices; ++i) {
    product.right.data = w + kWinogradMatrices * panels_.offset(panel) + i * width * panels_.depth;
    const bool last = i + 1 == kWinogradMatrices && panel + 1 == panels_.count();
    product.next = last ? nullptr : product.right.data + width * panels_.depth;
    product.c = c + i * rows * width;
    const float* first = a + i * rows * input_row();
    grid.compute(
        0, product,
        [&](const LeftRange& range, const float** to) {
          for (int row = 0; row < range.rows; ++row) {
            to[row] = first + (range.row + row) * input_row();
          }
        },
        *simd_);
  }
}

void WinogradConv::transform_output(const float* c, Share tiles, std::int64_t panel,
                                    const ConvTensors& tensors) const {
  const std::int64_t height = geometry_.window[1].output;
  const std::int64_t width = geometry_.window[2].output;
  const int row = panels_.width(panel);
  const std::int64_t filter = panel * panels_.full_width();
  WinogradOutput output{.from = c,
                        .matrix = (tiles.last - tiles.first) * row,
                        .columns = std::min<std::int64_t>(row, geometry_.filters - filter),
                        .bias = advance(tensors.bias, filter),
                        .activation = &epilogue_.activation};
  for (std::int64_t index = tiles.first; index < tiles.last; ++index, output.from += row) {
    const Tile tile = tile_at(index);
    for (int i = 0; i < 4; ++i) {
      const std::int64_t y = tile.y + i / 2;
      const std::int64_t x = tile.x + i % 2;
      const bool on_output = y < height && x < width;
      const std::int64_t pixel = (tile.image * height + y) * width + x;
      const std::int64_t at = pixel * geometry_.output_pitch + filter;
      output.y[i] = on_output ? tensors.y + at : nullptr;
      output.residual[i] = on_output ? advance(tensors.residual, at) : nullptr;
    }
    simd_->winograd_output(output);
  }
}

void WinogradConv::run(const ConvTensors& tensors, std::span<std::byte> workspace,
                       core::ThreadPool& threads) const {
  const auto served = static_cast<int>(std::min<std::size_t>(
      workspace.size() / workspace_bytes(), static_cast<std::size_t>(threads.size())));
  // Groups of panels repeat the transform of the input: only where there are too few blocks.
  const std::int64_t wanted = served == 1 ? 1 : ceil_div(kPiecesPerThread * served, blocks_);
  const std::int64_t groups = std::min(panels_.count(), wanted);
  threads.run(
      blocks_ * groups,
      [&](std::int64_t piece, int worker) {
        auto* a = reinterpret_cast<float*>(workspace.data() +
                                           static_cast<std::size_t>(worker) * workspace_bytes());
        float* c = a + kWinogradMatrices * block_tiles() * input_row();
        const Share tiles = share(tiles_, piece / groups, blocks_);
        const Share panels = share(panels_.count(), piece % groups, groups);
        transform_input(tensors.x, tiles, a);
        for (std::int64_t panel = panels.first; panel < panels.last; ++panel) {
          multiply(a, tiles.last - tiles.first, panel, tensors.w, c);
          transform_output(c, tiles, panel, tensors);
        }
      },
      served);
}

}  // namespace mini_infer::cpu
