#include "cpu/gemm/multiply.h"

#include <algorithm>

#include "cpu/gemm/share.h"
#include "cpu/simd/simd.h"
#include "ops/block_sum.h"

namespace mini_infer::cpu {
namespace {

// The addresses of the left rows of a block, all taps: what is kept on the stack.
constexpr std::int64_t kMostAddresses = 4096;
// Of more taps so many at a time: whole blocks of the sum, however deep they are.
constexpr std::int64_t kMostTaps = kMostAddresses / kMaxTileRows / ops::kSumBlock * ops::kSumBlock;
// Rows of A that pass by one panel of B before the next panel: they stay in the cache (L2).
constexpr std::int64_t kMostBlockRows = 204;
// A B of so few bytes stays in the first cache: then each row of A is read once.
constexpr std::int64_t kSmallRight = 128 * 1024;
constexpr std::int64_t kSmallRightOfThreads = 512 * 1024;
constexpr std::int64_t kPiecesPerThread = 2;

// One piece: its row tiles times its panels.
class Block {
 public:
  Block(const Product& product, LeftRows left, const Simd& simd, Share tiles,
        std::int64_t all_tiles)
      : product_(product), left_(left), simd_(simd), tiles_(tiles), all_tiles_(all_tiles) {}

  // All taps at once where their addresses find room.
  void run(Share panels) {
    if (product_.taps <= kMostTaps) {
      taps_ = {0, product_.taps};
      find_rows();
      run_panels(panels);
      return;
    }
    for (std::int64_t panel = panels.first; panel < panels.last; ++panel) {
      for (std::int64_t tile = tiles_.first; tile < tiles_.last; ++tile) run_parts(tile, panel);
    }
  }

 private:
  // The taps of one tile part by part.
  void run_parts(std::int64_t tile, std::int64_t panel) {
    for (taps_.first = 0; taps_.first < product_.taps; taps_.first = taps_.last) {
      taps_.last = std::min(product_.taps, taps_.first + kMostTaps);
      find_rows();
      TileArgs args = args_of(tile, panel);
      args.depth_before += taps_.first * product_.depth;
      args.last &= taps_.last == product_.taps;
      run(tile, panel, args);
    }
  }

  void find_rows() {
    for (std::int64_t tile = tiles_.first; tile < tiles_.last; ++tile) {
      const Share rows = share(product_.rows, tile, all_tiles_);
      left_({.row = rows.first,
             .rows = static_cast<int>(rows.last - rows.first),
             .tap = taps_.first,
             .taps = taps_.last - taps_.first},
            addresses(tile));
    }
  }

  void run_panels(Share panels) {
    panels_ = panels;
    if (product_.rows == 1) return run_row(panels);
    const Panels& right = product_.right.panels;
    const std::int64_t bytes = right.depth * right.columns * static_cast<int>(sizeof(float));
    if (bytes <= kSmallRight) {
      for (std::int64_t tile = tiles_.first; tile < tiles_.last; ++tile) {
        for_each_group(panels, [&](Share group) { run(tile, group, false); });
      }
    } else {
      for_each_group(panels, [&](Share group) {
        for (std::int64_t tile = tiles_.first; tile < tiles_.last; ++tile) run(tile, group, true);
      });
    }
  }

  // Panels that are multiplied together: two whole ones where that is faster.
  template <typename Visit>
  void for_each_group(Share panels, Visit visit) {
    const bool wide = simd_.wide_tile[0] != nullptr && (computes_in_halves() || rows_collide());
    for (Share group{panels.first, panels.first}; group.first < panels.last;
         group.first = group.last) {
      group.last += wide && group.first + 2 <= whole(panels) ? 2 : 1;
      visit(group);
    }
  }

