#pragma once

#include <string>
#include <vector>

#include "cpu/gemm/multiply.h"
#include "cpu/ops/conv.h"

namespace mini_infer::cpu {

// A convolution with channels last as a matrix product: a row is an output pixel, a tap a position
// of the kernel.
class GemmConv {
 public:
  GemmConv(const ops::ConvGeometry& geometry, const TileEpilogue& epilogue, const Simd& simd);

  std::int64_t packed_elements() const;
  std::string form() const;  // see ops::PackedInput
  // From `weights` as the node has them, [M, C / group, kernel...], aligned or not.
  void pack(const std::byte* weights, float* to, core::ThreadPool& threads) const;

  // tensors.w: packed weights.
  void run(const ConvTensors& tensors, core::ThreadPool& threads) const;

 private:
  class Group;

  bool by_channel() const;
  void compute(const ProductGrid& grid, std::int64_t piece, const Product& product,
               const Group& group) const;

  ops::ConvGeometry geometry_;
  TileEpilogue epilogue_;
  const Simd* simd_;
  // The elements under a window are copied side by side, as one tap: where the channels of a pixel
  // are too few or lie apart.
  bool gathered_;
  std::int64_t taps_ = 1;
  std::int64_t pixels_ = 0;   // of the output, of the whole batch
  Panels panels_;             // of one group
  std::vector<float> zeros_;  // a pixel of the padding
};

}  // namespace mini_infer::cpu
