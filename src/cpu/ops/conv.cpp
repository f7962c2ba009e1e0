#include "cpu/ops/conv.h"

#include "cpu/backend.h"

namespace mini_infer::cpu {
namespace {

using ops::ConvGeometry;
using ops::Kernel;
using ops::KernelArgs;
using ops::Layout;
using ops::NodeView;

using Algorithm = void (*)(const ConvGeometry&, const Epilogue&, const ConvTensors&);

Algorithm algorithm_for(const ConvGeometry& geometry) {
  if (geometry.layout == Layout::kNchw) return conv_nchw;
  const bool depthwise =
      geometry.channels == geometry.groups && geometry.filters == geometry.groups;
  return depthwise && geometry.input_layout == Layout::kNhwc ? conv_depthwise_nhwc : conv_nhwc;
}

core::Result<Kernel> bind_conv(const NodeView& view) {
  if (view.input_type(0) != core::DataType::kFloat32) {
    return view.unsupported_type(view.input_type(0));
  }
  MI_ASSIGN(const ConvGeometry geometry, ops::conv_geometry(view));
  const Algorithm algorithm = algorithm_for(geometry);
  const Epilogue epilogue = Epilogue::of(view);
  return Kernel([geometry, algorithm, epilogue](const KernelArgs& args) -> core::Status {
    if (geometry.output_shape.elements() == 0) return core::Status::SUCCESS;
    algorithm(geometry, epilogue,
              {.x = args.in<float>(0),
               .w = args.in<float>(1),
               .bias = optional_input(args, 2),
               .residual = optional_input(args, 3),
               .y = args.out<float>(0)});
    return core::Status::SUCCESS;
  });
}

constexpr KernelEntry kTable[] = {
    {"Conv", bind_conv},
    {"Conv", bind_conv, graph::kInternalDomain},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kConvKernels = kTable;

}  // namespace mini_infer::cpu
