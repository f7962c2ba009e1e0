#include "ops/conv_transpose.h"

#include <algorithm>

#include "cpu/backend.h"
#include "cpu/ops/blocked_sums.h"
#include "cpu/ops/dispatch.h"
#include "cpu/ops/optional_output.h"
#include "cpu/simd/functors.h"

namespace mini_infer::cpu {
namespace {

using ops::ConvTransposeGeometry;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;
using ops::SlidingAxis;

constexpr int kBlock = 64;  // neighbours of an output row that are summed together
using Sums = BlockedSums<kBlock>;

// Spreads an input row by one kernel position over the outputs [first, last) of a row; `offset` is
// where the position puts input 0.
template <typename T>
void spread_tap(const SlidingAxis& axis, const T* x, std::int64_t offset, float weight,
                std::int64_t first, std::int64_t last, float* sums) {
  // The inputs that fall on those outputs.
  const std::int64_t before = offset >= first ? 0 : (first - offset - 1) / axis.stride + 1;
  const std::int64_t inside = offset >= last ? 0 : (last - offset - 1) / axis.stride + 1;
  const std::int64_t end = std::min(axis.input, inside);
  for (std::int64_t i = before; i < end; ++i) {
    sums[offset + i * axis.stride - first] += weight * ops::widened(x[i]);
  }
}

// Of numbers stored as T, summed in float.
template <typename T>
class TransposedConv {
 public:
  TransposedConv(const ConvTransposeGeometry& geometry, const KernelArgs& args)
      : geometry_(geometry),
        x_(args.in<T>(0)),
        w_(args.in<T>(1)),
        bias_(optional_input<T>(args, 2)),
        y_(args.out<T>(0)) {
    for (const SlidingAxis& axis : geometry.window) {
      input_pixels_ *= axis.input;
      kernel_size_ *= axis.kernel;
    }
  }

  void run(core::ThreadPool& threads) const {
    threads.run(geometry_.batch * geometry_.filters, [this](std::int64_t piece, int) {
      run_filter(piece / geometry_.filters, piece % geometry_.filters);
    });
  }

 private:
  void run_filter(std::int64_t image, std::int64_t filter) const {
    const auto& [depth, height, width] = geometry_.window;
    T* row =
        y_ + (image * geometry_.filters + filter) * depth.output * height.output * width.output;
    for (std::int64_t d = 0; d < depth.output; ++d) {
      for (std::int64_t h = 0; h < height.output; ++h, row += width.output) {
        run_row(image, filter, d, h, row);
      }
    }
  }

  void run_row(std::int64_t image, std::int64_t filter, std::int64_t d, std::int64_t h,
               T* row) const {
    const std::int64_t extent = geometry_.window[2].output;
    const float bias = bias_ == nullptr ? 0.0f : ops::widened(bias_[filter]);
    for (std::int64_t first = 0; first < extent; first += kBlock) {
      const std::int64_t last = std::min<std::int64_t>(first + kBlock, extent);
      Sums sums;
      sum(image, filter, d, h, first, last, sums);
      const float* finished = sums.finish();
      for (std::int64_t i = first; i < last; ++i) {
        row[i] = ops::convert<T>(finished[i - first] + bias);
      }
    }
  }

  void sum(std::int64_t image, std::int64_t filter, std::int64_t d, std::int64_t h,
           std::int64_t first, std::int64_t last, Sums& sums) const {
    const std::int64_t filters = geometry_.filters / geometry_.groups;
    const std::int64_t channels = geometry_.channels / geometry_.groups;
    const std::int64_t group = filter / filters;
    for (std::int64_t i = 0; i < channels; ++i) {
      const std::int64_t c = group * channels + i;
      sum_channel(x_ + (image * geometry_.channels + c) * input_pixels_,
                  w_ + (c * filters + filter % filters) * kernel_size_, i * kernel_size_, d, h,
                  first, last, sums);
    }
  }

  // `term`: of the sum, where the channel begins.
  void sum_channel(const T* x, const T* w, std::int64_t term, std::int64_t d, std::int64_t h,
                   std::int64_t first, std::int64_t last, Sums& sums) const {
    const auto& [depth, height, width] = geometry_.window;
    for (std::int64_t kd = 0; kd < depth.kernel; ++kd) {
      const std::int64_t plane = depth.spread_from(d, kd);
      if (plane < 0) continue;
      for (std::int64_t kh = 0; kh < height.kernel; ++kh) {
        const std::int64_t row = height.spread_from(h, kh);
        if (row < 0) continue;
        const T* input = x + (plane * height.input + row) * width.input;
        const std::int64_t at = (kd * height.kernel + kh) * width.kernel;
        for (std::int64_t kw = 0; kw < width.kernel; ++kw) {
          spread_tap(width, input, kw * width.dilation - width.pad_begin, ops::widened(w[at + kw]),
                     first, last, sums.at(term + at + kw));
        }
      }
    }
  }

  const ConvTransposeGeometry& geometry_;
  const T* x_;
  const T* w_;
  const T* bias_;
  T* y_;
  std::int64_t input_pixels_ = 1;
  std::int64_t kernel_size_ = 1;
};

core::Result<Kernel> bind_conv_transpose(const NodeView& view) {
  return for_type(view, view.input_type(0), StoredFloats{},
                  [&]<typename T>(T) -> core::Result<Kernel> {
                    MI_ASSIGN(const auto geometry, ops::conv_transpose_geometry(view));
                    if (geometry.output_shape.elements() == 0) return nothing_to_do();
                    return Kernel([geometry](const KernelArgs& args) -> core::Status {
                      TransposedConv<T>(geometry, args).run(*args.threads);
                      return core::Status::SUCCESS;
                    });
                  });
}

constexpr KernelEntry kTable[] = {{"ConvTranspose", bind_conv_transpose}};

}  // namespace

extern constinit const std::span<const KernelEntry> kConvTransposeKernels = kTable;

}  // namespace mini_infer::cpu