  // Each of `steps` calls for the tiles brings its part of the next panels nearer: they may come
  // from far.
  void look_ahead(TileArgs& args, Share panels, std::int64_t step, std::int64_t steps) const {
    const RightMatrix& right = product_.right;
    if (right.row != 0) return;
    const bool last = panels.last == panels_.last;
    const float* next = last ? product_.next : right.data + right.panels.offset(panels.last);
    if (next == nullptr) return;
    const std::int64_t row_bytes =
        (panels.last - panels.first) * args.b_row * std::int64_t{sizeof(float)};
    args.ahead_step = ceil_div(row_bytes, steps);
    args.ahead =
        reinterpret_cast<const char*>(next) + step * args.taps * args.depth * args.ahead_step;
  }

  // A single row, several panels at a time.
  void run_row(Share panels) {
    std::int64_t panel = panels.first;
    for (; panel + kRowPanels <= whole(panels); panel += kRowPanels) {
      simd_.wide_row(wide_args(0, panel, kRowPanels));
    }
    for (; panel < panels.last; ++panel) run(0, panel);
  }

  // A tile times its panels; of two panels half as many rows at a time.
  void run(std::int64_t tile, Share group, bool looks_ahead) {
    const bool wide = group.last - group.first > 1;
    TileArgs args = wide ? wide_args(tile, group.first, 2) : args_of(tile, group.first);
    const int calls = wide ? 2 : 1;
    if (looks_ahead) {
      look_ahead(args, group, calls * (tile - tiles_.first), calls * (tiles_.last - tiles_.first));
    }
    if (!wide) return run(tile, group.first, args);
    const Share rows = share(product_.rows, tile, all_tiles_);
    const auto count = static_cast<int>(rows.last - rows.first);
    const int first = std::min(simd_.tile_rows / 2, count);
    place_sums(args, {rows.first, rows.first + first}, group.first);
    simd_.wide_tile[first - 1](args);
    if (count == first) return;
    skip_rows(args, first);
    place_sums(args, {rows.first + first, rows.last}, group.first);
    simd_.wide_tile[count - first - 1](args);
  }

  static void skip_rows(TileArgs& args, int count) {
    args.rows += count;
    if (args.ahead != nullptr) args.ahead += args.taps * args.depth * args.ahead_step;
    args.c += count * args.c_row;
    args.bias = advance(args.bias, count * args.bias_row);
    args.residual = advance(args.residual, count * args.c_row);
  }

  // The end of the panels that have no padding.
  std::int64_t whole(Share panels) const {
    return std::min(panels.last, product_.right.panels.whole());
  }

  TileArgs wide_args(std::int64_t tile, std::int64_t panel, int count) {
    const RightMatrix& right = product_.right;
    TileArgs args = args_of(tile, panel);
    args.panel_step = right.row == 0 ? right.panels.offset(1) : right.panels.full_width();
    args.columns = count * right.panels.full_width();
    return args;
  }

  // Rows of A that are a multiple of 4096 bytes apart share one set of the first cache, which holds
  // eight lines: twelve rows would throw each other out.
  bool rows_collide() {
    constexpr std::int64_t kSets = 4096;
    if (product_.depth * static_cast<std::int64_t>(sizeof(float)) < kSets) return false;
    const float** rows = addresses(tiles_.first);
    const Share first = share(product_.rows, tiles_.first, all_tiles_);
    if (first.last - first.first < 2) return false;
    return (reinterpret_cast<std::intptr_t>(rows[1]) - reinterpret_cast<std::intptr_t>(rows[0])) %
               kSets ==
           0;
  }

  const float** addresses(std::int64_t tile) {
    return addresses_ + (tile - tiles_.first) * (taps_.last - taps_.first) * kMaxTileRows;
  }

