#include "cpu/ops/binary.h"
#include "ops/functor.h"

// Add, Sub, Mul, Div, Mod, PRelu.
namespace mini_infer::cpu {
namespace {

using core::Result;
using ops::Kernel;
using ops::NodeView;

// Wrapping arithmetic gives the same bits for signed and unsigned integers.
template <typename Function>
Result<Kernel> bind_wrapping(const NodeView& view, const BindContext& context) {
  return bind_binary(view, context, as_unsigned(view.input_type(0)), kFloats + kUnsignedIntegers,
                     Function{});
}

template <typename Function, typename... Ts>
Result<Kernel> bind_division(const NodeView& view, const BindContext& context, Types<Ts...> types) {
  MI_ASSIGN(const Broadcast plan, Broadcast::of(view));
  return for_type(view, view.input_type(0), types, [&]<typename T>(T) {
    Kernel kernel = elementwise_kernel<T>(plan, Function{}, *context.simd);
    if constexpr (std::is_integral_v<T>) {
      return guarded<T>(
          view, std::move(kernel), [](T divisor) { return divisor == 0; },
          "an integer is divided by 0");
    } else {
      return kernel;
    }
  });
}

Result<Kernel> bind_div(const NodeView& view, const BindContext& context) {
  return bind_division<ops::Div>(view, context, kNumbers);
}

Result<Kernel> bind_mod(const NodeView& view, const BindContext& context) {
  if (view.node().get_int("fmod", 0) != 0) {
    return bind_division<ops::TruncatedMod>(view, context, kNumbers);
  }
  return bind_division<ops::FlooredMod>(view, context, kIntegers);
}

Result<Kernel> bind_prelu(const NodeView& view, const BindContext& context) {
  return bind_binary(view, context, view.input_type(0), kNumbers, ops::PRelu{});
}

constexpr KernelEntry kTable[] = {
    {"Add", bind_wrapping<ops::Add>},
    {"Sub", bind_wrapping<ops::Sub>},
    {"Mul", bind_wrapping<ops::Mul>},
    {"Div", bind_div},
    {"Mod", bind_mod},
    {"PRelu", bind_prelu},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kArithmeticKernels = kTable;

}  // namespace mini_infer::cpu
