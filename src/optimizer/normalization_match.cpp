#include "optimizer/normalization_match.h"

#include <algorithm>
#include <array>

#include "ops/node_view.h"

namespace mini_infer::optimizer {
namespace {

using graph::Graph;
using graph::kNoValue;
using graph::Node;
using graph::ValueId;

// Both orders of the inputs of a commutative operator.
std::array<std::array<ValueId, 2>, 2> both_orders(const Node& node) {
  return {{{node.inputs[0], node.inputs[1]}, {node.inputs[1], node.inputs[0]}}};
}

// The mean of `of` over all axes from `axis` on, which stay with extent 1.
struct RowMean {
  ValueId of = kNoValue;
  int axis = 0;
  bool operator==(const RowMean&) const = default;
};

// The first of the axes, when they are all that follow it.
std::optional<int> first_of_last_axes(std::vector<std::int64_t> axes, int rank) {
  if (axes.empty() || axes.size() > static_cast<std::size_t>(rank)) return std::nullopt;
  for (std::int64_t& axis : axes) axis += axis < 0 ? rank : 0;
  std::sort(axes.begin(), axes.end());
  const int first = rank - static_cast<int>(axes.size());
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (axes[i] != first + static_cast<std::int64_t>(i)) return std::nullopt;
  }
  return first;
}

std::optional<RowMean> row_mean(const Graph& graph, ValueId value) {
  const Node* node = made_by(graph, value, "ReduceMean");
  if (node == nullptr || node->get_int("keepdims", 1) == 0) return std::nullopt;
  const auto axes = ops::NodeView(graph, graph.value(value).producer).ints("axes", 1, {});
  if (!axes.ok()) return std::nullopt;
  const ValueId of = node->inputs[0];
  const auto axis = first_of_last_axes(*axes, graph.value(of).shape->rank());
  return axis ? std::optional(RowMean{of, *axis}) : std::nullopt;
}

// The mean that is taken away, where `value` is x - mean of x. Old exporters compute the difference
// twice: equal means are one.
std::optional<RowMean> centred(const Graph& graph, ValueId value) {
  const Node* sub = made_by(graph, value, "Sub");
  const auto mean = sub == nullptr ? std::nullopt : row_mean(graph, sub->inputs[1]);
  return mean && mean->of == sub->inputs[0] ? mean : std::nullopt;
}

// x where `value` is x²; else kNoValue.
ValueId under_square(const Graph& graph, ValueId value) {
  if (const Node* pow = made_by(graph, value, "Pow")) {
    return number(graph, pow->inputs[1]) == 2 ? pow->inputs[0] : kNoValue;
  }
  const Node* mul = made_by(graph, value, "Mul");
  return mul != nullptr && mul->inputs[0] == mul->inputs[1] ? mul->inputs[0] : kNoValue;
}

// x where `value` is the square root of x; else kNoValue.
ValueId under_root(const Graph& graph, ValueId value) {
  if (const Node* root = made_by(graph, value, "Sqrt")) return root->inputs[0];
  const Node* pow = made_by(graph, value, "Pow");
  return pow != nullptr && number(graph, pow->inputs[1]) == 0.5 ? pow->inputs[0] : kNoValue;
}

// x where `value` is 1 / sqrt(x); else kNoValue.
ValueId under_inverse_root(const Graph& graph, ValueId value) {
  if (const Node* node = made_by(graph, value, "Reciprocal")) {
    return under_root(graph, node->inputs[0]);
  }
  if (const Node* div = made_by(graph, value, "Div")) {
    return number(graph, div->inputs[0]) == 1 ? under_root(graph, div->inputs[1]) : kNoValue;
  }
  const Node* pow = made_by(graph, value, "Pow");
  return pow != nullptr && number(graph, pow->inputs[1]) == -0.5 ? pow->inputs[0] : kNoValue;
}

// The mean of the squares of `mean.of`, plus epsilon.
struct Power {
  RowMean mean;
  float epsilon;
};

std::optional<Power> power_of(const Graph& graph, ValueId value) {
  const Node* add = made_by(graph, value, "Add");
  if (add == nullptr) return std::nullopt;
  for (const auto& [squares, epsilon] : both_orders(*add)) {
    const auto constant = number(graph, epsilon);
    const auto mean = row_mean(graph, squares);
    if (!constant || *constant < 0 || !mean) continue;
    const ValueId base = under_square(graph, mean->of);
    if (base != kNoValue) return Power{{base, mean->axis}, static_cast<float>(*constant)};
  }
  return std::nullopt;
}

// The normalisation whose quotient is numerator / sqrt(radicand).
std::optional<Normalization> normalization_of(const Graph& graph, ValueId numerator,
                                              ValueId radicand) {
  const auto power = power_of(graph, radicand);
  if (!power) return std::nullopt;
  const auto mean = centred(graph, numerator);
  const bool same_axes = mean && mean->axis == power->mean.axis;
  if (same_axes && mean == centred(graph, power->mean.of)) {
    return Normalization{mean->of, mean->axis, power->epsilon, true};
  }
  if (numerator != power->mean.of) return std::nullopt;
  return Normalization{numerator, power->mean.axis, power->epsilon, false};
}

// The normalisation of `x` whose mean and factor these are; the factor may hold the scale.
std::optional<Normalization> with_factor(const Graph& graph, ValueId x, ValueId mean,
                                         ValueId factor) {
  const auto of_factor = [&](ValueId inverse, ValueId scale) -> std::optional<Normalization> {
    const auto power = power_of(graph, under_inverse_root(graph, inverse));
    const auto taken = row_mean(graph, mean);
    if (!power || !taken || taken != centred(graph, power->mean.of)) return std::nullopt;
    if (taken != RowMean{x, power->mean.axis}) return std::nullopt;
    return Normalization{x, taken->axis, power->epsilon, true, scale};
  };
  if (auto found = of_factor(factor, kNoValue)) return found;
  const Node* scaled = made_by(graph, factor, "Mul");
  if (scaled == nullptr) return std::nullopt;
  for (const auto& [inverse, scale] : both_orders(*scaled)) {
    if (auto found = of_factor(inverse, scale)) return found;
  }
  return std::nullopt;
}

// What is added to x * s: bias - mean * s, or -(mean * s).
struct Shift {
  ValueId product = kNoValue;
  ValueId bias = kNoValue;
};

Shift shift_of(const Graph& graph, ValueId value) {
  if (const Node* neg = made_by(graph, value, "Neg")) return {neg->inputs[0], kNoValue};
  const Node* sub = made_by(graph, value, "Sub");
  return sub == nullptr ? Shift{} : Shift{sub->inputs[1], sub->inputs[0]};
}

// x * s plus the shift, where both products share s.
std::optional<Normalization> normalization_of_products(const Graph& graph, const Node& scaled,
                                                       const Shift& shift) {
  const Node* product = made_by(graph, shift.product, "Mul");
  if (product == nullptr) return std::nullopt;
  for (const auto& [x, factor] : both_orders(scaled)) {
    for (const auto& [mean, other] : both_orders(*product)) {
      auto found = factor == other ? with_factor(graph, x, mean, factor) : std::nullopt;
      if (!found) continue;
      found->bias = shift.bias;
      return found;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Normalization> normalization_quotient(const Graph& graph, const Node& node) {
  if (node.is("Div")) {
    return normalization_of(graph, node.inputs[0], under_root(graph, node.inputs[1]));
  }
  if (!node.is("Mul")) return std::nullopt;
  for (const auto& [numerator, inverse] : both_orders(node)) {
    auto found = normalization_of(graph, numerator, under_inverse_root(graph, inverse));
    if (found) return found;
  }
  return std::nullopt;
}

std::optional<Normalization> normalization_sum(const Graph& graph, const Node& node) {
  if (!node.is("Add")) return std::nullopt;
  for (const auto& [left, right] : both_orders(node)) {
    const Node* scaled = made_by(graph, left, "Mul");
    if (scaled == nullptr) continue;
    if (auto found = normalization_of_products(graph, *scaled, shift_of(graph, right)))
      return found;
  }
  return std::nullopt;
}

}  // namespace mini_infer::optimizer
