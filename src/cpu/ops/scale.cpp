#include "ops/scale.h"

#include "cpu/backend.h"
#include "cpu/ops/broadcast.h"
#include "cpu/ops/epilogue.h"
#include "cpu/ops/share_rows.h"
#include "cpu/simd/table.h"
#include "ops/dispatch.h"

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

Kernel float_kernel(const ScaleGeometry& of, const ops::Activation& activation,
                    const BindContext& context) {
  const auto activate = context.simd->activate;
  return [of, activation, activate](const KernelArgs& args) -> Status {
    share_rows(*args.threads, of.rows, of.length, [&](std::int64_t row) {
      const float* gates = args.in<float>(1) + row / of.rows_per_gates * of.gates_per_row();
      const std::int64_t at = row * of.length;
      float* y = args.out<float>(0) + at;
      scale_row(args.in<float>(0) + at, {gates, !of.gate_per_element},
                advance(optional_input(args, 2), at), of.length, y);
      activate(activation, y, of.length);
    });
    return Status::SUCCESS;
  };
}

// Computed in float, element by element.
template <typename T>
Kernel half_kernel(const ScaleGeometry& of, const ops::Activation& activation) {
  return [of, activation](const KernelArgs& args) -> Status {
    const T* residual = optional_input<T>(args, 2);
    share_rows(*args.threads, of.rows, of.length, [&](std::int64_t row) {
      const T* gates = args.in<T>(1) + row / of.rows_per_gates * of.gates_per_row();
      for (std::int64_t i = 0; i < of.length; ++i) {
        const std::int64_t at = row * of.length + i;
        float sum =
            ops::widened(args.in<T>(0)[at]) * ops::widened(gates[of.gate_per_element ? i : 0]);
        if (residual != nullptr) sum += ops::widened(residual[at]);
        args.out<T>(0)[at] = ops::convert<T>(ops::apply(activation, sum));
      }
    });
    return Status::SUCCESS;
  };
}

Result<Kernel> bind_scale(const NodeView& view, const BindContext& context) {
  return ops::for_type(view, view.input_type(0), ops::StoredFloats{},
                       [&]<typename T>(T) -> Result<Kernel> {
                         MI_ASSIGN(const ScaleGeometry of, ops::scale_geometry(view));
                         const auto activation = ops::Activation::of(view.node());
                         if constexpr (std::is_same_v<T, float>) {
                           return float_kernel(of, activation, context);
                         } else {
                           return half_kernel<T>(of, activation);
                         }
                       });
}

constexpr KernelEntry kTable[] = {{"Scale", bind_scale, graph::kInternalDomain}};

}  // namespace

extern constinit const std::span<const KernelEntry> kScaleKernels = kTable;

}  // namespace mini_infer::cpu
