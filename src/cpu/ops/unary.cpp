#include "cpu/ops/unary.h"

#include "ops/functor.h"

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

template <typename Function>
Result<Kernel> bind_float(const NodeView& view, const BindContext& context) {
  return bind_map(view, context, kFloats, Function{});
}

// Neg, Relu.
template <typename Function>
Result<Kernel> bind_signed(const NodeView& view, const BindContext& context) {
  return bind_map(view, context, kFloats + kSignedIntegers, Function{});
}

template <typename Function>
Result<Kernel> bind_number(const NodeView& view, const BindContext& context) {
  return bind_map(view, context, kNumbers, Function{});
}

template <typename Function>
Result<Kernel> bind_test(const NodeView& view, Function function) {
  return for_type(view, view.input_type(0), kFloats, [&]<typename T>(T) {
    return map_kernel<T, std::uint8_t>(view.output_shape(0).elements(), function);
  });
}

Result<Kernel> bind_bitwise_not(const NodeView& view, const BindContext& context) {
  return bind_map(view, context, kIntegers, ops::BitwiseNot{});
}

Result<Kernel> bind_not(const NodeView& view) {
  if (view.input_type(0) != DataType::kBool) return view.unsupported_type(view.input_type(0));
  return map_kernel<std::uint8_t, std::uint8_t>(view.output_shape(0).elements(), ops::Not{});
}

Result<Kernel> bind_gelu(const NodeView& view, const BindContext& context) {
  if (view.node().get_string("approximate", "none") == "tanh") {
    return bind_float<ops::GeluTanh>(view, context);
  }
  return bind_float<ops::Gelu>(view, context);
}

float attribute(const NodeView& view, const char* key, float fallback) {
  return view.node().get_float(key, fallback);
}

constexpr KernelEntry kTable[] = {
    {"Exp", bind_float<ops::Exp>},
    {"Log", bind_float<ops::Log>},
    {"Sqrt", bind_float<ops::Sqrt>},
    {"Reciprocal", bind_float<ops::Reciprocal>},
    {"Erf", bind_float<ops::Erf>},
    {"Floor", bind_float<ops::Floor>},
    {"Ceil", bind_float<ops::Ceil>},
    {"Round", bind_float<ops::Round>},
    {"Sin", bind_float<ops::Sin>},
    {"Cos", bind_float<ops::Cos>},
    {"Tan", bind_float<ops::Tan>},
    {"Asin", bind_float<ops::Asin>},
    {"Acos", bind_float<ops::Acos>},
    {"Atan", bind_float<ops::Atan>},
    {"Sinh", bind_float<ops::Sinh>},
    {"Cosh", bind_float<ops::Cosh>},
    {"Tanh", bind_float<ops::Tanh>},
    {"Asinh", bind_float<ops::Asinh>},
    {"Acosh", bind_float<ops::Acosh>},
    {"Atanh", bind_float<ops::Atanh>},
    {"Sigmoid", bind_float<ops::Sigmoid>},
    {"HardSwish", bind_float<ops::HardSwish>},
    {"Softplus", bind_float<ops::Softplus>},
    {"Softsign", bind_float<ops::Softsign>},
    {"Mish", bind_float<ops::Mish>},
    {"Gelu", bind_gelu},
    {"LeakyRelu",
     [](const NodeView& view, const BindContext& context) {
       return bind_map(view, context, kFloats, ops::LeakyRelu{attribute(view, "alpha", 0.01f)});
     }},
    {"HardSigmoid",
     [](const NodeView& view, const BindContext& context) {
       return bind_map(
           view, context, kFloats,
           ops::HardSigmoid{attribute(view, "alpha", 0.2f), attribute(view, "beta", 0.5f)});
     }},
    {"Swish",
     [](const NodeView& view, const BindContext& context) {
       return bind_map(view, context, kFloats, ops::Swish{attribute(view, "alpha", 1.0f)});
     }},
    {"Elu",
     [](const NodeView& view, const BindContext& context) {
       return bind_map(view, context, kFloats, ops::Elu{attribute(view, "alpha", 1.0f)});
     }},
    {"Selu",
     [](const NodeView& view, const BindContext& context) {
       return bind_map(view, context, kFloats,
                       ops::Selu{attribute(view, "alpha", 1.67326319217681884765625f),
                                 attribute(view, "gamma", 1.05070102214813232421875f)});
     }},
    {"Celu",
     [](const NodeView& view, const BindContext& context) {
       return bind_map(view, context, kFloats, ops::Celu{attribute(view, "alpha", 1.0f)});
     }},
    {"ThresholdedRelu",
     [](const NodeView& view, const BindContext& context) {
       return bind_map(view, context, kFloats,
                       ops::ThresholdedRelu{attribute(view, "alpha", 1.0f)});
     }},
    {"Shrink",
     [](const NodeView& view, const BindContext& context) {
       return bind_map(view, context, kFloats,
                       ops::Shrink{attribute(view, "lambd", 0.5f), attribute(view, "bias", 0.0f)});
     }},
    {"Relu", bind_signed<ops::Relu>},
    {"Neg", bind_signed<ops::Neg>},
    {"Abs", bind_number<ops::Abs>},
    {"Sign", bind_number<ops::Sign>},
    {"BitwiseNot", bind_bitwise_not},
    {"Not", bind_not},
    {"IsNaN", [](const NodeView& view) { return bind_test(view, ops::IsNaN{}); }},
    {"IsInf",
     [](const NodeView& view) {
       return bind_test(view, ops::IsInf{view.node().get_int("detect_negative", 1) != 0,
                                         view.node().get_int("detect_positive", 1) != 0});
     }},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kUnaryKernels = kTable;

}  // namespace mini_infer::cpu
