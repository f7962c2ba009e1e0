#include "optimizer/polynomial.h"

#include "optimizer/pattern.h"

namespace mini_infer::optimizer {
namespace {

using graph::Graph;
using graph::Node;
using graph::ValueId;

constexpr int kMaxDepth = 8;  // what exporters write is 5 deep

std::optional<Cubic> times(const Cubic& a, const Cubic& b) {
  Cubic product{};
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < b.size(); ++j) {
      const double term = a[i] * b[j];
      if (i + j < product.size()) {
        product[i + j] += term;
      } else if (term != 0) {
        return std::nullopt;
      }
    }
  }
  return product;
}

// a + factor * b
Cubic sum(const Cubic& a, double factor, const Cubic& b) {
  Cubic result = a;
  for (std::size_t i = 0; i < b.size(); ++i) result[i] += factor * b[i];
  return result;
}

std::optional<Cubic> power(const Cubic& base, double exponent) {
  if (exponent != 2 && exponent != 3) return std::nullopt;
  const auto square = times(base, base);
  return square && exponent == 3 ? times(*square, base) : square;
}

std::optional<Cubic> cubic_of(const Graph& graph, ValueId value, ValueId x, int depth);

std::optional<Cubic> cubic_of_node(const Graph& graph, const Node& node, ValueId x, int depth) {
  const bool add = node.is("Add"), mul = node.is("Mul"), pow = node.is("Pow"), div = node.is("Div");
  if (!add && !mul && !pow && !div && !node.is("Sub")) return std::nullopt;
  const auto left = cubic_of(graph, node.inputs[0], x, depth + 1);
  if (!left) return std::nullopt;
  if (pow || div) {
    const auto right = number(graph, node.inputs[1]);
    if (!right) return std::nullopt;
    return pow ? power(*left, *right) : times(*left, {1 / *right});
  }
  const auto right = cubic_of(graph, node.inputs[1], x, depth + 1);
  if (!right) return std::nullopt;
  return mul ? times(*left, *right) : sum(*left, add ? 1 : -1, *right);
}

std::optional<Cubic> cubic_of(const Graph& graph, ValueId value, ValueId x, int depth) {
  if (value == x) return Cubic{0, 1};
  if (const auto constant = number(graph, value)) return Cubic{*constant};
  const auto producer = graph.value(value).producer;
  if (producer == graph::kNoNode || depth == kMaxDepth) return std::nullopt;
  return cubic_of_node(graph, graph.node(producer), x, depth);
}

}  // namespace

std::optional<Cubic> cubic_of(const Graph& graph, ValueId value, ValueId x) {
  return cubic_of(graph, value, x, 0);
}

}  // namespace mini_infer::optimizer
