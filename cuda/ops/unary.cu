#include "cuda/backend.h"
#include "cuda/map.h"
#include "ops/dispatch.h"
#include "ops/functor.h"

// Elementwise functions of one tensor.
namespace mini_infer::cuda {
namespace {

using core::DataType;
using core::Result;
using ops::Kernel;
using ops::kFloats;
using ops::kIntegers;
using ops::kNumbers;
using ops::NodeView;
using ops::Types;

template <typename... Ts, typename Function>
Result<Kernel> bind_map(const NodeView& view, Types<Ts...> types, Function function) {
  return ops::for_type(view, view.input_type(0), types, [&]<typename T>(T) {
    return map_kernel<T, T>("unary", view.output_shape(0).elements(), function);
  });
}

template <typename Function>
Result<Kernel> bind_float(const NodeView& view) {
  return bind_map(view, kFloats, Function{});
}

// Neg, Relu.
template <typename Function>
Result<Kernel> bind_signed(const NodeView& view) {
  return bind_map(view, kFloats + ops::kSignedIntegers, Function{});
}

template <typename Function>
Result<Kernel> bind_number(const NodeView& view) {
  return bind_map(view, kNumbers, Function{});
}

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
    return bind_float<ops::GeluTanh>(view);
  }
  return bind_float<ops::Gelu>(view);
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
     [](const NodeView& view) {
       return bind_map(view, kFloats, ops::LeakyRelu{attribute(view, "alpha", 0.01f)});
     }},
    {"HardSigmoid",
     [](const NodeView& view) {
       return bind_map(
           view, kFloats,
           ops::HardSigmoid{attribute(view, "alpha", 0.2f), attribute(view, "beta", 0.5f)});
     }},
    {"Swish",
     [](const NodeView& view) {
       return bind_map(view, kFloats, ops::Swish{attribute(view, "alpha", 1.0f)});
     }},
    {"Elu",
     [](const NodeView& view) {
       return bind_map(view, kFloats, ops::Elu{attribute(view, "alpha", 1.0f)});
     }},
    {"Selu",
     [](const NodeView& view) {
       return bind_map(view, kFloats,
                       ops::Selu{attribute(view, "alpha", 1.67326319217681884765625f),
                                 attribute(view, "gamma", 1.05070102214813232421875f)});
     }},
    {"Celu",
     [](const NodeView& view) {
       return bind_map(view, kFloats, ops::Celu{attribute(view, "alpha", 1.0f)});
     }},
    {"ThresholdedRelu",
     [](const NodeView& view) {
       return bind_map(view, kFloats, ops::ThresholdedRelu{attribute(view, "alpha", 1.0f)});
     }},
    {"Shrink",
     [](const NodeView& view) {
       return bind_map(view, kFloats,
                       ops::Shrink{attribute(view, "lambd", 0.5f), attribute(view, "bias", 0.0f)});
     }},
    {"Relu", bind_signed<ops::Relu>},
    {"Neg", bind_signed<ops::Neg>},
    {"Abs", bind_number<ops::Abs>},
    {"Sign", bind_number<ops::Sign>},
    {"BitwiseNot",
     [](const NodeView& view) { return bind_map(view, kIntegers, ops::BitwiseNot{}); }},
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

}  // namespace mini_infer::cuda
