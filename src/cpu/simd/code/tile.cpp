#include "cpu/simd/code/tile.h"

#include "cpu/simd/code/activate.h"
#include "cpu/simd/code/vector.h"
#include "ops/block_sum.h"

// The one inner loop of Conv, Gemm, MatMul and their kin: the sums of a tile stay in registers
// while each element of A is broadcast against a row of B.
namespace mini_infer::cpu::MI_ISA {
namespace {

// A column block of a tile that may end before its width.
template <int kVectors>
struct Columns {
  int count;

  int of(int vector) const {
    const int rest = count - vector * kLanes;
    return rest < 0 ? 0 : rest > kLanes ? kLanes : rest;
  }
  bool whole() const { return count == kVectors * kLanes; }
};

template <int kVectors>
MI_INLINE Vector load_columns(const float* from, int vector, Columns<kVectors> columns) {
  return load_first(from + vector * kLanes, columns.of(vector));
}

template <int kRows, int kVectors>
struct Sums {
  Vector at[kRows][kVectors];

  MI_MEMBER void clear() {
    MI_UNROLL for (int i = 0; i < kRows; ++i) {
      MI_UNROLL for (int j = 0; j < kVectors; ++j) at[i][j] = Vector{};
    }
  }
};

// --- Sums of whole blocks, in memory ---

#define MI_OUTLINE __attribute__((noinline))

MI_OUTLINE void close_section(const float* section, bool first, double* total, int count) {
  MI_INDEPENDENT for (int i = 0; i < count; ++i) {
    total[i] = (first ? 0.0 : total[i]) + static_cast<double>(section[i]);
  }
}

// The last section becomes the sum of them all.
MI_OUTLINE void add_totals(const double* total, float* section, int count) {
  MI_INDEPENDENT for (int i = 0; i < count; ++i) {
    section[i] = static_cast<float>(total[i] + static_cast<double>(section[i]));
  }
}

template <int kRows, int kVectors>
class Blocks {
 public:
  MI_MEMBER explicit Blocks(const TileArgs& t)
      : section_(t.section),
        total_(t.total),
        closed_(static_cast<std::uint64_t>(t.depth_before) / ops::kSumBlock) {}

  // The block in `sums` is whole, and another one begins.
  MI_MEMBER void close(Sums<kRows, kVectors>& sums) {
    if (closed_ % ops::kSumSection > 0) {
      move_to_section(sums,
                      [](Vector sum, const float* at) MI_INLINE_LAMBDA { return sum + load(at); });
    } else {
      move_to_section(sums, [](Vector sum, const float*) MI_INLINE_LAMBDA { return sum; });
    }
    if (++closed_ % ops::kSumSection == 0) {
      close_section(section_, closed_ == ops::kSumSection, total_, kCount);
    }
  }

  // Adds all that was closed to the last block.
  MI_MEMBER void join(Sums<kRows, kVectors>& sums) {
    if (closed_ == 0) return;
    if (closed_ % ops::kSumSection > 0) add_section(sums);
    if (closed_ < ops::kSumSection) return;
    move_to_section(sums, [](Vector sum, const float*) MI_INLINE_LAMBDA { return sum; });
    add_totals(total_, section_, kCount);
    add_section(sums);
  }

 private:
  static constexpr int kCount = kRows * kVectors * kLanes;

  MI_MEMBER void add_section(Sums<kRows, kVectors>& sums) const {
    MI_UNROLL for (int i = 0; i < kRows; ++i) {
      MI_UNROLL for (int j = 0; j < kVectors; ++j) sums.at[i][j] += load(at(i, j));
    }
  }

  // Vector by vector, and each register starts anew at once: all adding first, all storing then
  // takes twice as long.
  template <typename Combine>
  MI_MEMBER void move_to_section(Sums<kRows, kVectors>& sums, Combine combine) {
    MI_UNROLL for (int i = 0; i < kRows; ++i) {
      MI_UNROLL for (int j = 0; j < kVectors; ++j) {
        store(at(i, j), combine(sums.at[i][j], at(i, j)));
        clear(sums.at[i][j]);
      }
    }
  }

  MI_MEMBER float* at(int i, int j) const { return section_ + (i * kVectors + j) * kLanes; }

  float* section_;
  double* total_;
  std::uint64_t closed_;
};

// Rows of a panel, or of columns of a matrix that may end before its width.
template <int kVectors, bool kNarrow>
struct OnePanel {
  const float* b;
  std::ptrdiff_t row;
  Columns<kVectors> columns;

