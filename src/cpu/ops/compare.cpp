#include "cpu/ops/binary.h"
#include "ops/functor.h"

// Comparisons: bools out of numbers.
namespace mini_infer::cpu {
namespace {

using core::DataType;
using core::Result;
using ops::Kernel;
using ops::NodeView;

template <typename... Ts, typename Function>
Result<Kernel> bind_comparison(const NodeView& view, DataType type, Types<Ts...> types,
                               Function function, int left = 0) {
  MI_ASSIGN(const Broadcast plan, Broadcast::of(view));
  return for_type(view, type, types, [&]<typename T>(T) {
    return binary_kernel<T, T, std::uint8_t>(plan, function, left);
  });
}

Result<Kernel> bind_equal(const NodeView& view) {
  const DataType type = view.input_type(0);
  return bind_comparison(view, type == DataType::kBool ? DataType::kUInt8 : as_unsigned(type),
                         kFloats + kUnsignedIntegers, ops::Equal{});
}

// `left`: the input that is to be the lower one.
template <typename Function, int left>
Result<Kernel> bind_order(const NodeView& view) {
  return bind_comparison(view, view.input_type(0), kNumbers, Function{}, left);
}

constexpr KernelEntry kTable[] = {
    {"Equal", bind_equal},
    {"Less", bind_order<ops::Less, 0>},
    {"LessOrEqual", bind_order<ops::LessOrEqual, 0>},
    {"Greater", bind_order<ops::Less, 1>},
    {"GreaterOrEqual", bind_order<ops::LessOrEqual, 1>},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kCompareKernels = kTable;

}  // namespace mini_infer::cpu
