#pragma once

#include <array>
#include <string_view>
#include <tuple>
#include <utility>

#include "ops/dispatch.h"
#include "ops/functor.h"

// The elementwise functions of one tensor that keep its type, one list for every backend.
namespace mini_infer::ops {

template <typename Function, typename Served>
struct UnaryFunction {
  std::string_view op;
  Served types;                          // that a tensor may have
  Function (*of)(const NodeView& view);  // with the node's attributes
};

template <typename Function, typename Served>
constexpr UnaryFunction<Function, Served> unary(std::string_view op, Served types) {
  return {op, types, [](const NodeView&) { return Function{}; }};
}

inline float alpha_of(const NodeView& view, float fallback) {
  return view.node().get_float("alpha", fallback);
}

inline constexpr std::tuple kUnaryFunctions{
    unary<Exp>("Exp", kFloats),
    unary<Log>("Log", kFloats),
    unary<Sqrt>("Sqrt", kFloats),
    unary<Reciprocal>("Reciprocal", kFloats),
    unary<Erf>("Erf", kFloats),
    unary<Floor>("Floor", kFloats),
    unary<Ceil>("Ceil", kFloats),
    unary<Round>("Round", kFloats),
    unary<Sin>("Sin", kFloats),
    unary<Cos>("Cos", kFloats),
    unary<Tan>("Tan", kFloats),
    unary<Asin>("Asin", kFloats),
    unary<Acos>("Acos", kFloats),
    unary<Atan>("Atan", kFloats),
    unary<Sinh>("Sinh", kFloats),
    unary<Cosh>("Cosh", kFloats),
    unary<Tanh>("Tanh", kFloats),
    unary<Asinh>("Asinh", kFloats),
    unary<Acosh>("Acosh", kFloats),
    unary<Atanh>("Atanh", kFloats),
    unary<Sigmoid>("Sigmoid", kFloats),
    unary<HardSwish>("HardSwish", kFloats),
    unary<Softplus>("Softplus", kFloats),
    unary<Softsign>("Softsign", kFloats),
    unary<Mish>("Mish", kFloats),
    UnaryFunction<LeakyRelu, decltype(kFloats)>{
        "LeakyRelu", kFloats,
        [](const NodeView& view) { return LeakyRelu{alpha_of(view, 0.01f)}; }},
    UnaryFunction<HardSigmoid, decltype(kFloats)>{
        "HardSigmoid", kFloats,
        [](const NodeView& view) {
          return HardSigmoid{alpha_of(view, 0.2f), view.node().get_float("beta", 0.5f)};
        }},
    UnaryFunction<Swish, decltype(kFloats)>{
        "Swish", kFloats, [](const NodeView& view) { return Swish{alpha_of(view, 1.0f)}; }},
    UnaryFunction<Elu, decltype(kFloats)>{
        "Elu", kFloats, [](const NodeView& view) { return Elu{alpha_of(view, 1.0f)}; }},
    UnaryFunction<Selu, decltype(kFloats)>{"Selu", kFloats,
                                           [](const NodeView& view) {
                                             return Selu{alpha_of(view, 1.67326319217681884765625f),
                                                         view.node().get_float(
                                                             "gamma", 1.05070102214813232421875f)};
                                           }},
    UnaryFunction<Celu, decltype(kFloats)>{
        "Celu", kFloats, [](const NodeView& view) { return Celu{alpha_of(view, 1.0f)}; }},
    UnaryFunction<ThresholdedRelu, decltype(kFloats)>{
        "ThresholdedRelu", kFloats,
        [](const NodeView& view) { return ThresholdedRelu{alpha_of(view, 1.0f)}; }},
    UnaryFunction<Shrink, decltype(kFloats)>{
        "Shrink", kFloats,
        [](const NodeView& view) {
          return Shrink{view.node().get_float("lambd", 0.5f), view.node().get_float("bias", 0.0f)};
        }},
    unary<Relu>("Relu", kFloats + kSignedIntegers),
    unary<Neg>("Neg", kFloats + kSignedIntegers),
    unary<Abs>("Abs", kNumbers),
    unary<Sign>("Sign", kNumbers),
    unary<BitwiseNot>("BitwiseNot", kIntegers),
};

// Of `Entry{operator, function}`: those of the list, each bound by `Binder<index>::bind`, and then
// the others.
template <typename Entry, template <std::size_t> typename Binder, std::size_t kOthers>
constexpr auto unary_table(const Entry (&others)[kOthers]) {
  constexpr std::size_t kListed = std::tuple_size_v<decltype(kUnaryFunctions)>;
  return [&]<std::size_t... kListedAt, std::size_t... kOtherAt>(std::index_sequence<kListedAt...>,
                                                                std::index_sequence<kOtherAt...>) {
    return std::array<Entry, kListed + kOthers>{
        Entry{std::get<kListedAt>(kUnaryFunctions).op, Binder<kListedAt>::bind}...,
        others[kOtherAt]...};
  }
  (std::make_index_sequence<kListed>{}, std::make_index_sequence<kOthers>{});
}

}  // namespace mini_infer::ops