  MI_MEMBER Vector get(int j) const {
    return kNarrow ? load_columns(b, j, columns) : load(b + j * kLanes);
  }
  MI_MEMBER void advance() { b += row; }
};

// Rows of whole panels side by side.
template <int kPanels>
struct PanelsBeside {
  const float* b[kPanels];
  std::ptrdiff_t row;

  MI_MEMBER explicit PanelsBeside(const TileArgs& t) : row(t.b_row) {
    MI_UNROLL for (int p = 0; p < kPanels; ++p) b[p] = t.b + p * t.panel_step;
  }
  MI_MEMBER Vector get(int j) const {
    return load(b[j / kTileVectors] + j % kTileVectors * kLanes);
  }
  MI_MEMBER void advance() { MI_UNROLL for (int p = 0; p < kPanels; ++p) b[p] += row; }
};

// `Right` reads vectors of a row of B and goes from row to row.
template <int kRows, int kVectors, typename Right>
MI_INLINE void add_products(const TileArgs& t, Sums<kRows, kVectors>& sums,
                            Blocks<kRows, kVectors>& blocks, Right right) {
  const char* ahead = t.ahead != nullptr ? t.ahead : reinterpret_cast<const char*>(t.b);
  std::int64_t room = ops::kSumBlock;  // in the block
  for (std::int64_t tap = 0; tap < t.taps; ++tap) {
    const float* a[kRows];
    MI_UNROLL for (int i = 0; i < kRows; ++i) a[i] = t.rows[tap * kMaxTileRows + i];
    std::ptrdiff_t at = 0;
    for (std::int64_t rest = t.depth; rest > 0;) {
      if (room == 0) {
        blocks.close(sums);
        room = ops::kSumBlock;
      }
      const std::int64_t count = rest < room ? rest : room;
      rest -= count;
      room -= count;
      for (std::int64_t k = 0; k < count; ++k, at += t.row_step, right.advance()) {
        Vector w[kVectors];
        MI_UNROLL for (int j = 0; j < kVectors; ++j) w[j] = right.get(j);
        __builtin_prefetch(ahead, 0, 2);
        ahead += t.ahead_step;
        MI_UNROLL for (int i = 0; i < kRows; ++i) {
          const Vector x = broadcast(a[i][at]);
          MI_UNROLL for (int j = 0; j < kVectors; ++j) sums.at[i][j] += x * w[j];
        }
      }
    }
  }
}

// Yields whether the product ends here.
template <int kRows, int kVectors, typename Right>
MI_INLINE bool add_up(const TileArgs& t, Sums<kRows, kVectors>& sums, Right right) {
  Blocks<kRows, kVectors> blocks(t);
  sums.clear();
  add_products(t, sums, blocks, right);
  if (t.last) {
    blocks.join(sums);
  } else {
    blocks.close(sums);
  }
  return t.last;
}

template <int kRows, int kVectors, typename Get>
MI_INLINE void add_bias(const TileArgs& t, Sums<kRows, kVectors>& sums, Get get) {
  const Vector beta = broadcast(t.epilogue->beta);
  if (t.bias_row == 0 && t.bias_column == 1) {
    Vector bias[kVectors];
    MI_UNROLL for (int j = 0; j < kVectors; ++j) bias[j] = beta * get(t.bias, j);
    MI_UNROLL for (int i = 0; i < kRows; ++i) {
      MI_UNROLL for (int j = 0; j < kVectors; ++j) sums.at[i][j] += bias[j];
    }
    return;
  }
  MI_UNROLL for (int i = 0; i < kRows; ++i) {
    const float* bias = t.bias + i * t.bias_row;
    MI_UNROLL for (int j = 0; j < kVectors; ++j) {
      sums.at[i][j] += beta * (t.bias_column == 0 ? broadcast(*bias) : get(bias, j));
    }
  }
}

// `get` and `put` move one vector of a row: whole or cut off.
template <int kRows, int kVectors, typename Get, typename Put>
MI_INLINE void finish(const TileArgs& t, Sums<kRows, kVectors>& sums, Get get, Put put) {
  const TileEpilogue& e = *t.epilogue;
  if (e.alpha != 1) {
    const Vector alpha = broadcast(e.alpha);
    MI_UNROLL for (int i = 0; i < kRows; ++i) {
      MI_UNROLL for (int j = 0; j < kVectors; ++j) sums.at[i][j] *= alpha;
    }
  }
  if (t.bias != nullptr) add_bias(t, sums, get);
  if (t.residual != nullptr) {
    MI_UNROLL for (int i = 0; i < kRows; ++i) {
      MI_UNROLL for (int j = 0; j < kVectors; ++j) sums.at[i][j] +=
          get(t.residual + i * t.c_row, j);
    }
  }
  if (const auto clamp = clamp_of(e.activation); clamp.on) {
    const Vector lowest = broadcast(clamp.lowest);
    const Vector highest = broadcast(clamp.highest);
    MI_UNROLL for (int i = 0; i < kRows; ++i) {
      MI_UNROLL for (int j = 0; j < kVectors; ++j) {
        sums.at[i][j] = at_most(at_least(sums.at[i][j], lowest), highest);
      }
    }
  }
  MI_UNROLL for (int i = 0; i < kRows; ++i) {
    MI_UNROLL for (int j = 0; j < kVectors; ++j) put(t.c + i * t.c_row, j, sums.at[i][j]);
  }
}

// The activations that are no interval, over what was stored.
template <int kRows>
MI_INLINE void pass_over(const TileArgs& t) {
  if (!needs_pass(t.epilogue->activation)) return;
  activate_rows(t.epilogue->activation,
                {.y = t.c, .rows = kRows, .row_step = t.c_row, .columns = t.columns});
}

MI_INLINE Vector get_whole(const float* from, int j) { return load(from + j * kLanes); }
MI_INLINE void put_whole(float* to, int j, Vector v) { store(to + j * kLanes, v); }

// What is written, or added, at the end only.
template <int kRows, int kVectors>
MI_INLINE void bring_near(const TileArgs& t) {
  constexpr int kLine = 64 / static_cast<int>(sizeof(float));
  for (int i = 0; i < kRows; ++i) {
    for (int j = 0; j < kVectors * kLanes; j += kLine) {
      __builtin_prefetch(t.c + i * t.c_row + j, 1);
      if (t.residual != nullptr) __builtin_prefetch(t.residual + i * t.c_row + j);
    }
  }
}

template <int kRows, int kVectors, bool kNarrow>
void tile(const TileArgs& t) {
  const Columns<kVectors> columns{t.columns};
  const auto get = [&](const float* from, int j)
                       MI_INLINE_LAMBDA { return load_columns(from, j, columns); };
  const auto put = [&](float* to, int j, Vector v)
                       MI_INLINE_LAMBDA { store_first(to + j * kLanes, v, columns.of(j)); };
  bring_near<kRows, kVectors>(t);
  Sums<kRows, kVectors> sums;
  if (!add_up(t, sums, OnePanel<kVectors, kNarrow>{t.b, t.b_row, columns})) return;
  if (columns.whole()) {
    finish(t, sums, get_whole, put_whole);
  } else {
    finish(t, sums, get, put);
  }
  pass_over<kRows>(t);
}

// Whole panels side by side.
template <int kRows, int kPanels>
void wide_tile(const TileArgs& t) {
  bring_near<kRows, kPanels * kTileVectors>(t);
  Sums<kRows, kPanels * kTileVectors> sums;
  if (!add_up(t, sums, PanelsBeside<kPanels>(t))) return;
  finish(t, sums, get_whole, put_whole);
  pass_over<kRows>(t);
}

template <int kRows = kTileRows / 2>
void list_wide(TileFunction* by_rows) {
  by_rows[kRows - 1] = wide_tile<kRows, 2>;
  if constexpr (kRows > 1) list_wide<kRows - 1>(by_rows);
}

template <int kVectors, bool kNarrow, int kRows = kTileRows>
void list(TileFunction* by_rows) {
  by_rows[kRows - 1] = tile<kRows, kVectors, kNarrow>;
  if constexpr (kRows > 1) list<kVectors, kNarrow, kRows - 1>(by_rows);
}

}  // namespace

static_assert(kTileRows <= kMaxTileRows && kTileVectors * kLanes <= kMaxTileColumns);

void list_tiles(Simd& simd) noexcept {
  simd.lanes = kLanes;
  simd.tile_rows = kTileRows;
  list<1, false>(simd.tile[0]);
  list<2, false>(simd.tile[1]);
  list<1, true>(simd.tile_narrow[0]);
  list<2, true>(simd.tile_narrow[1]);
  simd.wide_row = wide_tile<1, kRowPanels>;
  if constexpr (kTileRows == kMaxTileRows) list_wide(simd.wide_tile);
}

}  // namespace mini_infer::cpu::MI_ISA
