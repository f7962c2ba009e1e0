#include "cpu/simd/code/depthwise.h"

#include "cpu/simd/code/block_sum.h"
#include "cpu/simd/code/finish.h"

// Depthwise convolution, vectors along the channels. Each output adds its taps in the same order
// wherever it lies; those in the padding are left out.
namespace mini_infer::cpu::MI_ISA {
namespace {

// Outputs that share the loads of the weights.
constexpr int kGroup = 4;

// A kernel whose width and stride are known when compiling, dilation 1; 0: as the row says.
template <int kKernel, int kStride>
struct Form {
  static MI_INLINE_LAMBDA std::int64_t stride(const DepthwiseRow& row) {
    return kStride > 0 ? kStride : row.width.stride;
  }
  static MI_INLINE_LAMBDA std::int64_t dilation(const DepthwiseRow& row) {
    return kKernel > 0 ? 1 : row.width.dilation;
  }
};

// The taps of some neighbouring outputs along the width: all of them, or a part at the border.
struct Taps {
  const float* x;
  const float* w;
  std::int64_t count;
};

template <int kKernel, typename Visit>
MI_INLINE void for_each_tap(const Taps& taps, Visit visit) {
  if constexpr (kKernel > 0) {
    MI_UNROLL for (int k = 0; k < kKernel; ++k) visit(k);
  } else {
    for (std::int64_t k = 0; k < taps.count; ++k) visit(k);
  }
}

template <int kOutputs, int kKernel, int kStride, typename Vectors>
MI_INLINE void add_products(const DepthwiseRow& row, const Taps& taps, std::int64_t channel,
                            Vectors vectors, Vector* sums) {
  using Row = Form<kKernel, kStride>;
  for (std::int64_t d = 0; d < row.depth.taps; ++d) {
    const float* x = taps.x + d * row.depth.x_step + channel;
    const float* w = taps.w + d * row.depth.w_step + channel;
    for (std::int64_t h = 0; h < row.height.taps; ++h) {
      for_each_tap<kKernel>(taps, [&](std::int64_t k) MI_INLINE_LAMBDA {
        const Vector weights = vectors.get(w + k * row.channels);
        MI_UNROLL for (int i = 0; i < kOutputs; ++i) {
          const std::int64_t pixel = k * Row::dilation(row) + i * Row::stride(row);
          sums[i] += vectors.get(x + pixel * row.x_pitch) * weights;
        }
      });
      x += row.height.x_step;
      w += row.height.w_step;
    }
  }
}

// More taps than a block of a sum has: a block is a row of the kernel, or a part of it.
template <int kOutputs, typename Vectors>
MI_INLINE void add_blocks(const DepthwiseRow& row, const Taps& taps, std::int64_t channel,
                          Vectors vectors, Vector* sums) {
  DepthwiseRow one_row = row;
  one_row.depth.taps = one_row.height.taps = 1;
  BlockSum blocks[kOutputs];
  for (std::int64_t d = 0; d < row.depth.taps; ++d) {
    for (std::int64_t h = 0; h < row.height.taps; ++h) {
      const float* x = taps.x + d * row.depth.x_step + h * row.height.x_step;
      const float* w = taps.w + d * row.depth.w_step + h * row.height.w_step;
      for (std::int64_t k = 0; k < taps.count; k += ops::kSumBlock) {
        const std::int64_t rest = taps.count - k;
        const Taps part{x + k * row.width.dilation * row.x_pitch, w + k * row.channels,
                        rest < ops::kSumBlock ? rest : ops::kSumBlock};
        Vector block[kOutputs] = {};
        add_products<kOutputs, 0, 0>(one_row, part, channel, vectors, block);
        MI_UNROLL for (int i = 0; i < kOutputs; ++i) blocks[i].add(block[i]);
      }
    }
  }
  MI_UNROLL for (int i = 0; i < kOutputs; ++i) sums[i] = blocks[i].sum();
}

// Also where positions of the kernel are in the padding: all outputs of a row add up alike.
bool has_blocks(const DepthwiseRow& row) {
  return row.depth.taps * row.height.taps * row.width.kernel > ops::kSumBlock;
}

// `kOutputs` outputs from number `at` on. kBlocks: has_blocks(row).
template <int kOutputs, int kKernel, int kStride, bool kBlocks>
MI_INLINE void compute(const DepthwiseRow& row, const Taps& taps, std::int64_t at) {
  const Finish finish(*row.activation);
  for_each_vector(row.channels, [&](std::int64_t channel, auto vectors) MI_INLINE_LAMBDA {
    Vector sums[kOutputs] = {};
    if constexpr (kBlocks) {
      add_blocks<kOutputs>(row, taps, channel, vectors, sums);
    } else {
      add_products<kOutputs, kKernel, kStride>(row, taps, channel, vectors, sums);
    }
    const Vector bias = bias_at(row.bias, channel, vectors);
    MI_UNROLL for (int i = 0; i < kOutputs; ++i) {
      const std::int64_t offset = (at + i) * row.y_pitch + channel;
      const float* residual = row.residual == nullptr ? nullptr : row.residual + offset;
      vectors.put(row.y + offset, finish(sums[i], bias, residual, vectors));
    }
  });
}

void compute_at_border(const DepthwiseRow& row, std::int64_t at) {
  const DepthwiseRow::Width& width = row.width;
  const std::int64_t origin = at * width.stride - width.pad_begin;
  std::int64_t first = 0;
  while (first < width.kernel && origin + first * width.dilation < 0) ++first;
  std::int64_t last = width.kernel;
  while (last > first && origin + (last - 1) * width.dilation >= width.input) --last;
  const std::int64_t pixel = origin + first * width.dilation;
  const Taps taps{row.x + pixel * row.x_pitch, row.w + first * row.channels, last - first};
  if (has_blocks(row)) {
    compute<1, 0, 0, true>(row, taps, at);
  } else {
    compute<1, 0, 0, false>(row, taps, at);
  }
}

// Outputs [first, last), all of whose taps are on the input.
template <int kKernel, int kStride, bool kBlocks = false>
void compute_inside(const DepthwiseRow& row, std::int64_t first, std::int64_t last) {
  const auto taps_of = [&](std::int64_t at) MI_INLINE_LAMBDA {
    const std::int64_t pixel = at * row.width.stride - row.width.pad_begin;
    return Taps{row.x + pixel * row.x_pitch, row.w, row.width.kernel};
  };
  for (; first + kGroup <= last; first += kGroup) {
    compute<kGroup, kKernel, kStride, kBlocks>(row, taps_of(first), first);
  }
  for (; first < last; ++first) compute<1, kKernel, kStride, kBlocks>(row, taps_of(first), first);
}

using Inside = void (*)(const DepthwiseRow&, std::int64_t first, std::int64_t last);

Inside inside_of(const DepthwiseRow& row) {
  const DepthwiseRow::Width& width = row.width;
  if (has_blocks(row)) return compute_inside<0, 0, true>;
  if (width.dilation == 1 && width.stride == 1) {
    if (width.kernel == 3) return compute_inside<3, 1>;
    if (width.kernel == 5) return compute_inside<5, 1>;
  }
  if (width.dilation == 1 && width.stride == 2) {
    if (width.kernel == 3) return compute_inside<3, 2>;
    if (width.kernel == 5) return compute_inside<5, 2>;
  }
  return compute_inside<0, 0>;
}

}  // namespace

void depthwise(const DepthwiseRow& row) {
  const DepthwiseRow::Width& width = row.width;
  const std::int64_t reach = (width.kernel - 1) * width.dilation;
  const std::int64_t room = width.input - 1 - reach + width.pad_begin;  // of the last origin
  std::int64_t first = (width.pad_begin + width.stride - 1) / width.stride;
  std::int64_t last = room < 0 ? 0 : room / width.stride + 1;
  if (last > width.output) last = width.output;
  if (first > last) first = last;
  for (std::int64_t at = 0; at < first; ++at) compute_at_border(row, at);
  inside_of(row)(row, first, last);
  for (std::int64_t at = last; at < width.output; ++at) compute_at_border(row, at);
  if (!needs_pass(*row.activation)) return;
  if (row.y_pitch == row.channels) {
    activate(*row.activation, row.y, width.output * row.channels);
    return;
  }
  for (std::int64_t at = 0; at < width.output; ++at) {
    activate(*row.activation, row.y + at * row.y_pitch, row.channels);
  }
}

}  // namespace mini_infer::cpu::MI_ISA
