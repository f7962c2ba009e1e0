#pragma once

#include "cpu/ops/gemm_half.h"
#include "ops/conv.h"

namespace mini_infer::cpu {

// A convolution of numbers stored as Float16 or BFloat16, channels first. Per image and group it is
// the product of the filters [filters, taps] and the windows [taps, pixels]; the latter are
// gathered part by part.
class HalfConv {
 public:
  HalfConv(const ops::ConvGeometry& geometry, const TileEpilogue& epilogue, const Simd& simd);

  // `a` of the tensors are the weights, `b` is the input.
  template <typename T>
  void run(const GemmTensorsOf<T>& tensors, core::ThreadPool& threads) const;

 private:
  // A row of the windows: what one position of the kernel sees of one channel.
  struct Tap {
    std::int64_t channel, d, h, w;
  };
  // Neighbours in one row of the output.
  struct Pixels {
    std::int64_t row, first, count;
  };

  template <typename T>
  GemmTensorsOf<T> product(const GemmTensorsOf<T>& tensors, std::int64_t index) const;
  Tap tap_at(std::int64_t k) const;
  template <typename T>
  void gather(const T* x, const PanelPart& part, float* to) const;
  template <typename T>
  void gather_row(const T* x, const Tap& tap, std::int64_t first, std::int64_t last,
                  float* to) const;
  template <typename T>
  void gather_pixels(const T* x, const Tap& tap, const Pixels& pixels, float* to) const;

  ops::ConvGeometry geometry_;
  std::int64_t input_pixels_ = 1;
  Gemm gemm_;
};

}  // namespace mini_infer::cpu
