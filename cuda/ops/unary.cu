#include "cuda/backend.h"
#include "cuda/map.h"
#include "ops/unary_functions.h"

// Elementwise functions of one tensor.
namespace mini_infer::cuda {
namespace {

using core::DataType;
using core::Result;
using ops::Kernel;
using ops::kFloats;
using ops::NodeView;
using ops::Types;

template <typename... Ts, typename Function>
Result<Kernel> bind_map(const NodeView& view, Types<Ts...> types, Function function) {
  return ops::for_type(view, view.input_type(0), types, [&]<typename T>(T) {
    return map_kernel<T, T>("unary", view.output_shape(0).elements(), function);
  });
}

template <std::size_t kIndex>
struct Listed {
  static Result<Kernel> bind(const NodeView& view) {
    constexpr auto& function = std::get<kIndex>(ops::kUnaryFunctions);
    return bind_map(view, function.types, function.of(view));
  }
};

template <typename Function>
Result<Kernel> bind_test(const NodeView& view, Function function) {
  return ops::for_type(view, view.input_type(0), kFloats, [&]<typename T>(T) {
    return map_kernel<T, std::uint8_t>("test", view.output_shape(0).elements(), function);
  });
}

Result<Kernel> bind_not(const NodeView& view) {
  if (view.input_type(0) != DataType::kBool) return view.unsupported_type(view.input_type(0));
  return map_kernel<std::uint8_t, std::uint8_t>("not", view.output_shape(0).elements(), ops::Not{});
}

Result<Kernel> bind_gelu(const NodeView& view) {
  if (view.node().get_string("approximate", "none") == "tanh") {
    return bind_map(view, kFloats, ops::GeluTanh{});
  }
  return bind_map(view, kFloats, ops::Gelu{});
}

constexpr KernelEntry kOthers[] = {
    {"Gelu", bind_gelu},
    {"Not", bind_not},
    {"IsNaN", [](const NodeView& view) { return bind_test(view, ops::IsNaN{}); }},
    {"IsInf",
     [](const NodeView& view) {
       return bind_test(view, ops::IsInf{view.node().get_int("detect_negative", 1) != 0,
                                         view.node().get_int("detect_positive", 1) != 0});
     }},
};
constexpr auto kTable = ops::unary_table<KernelEntry, Listed>(kOthers);

}  // namespace

extern constinit const std::span<const KernelEntry> kUnaryKernels = kTable;

}  // namespace mini_infer::cuda
