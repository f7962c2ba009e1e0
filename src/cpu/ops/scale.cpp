#include "ops/scale.h"

#include "cpu/backend.h"
#include "cpu/ops/broadcast.h"
#include "cpu/ops/epilogue.h"

namespace mini_infer::cpu {
namespace {

using core::Result;
using core::Status;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;
using ops::ScaleGeometry;

// y = function(x * gate + residual). The output may be the image or the residual.
template <typename Function>
void scale_row(const float* x, Row<float> gates, const float* residual, std::int64_t length,
               float* y, Function function) {
  along(gates, [&](auto gate) {
    if (residual == nullptr) {
      for (std::int64_t i = 0; i < length; ++i) y[i] = function(x[i] * gate[i]);
    } else {
      for (std::int64_t i = 0; i < length; ++i) y[i] = function(x[i] * gate[i] + residual[i]);
    }
  });
}

template <typename Function>
Kernel scale(const ScaleGeometry& of, Function function) {
  return [of, function](const KernelArgs& args) -> Status {
    const std::int64_t gates_per_row = of.gate_per_element ? of.length : 1;
    const float* residual = optional_input(args, 2);
    for (std::int64_t row = 0; row < of.rows; ++row) {
      const float* gates = args.in<float>(1) + row / of.rows_per_gates * gates_per_row;
      const std::int64_t at = row * of.length;
      scale_row(args.in<float>(0) + at, {gates, !of.gate_per_element}, advance(residual, at),
                of.length, args.out<float>(0) + at, function);
    }
    return Status::SUCCESS;
  };
}

Result<Kernel> bind_scale(const NodeView& view) {
  if (view.input_type(0) != core::DataType::kFloat32) {
    return view.unsupported_type(view.input_type(0));
  }
  MI_ASSIGN(const ScaleGeometry geometry, ops::scale_geometry(view));
  return ops::with_functor(ops::Activation::of(view.node()),
                           [&](auto function) { return scale(geometry, function); });
}

constexpr KernelEntry kTable[] = {{"Scale", bind_scale, graph::kInternalDomain}};

}  // namespace

extern constinit const std::span<const KernelEntry> kScaleKernels = kTable;

}  // namespace mini_infer::cpu
