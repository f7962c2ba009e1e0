#include "cpu/ops/binary.h"
#include "ops/functor.h"

namespace mini_infer::cpu {
namespace {

using core::Result;
using ops::Kernel;
using ops::NodeView;

template <typename T>
Result<Kernel> bind_exponent(const NodeView& view, const Broadcast& plan) {
  return for_type(view, view.input_type(1), kNumbers, [&]<typename E>(E) {
    Kernel kernel = binary_kernel<T, E, T>(plan, ops::Pow{});
    if constexpr (std::is_integral_v<T> && std::is_integral_v<E> && std::is_signed_v<E>) {
      return guarded<E>(
          view, std::move(kernel), [](E exponent) { return exponent < 0; },
          "an integer is raised to a negative integer");
    } else {
      return kernel;
    }
  });
}

// Every exponent is the constant 2, as where a normalisation is spelt out.
bool squares(const NodeView& view) {
  const core::Tensor* exponent = view.constant(1);
  return exponent != nullptr && exponent->type() == core::DataType::kFloat32 &&
         exponent->elements() == 1 && exponent->aligned().as<float>()[0] == 2.0f;
}

Result<Kernel> bind_pow(const NodeView& view) {
  MI_ASSIGN(const Broadcast plan, Broadcast::of(view));
  if (view.input_type(0) == core::DataType::kFloat32 && squares(view)) {
    return binary_kernel<float, float, float>(plan, [](float x, float) { return x * x; });
  }
  constexpr auto kBases = kFloats + Types<std::int32_t, std::int64_t>{};
  return for_type(view, view.input_type(0), kBases,
                  [&]<typename T>(T) { return bind_exponent<T>(view, plan); });
}

constexpr KernelEntry kTable[] = {{"Pow", bind_pow}};

}  // namespace

extern constinit const std::span<const KernelEntry> kPowKernels = kTable;

}  // namespace mini_infer::cpu
