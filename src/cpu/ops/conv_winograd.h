#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/thread_pool.h"
#include "cpu/gemm/panels.h"
#include "cpu/gemm/share.h"
#include "cpu/ops/conv.h"

namespace mini_infer::cpu {

// A 3x3 convolution with channels last by Winograd's F(2x2, 3x3): 16 products instead of 36 for
// each 2x2 outputs. Tiles go through a workspace block by block.
class WinogradConv {
 public:
  // Whether the algorithm can compute this convolution, and is faster than the direct one.
  static bool suits(const ops::ConvGeometry& geometry);

  WinogradConv(const ops::ConvGeometry& geometry, const TileEpilogue& epilogue, const Simd& simd);

  std::int64_t packed_elements() const { return kWinogradMatrices * panels_.elements(); }
  std::string form() const;  // see ops::PackedInput
  // From `weights` as the node has them, [M, C, 3, 3], aligned or not.
  void pack(const std::byte* weights, float* to, core::ThreadPool& threads) const;

  // What one thread needs.
  std::size_t workspace_bytes() const;
  // On as many threads as the workspace serves, one at least.
  void run(const ConvTensors& tensors, std::span<std::byte> workspace,
           core::ThreadPool& threads) const;

 private:
  struct Tile;

  void pack_panel(const std::byte* weights, std::int64_t panel, float* to) const;
  Tile tile_at(std::int64_t index) const;
  void transform_input(const float* x, Share tiles, float* to) const;
  void multiply(const float* a, std::int64_t rows, std::int64_t panel, const float* w,
                float* c) const;
  void transform_output(const float* c, Share tiles, std::int64_t panel,
                        const ConvTensors& tensors) const;

  std::int64_t block_tiles() const { return ceil_div(tiles_, blocks_); }
  std::int64_t input_row() const;  // elements of a row of the transformed input

  ops::ConvGeometry geometry_;
  TileEpilogue epilogue_;
  const Simd* simd_;
  Panels panels_;                          // of one of the matrices
  std::int64_t tile_rows_, tile_columns_;  // of an image
  std::int64_t tiles_;                     // of the whole batch
  std::int64_t blocks_;
  std::vector<float> zeros_;  // a pixel of the padding
};

}  // namespace mini_infer::cpu
