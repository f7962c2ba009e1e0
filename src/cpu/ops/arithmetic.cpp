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
Result<Kernel> bind_wrapping(const NodeView& view) {
  return bind_binary(view, as_unsigned(view.input_type(0)), kFloats + kUnsignedIntegers,
                     Function{});
}

template <typename Function, typename... Ts>
Result<Kernel> bind_division(const NodeView& view, Types<Ts...> types) {
  MI_ASSIGN(const Broadcast plan, Broadcast::of(view));
  return for_type(view, view.input_type(0), types, [&]<typename T>(T) {
    Kernel kernel = binary_kernel<T, T, T>(plan, Function{});
    if constexpr (std::is_integral_v<T>) {
      return guarded<T>(
          view, std::move(kernel), [](T divisor) { return divisor == 0; },
          "an integer is divided by 0");
    } else {
      return kernel;
    }
  });
}

Result<Kernel> bind_mod(const NodeView& view) {
  if (view.node().get_int("fmod", 0) != 0) return bind_division<ops::TruncatedMod>(view, kNumbers);
  return bind_division<ops::FlooredMod>(view, kIntegers);
}

constexpr KernelEntry kTable[] = {
    {"Add", bind_wrapping<ops::Add>},
    {"Sub", bind_wrapping<ops::Sub>},
    {"Mul", bind_wrapping<ops::Mul>},
    {"Div", [](const NodeView& view) { return bind_division<ops::Div>(view, kNumbers); }},
    {"Mod", bind_mod},
    {"PRelu",
     [](const NodeView& view) {
       return bind_binary(view, view.input_type(0), kNumbers, ops::PRelu{});
     }},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kArithmeticKernels = kTable;

}  // namespace mini_infer::cpu
