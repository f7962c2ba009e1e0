#include "cpu/ops/unary.h"

#include "ops/unary_functions.h"

// Elementwise functions of one tensor.
namespace mini_infer::cpu {
namespace {

using core::DataType;
using core::Result;
using core::Status;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;

template <typename T, typename Out, typename Function>
Kernel map_kernel(std::int64_t count, Function function) {
  return [count, function](const KernelArgs& args) -> Status {
    const T* x = args.in<T>(0);
    Out* y = args.out<Out>(0);
    for_pieces(*args.threads, count, kPieceElements, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i) {
        y[i] = ops::convert<Out>(function(ops::widened(x[i])));
      }
    });
    return Status::SUCCESS;
  };
}

// By the fastest code there is.
template <typename T, typename Function>
Kernel elementwise_kernel(std::int64_t count, Function function, const Simd& simd) {
  constexpr int kIndex = index_of<Function>(UnaryFunctors{});
  if constexpr (index_of<T>(StoredFloats{}) >= 0 && kIndex >= 0) {
    return [count, function, loop = simd.loops_of<T>().unary[kIndex]](const KernelArgs& args) {
      map_vectors<T>(args, loop, &function, count);
      return Status(Status::SUCCESS);
    };
  } else {
    return map_kernel<T, T>(count, function);
  }
}

template <typename... Ts, typename Function>
Result<Kernel> bind_map(const NodeView& view, const BindContext& context, Types<Ts...> types,
                        Function function) {
  return for_type(view, view.input_type(0), types, [&]<typename T>(T) {
    return elementwise_kernel<T>(view.output_shape(0).elements(), function, *context.simd);
  });
}

template <std::size_t kIndex>
struct Listed {
  static Result<Kernel> bind(const NodeView& view, const BindContext& context) {
    constexpr auto& function = std::get<kIndex>(ops::kUnaryFunctions);
    return bind_map(view, context, function.types, function.of(view));
  }
};

template <typename Function>
Result<Kernel> bind_test(const NodeView& view, Function function) {
  return for_type(view, view.input_type(0), kFloats, [&]<typename T>(T) {
    return map_kernel<T, std::uint8_t>(view.output_shape(0).elements(), function);
  });
}

Result<Kernel> bind_not(const NodeView& view) {
  if (view.input_type(0) != DataType::kBool) return view.unsupported_type(view.input_type(0));
  return map_kernel<std::uint8_t, std::uint8_t>(view.output_shape(0).elements(), ops::Not{});
}

Result<Kernel> bind_gelu(const NodeView& view, const BindContext& context) {
  if (view.node().get_string("approximate", "none") == "tanh") {
    return bind_map(view, context, kFloats, ops::GeluTanh{});
  }
  return bind_map(view, context, kFloats, ops::Gelu{});
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

}  // namespace mini_infer::cpu
