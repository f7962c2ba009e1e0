#include "cpu/ops/dispatch.h"

// Cast and CastLike.
namespace mini_infer::cpu {
namespace {

using core::Result;
using core::Status;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;

constexpr auto kCastable = kNumbers + Types<ops::Bool, ops::Float16, ops::BFloat16>{};

template <typename From, typename To>
Kernel cast_kernel(std::int64_t count) {
  return [count](const KernelArgs& args) -> Status {
    const From* x = args.in<From>(0);
    To* y = args.out<To>(0);
    for (std::int64_t i = 0; i < count; ++i) y[i] = ops::convert<To>(x[i]);
    return Status::SUCCESS;
  };
}

Result<Kernel> bind_cast(const NodeView& view) {
  const std::int64_t count = view.output_shape(0).elements();
  return for_type(view, view.input_type(0), kCastable, [&]<typename From>(From) {
    return for_type(view, view.output_type(0), kCastable,
                    [&]<typename To>(To) { return cast_kernel<From, To>(count); });
  });
}

constexpr KernelEntry kTable[] = {{"Cast", bind_cast}, {"CastLike", bind_cast}};

}  // namespace

extern constinit const std::span<const KernelEntry> kCastKernels = kTable;

}  // namespace mini_infer::cpu
