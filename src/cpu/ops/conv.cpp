#include "cpu/ops/conv.h"

#include "cpu/backend.h"
#include "cpu/ops/conv_gemm.h"
#include "cpu/ops/conv_half.h"
#include "cpu/ops/conv_winograd.h"
#include "cpu/ops/dispatch.h"

namespace mini_infer::cpu {
namespace {

using core::Result;
using core::Status;
using ops::ConvGeometry;
using ops::Kernel;
using ops::KernelArgs;
using ops::Layout;
using ops::NodeView;

constexpr int kWeights = 1;

ConvTensors tensors_of(const KernelArgs& args) {
  return {.x = args.in<float>(0),
          .w = args.in<float>(kWeights),
          .bias = optional_input(args, 2),
          .residual = optional_input(args, 3),
          .y = args.out<float>(0)};
}

template <typename Convolution>
ops::PackedInput packed_weights(std::shared_ptr<const Convolution> conv) {
  return {.slot = kWeights,
          .bytes = static_cast<std::size_t>(conv->packed_elements()) * sizeof(float),
          .form = conv->form(),
          .pack = [conv](const core::Tensor& weights, std::byte* to, core::ThreadPool& threads) {
            conv->pack(weights.bytes().data(), reinterpret_cast<float*>(to), threads);
          }};
}

Kernel nchw_kernel(const NodeView& view, const ConvGeometry& geometry) {
  Kernel kernel([geometry, epilogue = Epilogue::of(view)](const KernelArgs& args) -> Status {
    conv_nchw(geometry, epilogue, tensors_of(args));
    return Status::SUCCESS;
  });
  kernel.choice = {.name = "direct"};
  return kernel;
}

Kernel depthwise_kernel(const NodeView& view, const ConvGeometry& geometry,
                        const BindContext& context) {
  Kernel kernel([geometry, activation = activation_of(view),
                 simd = context.simd](const KernelArgs& args) -> Status {
    conv_depthwise_nhwc(geometry, activation, tensors_of(args), *simd, *args.threads);
    return Status::SUCCESS;
  });
  kernel.packed.push_back(
      {.slot = kWeights,
       .bytes = static_cast<std::size_t>(view.input_shape(kWeights).elements()) * sizeof(float),
       .form = "conv: depthwise, channels " + std::to_string(geometry.channels),
       .pack = [channels = geometry.channels](const core::Tensor& weights, std::byte* to,
                                              core::ThreadPool&) {
         pack_depthwise(weights, channels, reinterpret_cast<float*>(to));
       }});
  return kernel;
}

Kernel winograd_kernel(std::shared_ptr<const WinogradConv> conv) {
  const std::size_t bytes = conv->workspace_bytes();
  Kernel kernel([conv](const KernelArgs& args) -> Status {
    conv->run(tensors_of(args), args.workspace, *args.threads);
    return Status::SUCCESS;
  });
  kernel.packed.push_back(packed_weights(conv));
  kernel.choice = {"Winograd 2x2", bytes, bytes};
  return kernel;
}

Kernel gemm_kernel(const NodeView& view, const ConvGeometry& geometry, const BindContext& context) {
  auto conv = std::make_shared<const GemmConv>(geometry, tile_epilogue(view), *context.simd);
  Kernel kernel([conv](const KernelArgs& args) -> Status {
    conv->run(tensors_of(args), *args.threads);
    return Status::SUCCESS;
  });
  kernel.packed.push_back(packed_weights(conv));
  kernel.choice = {.name = "indirect product"};
  return kernel;
}

template <typename T>
Kernel half_kernel(const NodeView& view, const ConvGeometry& geometry, const BindContext& context) {
  auto conv = std::make_shared<const HalfConv>(geometry, tile_epilogue(view), *context.simd);
  return [conv](const KernelArgs& args) -> Status {
    const GemmTensorsOf<T> tensors{args.in<T>(kWeights), args.in<T>(0), optional_input<T>(args, 2),
                                   optional_input<T>(args, 3), args.out<T>(0)};
    conv->run(tensors, *args.threads);
    return Status::SUCCESS;
  };
}

Kernel float_kernel(const NodeView& view, const ConvGeometry& geometry,
                    const BindContext& context) {
  if (geometry.layout == Layout::kNchw) return nchw_kernel(view, geometry);
  const bool depthwise =
      geometry.channels == geometry.groups && geometry.filters == geometry.groups;
  if (depthwise && geometry.input_layout == Layout::kNhwc) {
    return depthwise_kernel(view, geometry, context);
  }
  std::size_t wanted = 0;
  if (context.winograd && WinogradConv::suits(geometry)) {
    auto conv = std::make_shared<const WinogradConv>(geometry, tile_epilogue(view), *context.simd);
    wanted = conv->workspace_bytes();
    if (wanted <= context.workspace_bytes) return winograd_kernel(conv);
  }
  Kernel kernel = gemm_kernel(view, geometry, context);
  kernel.choice.wanted_bytes = wanted;
  return kernel;
}

Result<Kernel> bind_conv(const NodeView& view, const BindContext& context) {
  const core::DataType type = view.input_type(0);
  return for_type(view, type, StoredFloats{}, [&]<typename T>(T) -> Result<Kernel> {
    MI_ASSIGN(const ConvGeometry geometry, ops::conv_geometry(view));
    if (geometry.output_shape.elements() == 0) return nothing_to_do();
    if constexpr (std::is_same_v<T, float>) {
      return float_kernel(view, geometry, context);
    } else {
      if (geometry.layout != Layout::kNchw) return view.unsupported_type(type);
      return half_kernel<T>(view, geometry, context);
    }
  });
}

constexpr KernelEntry kTable[] = {
    {"Conv", bind_conv},
    {"Conv", bind_conv, graph::kInternalDomain},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kConvKernels = kTable;

}  // namespace mini_infer::cpu