  TileArgs args_of(std::int64_t tile, std::int64_t panel) {
    const RightMatrix& right = product_.right;
    const Share rows = share(product_.rows, tile, all_tiles_);
    const std::int64_t column = panel * right.panels.full_width();
    const std::int64_t at = rows.first * product_.c_row + column;
    const int width = right.panels.width(panel);
    const bool packed = right.row == 0;
    const std::int64_t b_row = packed ? width : right.row;
    TileArgs args{
        .taps = taps_.last - taps_.first,
        .depth = product_.depth,
        .rows = addresses(tile),
        .row_step = product_.left_step,
        .b = right.data + (packed ? right.panels.offset(panel) : column) +
             taps_.first * product_.depth * b_row,
        .b_row = b_row,
        .c = product_.c + at,
        .c_row = product_.c_row,
        .bias =
            advance(product_.bias, rows.first * product_.bias_row + column * product_.bias_column),
        .bias_row = product_.bias_row,
        .bias_column = product_.bias_column,
        .residual = advance(product_.residual, at),
        .columns = static_cast<int>(std::min<std::int64_t>(width, right.panels.columns - column)),
        .depth_before = product_.depth_before,
        .last = product_.last,
        .epilogue = &product_.epilogue};
    place_sums(args, rows, panel);
    return args;
  }

  // Of the tile of those rows that begins with that panel.
  void place_sums(TileArgs& args, Share rows, std::int64_t panel) {
    args.section = section_;
    args.total = total_;
    if (product_.carry == nullptr) return;
    const std::int64_t at = product_.carry->tile(rows.first, rows.last - rows.first,
                                                 panel * product_.right.panels.full_width());
    args.section = product_.carry->section + at;
    args.total = product_.carry->total + at;
  }

  void run(std::int64_t tile, std::int64_t panel) { run(tile, panel, args_of(tile, panel)); }

  void run(std::int64_t tile, std::int64_t panel, const TileArgs& args) {
    const Panels& panels = product_.right.panels;
    const int width = panels.width(panel);
    const bool narrow = product_.right.row != 0 && args.columns < width;
    const Share rows = share(product_.rows, tile, all_tiles_);
    const auto& functions = narrow ? simd_.tile_narrow : simd_.tile;
    functions[width / panels.lanes - 1][rows.last - rows.first - 1](args);
  }

  const Product& product_;
  LeftRows left_;
  const Simd& simd_;
  Share tiles_;
  Share panels_{0, 0};
  Share taps_{0, 0};
  std::int64_t all_tiles_;
  const float* addresses_[kMostAddresses];
  alignas(64) float section_[kMaxTileSums];
  alignas(64) double total_[kMaxTileSums];
};

}  // namespace

ProductGrid::ProductGrid(const Product& product, const Simd& simd, int threads, std::int64_t copies)
    : tiles_(ceil_div(product.rows, simd.tile_rows)) {
  const std::int64_t by_stack = kMostAddresses / (product.taps * kMaxTileRows);
  const std::int64_t rows = product.block_rows > 0 ? product.block_rows : kMostBlockRows;
  const std::int64_t block =
      std::max<std::int64_t>(1, std::min<std::int64_t>(rows / simd.tile_rows, by_stack));
  row_blocks_ = ceil_div(tiles_, block);
  if (threads == 1) return;
  // Threads keep to rows where the right matrix is small: what comes next reads them again. A large
  // one is better read once.
  const std::int64_t wanted =
      ceil_div(kPiecesPerThread * threads, std::max<std::int64_t>(1, copies));
  const Panels& right = product.right.panels;
  const bool small = right.elements() * std::int64_t{sizeof(float)} <= kSmallRightOfThreads;
  const auto enough = [&] {
    return ceil_div(wanted, std::max<std::int64_t>(1, row_blocks_ * groups_));
  };
  if (small) row_blocks_ = std::min(tiles_, row_blocks_ * enough());
  groups_ = std::min(std::max<std::int64_t>(1, right.count()), enough());
  row_blocks_ = std::min(tiles_, row_blocks_ * enough());
}

void ProductGrid::compute(std::int64_t piece, const Product& product, LeftRows left,
                          const Simd& simd) const {
  Block block(product, left, simd, share(tiles_, piece / groups_, row_blocks_), tiles_);
  block.run(share(product.right.panels.count(), piece % groups_, groups_));
}

void multiply(const Product& product, LeftRows left, const Simd& simd, core::ThreadPool& threads) {
  const ProductGrid grid(product, simd, threads.size());
  threads.run(grid.pieces(),
              [&](std::int64_t piece, int) { grid.compute(piece, product, left, simd); });
}

}  // namespace mini_infer::cpu
