#include "optimizer/check/unchanged.h"

#include <algorithm>

namespace mini_infer::optimizer {
namespace {

using core::Tensor;
using graph::Attribute;
using graph::Node;
using graph::Value;

template <typename T>
bool same(const T& a, const T& b) {
  return a == b;
}

bool same(const Tensor& a, const Tensor& b) {
  return a.type() == b.type() && a.shape() == b.shape() && a.bytes().data() == b.bytes().data();
}

template <typename T>
bool same(const std::vector<T>& a, const std::vector<T>& b) {
  return std::ranges::equal(a, b, [](const T& x, const T& y) { return same(x, y); });
}

bool same_attribute(const Attribute& a, const Attribute& b) {
  return a.index() == b.index() &&
         std::visit(
             [&](const auto& value) {
               return same(value, std::get<std::decay_t<decltype(value)>>(b));
             },
             a);
}

bool same_node(const Node& a, const Node& b) {
  return a.op == b.op && a.domain == b.domain && a.opset == b.opset && a.inputs == b.inputs &&
         a.outputs == b.outputs &&
         std::ranges::equal(a.attributes, b.attributes, [](const auto& x, const auto& y) {
           return x.first == y.first && same_attribute(x.second, y.second);
         });
}

bool same_value(const Value& a, const Value& b) {
  if (a.type != b.type || a.shape != b.shape) return false;
  if (a.constant.has_value() != b.constant.has_value()) return false;
  return !a.constant || same(*a.constant, *b.constant);
}

}  // namespace

bool are_identical(const graph::Graph& a, const graph::Graph& b) {
  return a.inputs == b.inputs && a.outputs == b.outputs &&
         std::ranges::equal(a.nodes(), b.nodes(), same_node) &&
         std::ranges::equal(a.values(), b.values(), same_value);
}

}  // namespace mini_infer::optimizer
