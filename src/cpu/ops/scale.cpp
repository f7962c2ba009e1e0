#include "ops/scale.h"

#include "cpu/backend.h"
#include "cpu/ops/broadcast.h"
#include "cpu/ops/epilogue.h"
#include "cpu/ops/share_rows.h"
#include "cpu/simd/table.h"

namespace mini_infer::cpu {
namespace {

using core::Result;
using core::Status;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;
using ops::ScaleGeometry;

// y = x * gate + residual. The output may be the image or the residual.
void scale_row(const float* x, Row<float> gates, const float* residual, std::int64_t length,
               float* y) {
  along(gates, [&](auto gate) {
    if (residual == nullptr) {
      for (std::int64_t i = 0; i < length; ++i) y[i] = x[i] * gate[i];
    } else {
      for (std::int64_t i = 0; i < length; ++i) y[i] = x[i] * gate[i] + residual[i];
    }
  });
}

Result<Kernel> bind_scale(const NodeView& view, const BindContext& context) {
  if (view.input_type(0) != core::DataType::kFloat32) {
    return view.unsupported_type(view.input_type(0));
  }
  MI_ASSIGN(const ScaleGeometry of, ops::scale_geometry(view));
  const auto activation = ops::Activation::of(view.node());
  const auto activate = context.simd->activate;
  return Kernel([of, activation, activate](const KernelArgs& args) -> Status {
    const std::int64_t gates_per_row = of.gate_per_element ? of.length : 1;
    share_rows(*args.threads, of.rows, of.length, [&](std::int64_t row) {
      const float* gates = args.in<float>(1) + row / of.rows_per_gates * gates_per_row;
      const std::int64_t at = row * of.length;
      float* y = args.out<float>(0) + at;
      scale_row(args.in<float>(0) + at, {gates, !of.gate_per_element},
                advance(optional_input(args, 2), at), of.length, y);
      activate(activation, y, of.length);
    });
    return Status::SUCCESS;
  });
}

constexpr KernelEntry kTable[] = {{"Scale", bind_scale, graph::kInternalDomain}};

}  // namespace

extern constinit const std::span<const KernelEntry> kScaleKernels = kTable;

}  // namespace mini_infer::cpu
