#include "ops/conv_transpose.h"

#include <algorithm>

#include "cpu/backend.h"
#include "cpu/ops/epilogue.h"

namespace mini_infer::cpu {
namespace {

using ops::ConvTransposeGeometry;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;
using ops::SlidingAxis;

constexpr int kBlock = 64;  // neighbours of an output row that are summed together

// Spreads an input row by one kernel position over the outputs [first, last) of a row; `offset` is
// where the position puts input 0.
void spread_tap(const SlidingAxis& axis, const float* x, std::int64_t offset, float weight,
                std::int64_t first, std::int64_t last, float* sums) {
  // The inputs that fall on those outputs.
  const std::int64_t before = offset >= first ? 0 : (first - offset - 1) / axis.stride + 1;
  const std::int64_t inside = offset >= last ? 0 : (last - offset - 1) / axis.stride + 1;
  const std::int64_t end = std::min(axis.input, inside);
  for (std::int64_t i = before; i < end; ++i) {
    sums[offset + i * axis.stride - first] += weight * x[i];
  }
}

class TransposedConv {
 public:
  TransposedConv(const ConvTransposeGeometry& geometry, const KernelArgs& args)
      : geometry_(geometry),
        x_(args.in<float>(0)),
        w_(args.in<float>(1)),
        bias_(optional_input(args, 2)),
        y_(args.out<float>(0)) {
    for (const SlidingAxis& axis : geometry.window) {
      input_pixels_ *= axis.input;
      kernel_size_ *= axis.kernel;
    }
  }

  void run() const {
    const auto& [depth, height, width] = geometry_.window;
    float* row = y_;
    for (std::int64_t image = 0; image < geometry_.batch; ++image) {
      for (std::int64_t filter = 0; filter < geometry_.filters; ++filter) {
        for (std::int64_t d = 0; d < depth.output; ++d) {
          for (std::int64_t h = 0; h < height.output; ++h, row += width.output) {
            run_row(image, filter, d, h, row);
          }
        }
      }
    }
  }

 private:
  void run_row(std::int64_t image, std::int64_t filter, std::int64_t d, std::int64_t h,
               float* row) const {
    const std::int64_t extent = geometry_.window[2].output;
    for (std::int64_t first = 0; first < extent; first += kBlock) {
      const std::int64_t last = std::min<std::int64_t>(first + kBlock, extent);
      float sums[kBlock] = {};
      sum(image, filter, d, h, first, last, sums);
      Epilogue{}.store(sums, last - first, advance(bias_, filter), 0, nullptr, row + first);
    }
  }

  void sum(std::int64_t image, std::int64_t filter, std::int64_t d, std::int64_t h,
           std::int64_t first, std::int64_t last, float* sums) const {
    const std::int64_t filters = geometry_.filters / geometry_.groups;
    const std::int64_t channels = geometry_.channels / geometry_.groups;
    const std::int64_t group = filter / filters;
    for (std::int64_t c = group * channels; c < (group + 1) * channels; ++c) {
      sum_channel(x_ + (image * geometry_.channels + c) * input_pixels_,
                  w_ + (c * filters + filter % filters) * kernel_size_, d, h, first, last, sums);
    }
  }

  void sum_channel(const float* x, const float* w, std::int64_t d, std::int64_t h,
                   std::int64_t first, std::int64_t last, float* sums) const {
    const auto& [depth, height, width] = geometry_.window;
    for (std::int64_t kd = 0; kd < depth.kernel; ++kd) {
      const std::int64_t plane = depth.spread_from(d, kd);
      if (plane < 0) continue;
      for (std::int64_t kh = 0; kh < height.kernel; ++kh) {
        const std::int64_t row = height.spread_from(h, kh);
        if (row < 0) continue;
        const float* input = x + (plane * height.input + row) * width.input;
        const float* weights = w + (kd * height.kernel + kh) * width.kernel;
        for (std::int64_t kw = 0; kw < width.kernel; ++kw) {
          spread_tap(width, input, kw * width.dilation - width.pad_begin, weights[kw], first, last,
                     sums);
        }
      }
    }
  }

  const ConvTransposeGeometry& geometry_;
  const float* x_;
  const float* w_;
  const float* bias_;
  float* y_;
  std::int64_t input_pixels_ = 1;
  std::int64_t kernel_size_ = 1;
};

core::Result<Kernel> bind_conv_transpose(const NodeView& view) {
  if (view.input_type(0) != core::DataType::kFloat32) {
    return view.unsupported_type(view.input_type(0));
  }
  MI_ASSIGN(const ConvTransposeGeometry geometry, ops::conv_transpose_geometry(view));
  return Kernel([geometry](const KernelArgs& args) -> core::Status {
    if (geometry.output_shape.elements() > 0) TransposedConv(geometry, args).run();
    return core::Status::SUCCESS;
  });
}

constexpr KernelEntry kTable[] = {{"ConvTranspose", bind_conv_transpose}};

}  // namespace

extern constinit const std::span<const KernelEntry> kConvTransposeKernels = kTable;

}  // namespace mini_infer::cpu
