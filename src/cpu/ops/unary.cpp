#include "cpu/backend.h"
#include "ops/functor.h"

namespace mini_infer::cpu {
namespace {

using core::DataType;
using core::Result;
using core::Status;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;

template <typename T, typename Function>
Kernel map(std::int64_t count, Function function) {
  return [count, function](const KernelArgs& args) -> Status {
    const T* x = args.in<T>(0);
    T* y = args.out<T>(0);
    for (std::int64_t i = 0; i < count; ++i) y[i] = function(x[i]);
    return Status::SUCCESS;
  };
}

template <typename Function>
Result<Kernel> bind_float(const NodeView& view, Function function) {
  if (view.input_type(0) != DataType::kFloat32) return view.unsupported_type(view.input_type(0));
  return map<float>(view.output_shape(0).elements(), function);
}

constexpr KernelEntry kTable[] = {
    {"Relu", [](const NodeView& view) { return bind_float(view, ops::Relu{}); }},
    {"Sigmoid", [](const NodeView& view) { return bind_float(view, ops::Sigmoid{}); }},
    {"Tanh", [](const NodeView& view) { return bind_float(view, ops::Tanh{}); }},
    {"HardSwish", [](const NodeView& view) { return bind_float(view, ops::HardSwish{}); }},
    {"LeakyRelu",
     [](const NodeView& view) {
       return bind_float(view, ops::LeakyRelu{view.node().get_float("alpha", 0.01f)});
     }},
    {"HardSigmoid",
     [](const NodeView& view) {
       return bind_float(view, ops::HardSigmoid{view.node().get_float("alpha", 0.2f),
                                                view.node().get_float("beta", 0.5f)});
     }},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kUnaryKernels = kTable;

}  // namespace mini_infer::cpu
