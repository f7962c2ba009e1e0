#include "optimizer/check/test_inputs.h"

#include <algorithm>
#include <limits>

#include "core/try.h"
#include "ops/dispatch.h"
#include "ops/indexing.h"
#include "ops/node_view.h"
#include "optimizer/reshape.h"
#include "optimizer/rewrite.h"

namespace mini_infer::optimizer {
namespace {

using core::Result;
using core::Shape;
using core::Tensor;
using graph::Graph;
using graph::kNoNode;
using graph::kNoValue;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr std::size_t kAttentionMask = 3;

// SplitMix64 (Steele, Lea and Flood, 2014) of a tensor's and an element's number.
std::uint64_t mixed(std::uint64_t tensor, std::uint64_t element) {
  std::uint64_t x = (tensor << 40) + element + 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

bool is_product(const Node& node) {
  return node.op == "MatMul" || node.op == "Gemm" || node.op == "Einsum" || node.op == "Conv";
}

// Marks what the value is made of, back to products.
class MaskSearch {
 public:
  explicit MaskSearch(const Graph& graph) : graph_(graph), seen_(graph.values().size(), false) {
    for (const Node& node : graph.nodes()) {
      if (node.op == "Softmax" || node.op == "LogSoftmax") mark(input_of(node, 0));
      if (node.op == "Attention") mark(input_of(node, kAttentionMask));
    }
    while (!open_.empty()) {
      const Node& node = graph_.node(open_.back());
      open_.pop_back();
      if (!is_product(node)) std::ranges::for_each(node.inputs, [&](ValueId in) { mark(in); });
    }
  }

  bool found(ValueId value) const { return seen_[static_cast<std::size_t>(value)]; }

 private:
  void mark(ValueId value) {
    if (value == kNoValue || found(value)) return;
    seen_[static_cast<std::size_t>(value)] = true;
    const NodeId producer = graph_.value(value).producer;
    if (producer != kNoNode) open_.push_back(producer);
  }

  const Graph& graph_;
  std::vector<bool> seen_;
  std::vector<NodeId> open_;
};

// Sums over elements: a float that reaches one before a Softmax is data, not only a mask, and rows
// of the lowest number would overflow in it.
bool sums(const Node& node) {
  return is_product(node) || node.op.starts_with("Reduce") || node.op.ends_with("Normalization") ||
         node.op.ends_with("Pool") || node.op == "ConvTranspose" || node.op == "Scale";
}

bool is_only_mask(const Graph& graph, ValueId input) {
  const auto readers = graph.readers();
  std::vector<bool> seen(graph.values().size(), false);
  std::vector<ValueId> open = {input};
  while (!open.empty()) {
    const ValueId value = open.back();
    open.pop_back();
    if (value == kNoValue || seen[static_cast<std::size_t>(value)]) continue;
    seen[static_cast<std::size_t>(value)] = true;
    for (NodeId id : readers[static_cast<std::size_t>(value)]) {
      const Node& node = graph.node(id);
      if (sums(node)) return false;
      if (node.op == "Softmax" || node.op == "LogSoftmax" || node.op == "Attention") continue;
      open.insert(open.end(), node.outputs.begin(), node.outputs.end());
    }
  }
  return true;
}

bool is_mask(const Graph& graph, const MaskSearch& search, ValueId input) {
  return search.found(input) &&
         (!core::is_floating(graph.value(input).type) || is_only_mask(graph, input));
}

// How many different indices all accept that read the value as one; 2 where nobody does.
std::int64_t accepted_indices(const Graph& graph, ValueId input) {
  const auto readers = graph.readers();
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  std::vector<ValueId> open = {input};
  while (!open.empty()) {
    const ValueId value = open.back();
    open.pop_back();
    for (NodeId id : readers[static_cast<std::size_t>(value)]) {
      const Node& node = graph.node(id);
      const bool gathers = node.is("Gather") || node.is("GatherElements");
      if (gathers && input_of(node, 1) == value) {
        const auto axis = ops::gather_axis(ops::NodeView(graph, id));
        if (axis.ok()) least = std::min(least, (*graph.value(node.inputs[0]).shape)[*axis]);
      } else if (is_view(graph, id) || node.is("Cast") || node.is("Identity")) {
        open.push_back(node.outputs[0]);
      }
    }
  }
  constexpr std::int64_t kBits = 2;
  return least == std::numeric_limits<std::int64_t>::max() ? kBits
                                                           : std::max<std::int64_t>(1, least);
}

// One row in three is hidden whole, one in half, one, by the lowest number, whole again.
float hiding(std::uint64_t row, std::uint64_t column) {
  if (row % 3 == 0) return -kInfinity;
  if (row % 3 == 2) return std::numeric_limits<float>::lowest();
  return column % 2 == 0 ? 0.0f : -kInfinity;
}

class Filling {
 public:
  Filling(const graph::Value& value, std::uint64_t tensor, InputKind kind, bool is_mask)
      : tensor_(tensor), kind_(kind), is_mask_(is_mask), shape_(*value.shape) {
    const auto elements = static_cast<std::uint64_t>(std::max<std::int64_t>(1, shape_.elements()));
    special_ = mixed(tensor, 1) % std::min<std::uint64_t>(elements, kSpacing);
    if (shape_.rank() > 0) row_ = static_cast<std::uint64_t>(shape_[shape_.rank() - 1]);
  }

  float number(std::uint64_t i) const {
    constexpr float kLargeScale = 1000;
    const float ordinary =
        static_cast<float>(mixed(tensor_, i) >> 40) / static_cast<float>(1u << 23) - 1.0f;
    if (hides() && kind_ == InputKind::kHidden) return hiding(i / row_, i % row_);
    if (hides()) return bit(i) ? 1.0f : 0.0f;
    if (kind_ == InputKind::kLarge) return kLargeScale * ordinary;
    if (i % kSpacing != special_) return ordinary;
    if (kind_ == InputKind::kNan) return std::numeric_limits<float>::quiet_NaN();
    if (kind_ == InputKind::kInfinite) return kInfinity;
    return kind_ == InputKind::kNegative ? -kInfinity : ordinary;
  }

  std::uint64_t integer(std::uint64_t i, std::uint64_t accepted) const {
    if (hides()) return bit(i) ? 1 : 0;
    return mixed(tensor_, i) % accepted;
  }

 private:
  static constexpr std::uint64_t kSpacing = 64;

  bool hides() const {
    return is_mask_ && (kind_ == InputKind::kHidden || kind_ == InputKind::kHiddenZeros);
  }
  // Whole rows of zeros and whole rows of ones, so that rows are hidden whichever of both hides.
  bool bit(std::uint64_t i) const {
    const std::uint64_t row = i / row_;
    return row % 3 == 2 || (row % 3 == 1 && i % row_ % 2 == 0);
  }

  std::uint64_t tensor_;
  InputKind kind_;
  bool is_mask_;
  const Shape& shape_;
  std::uint64_t special_ = 0;
  std::uint64_t row_ = 1;
};

template <typename T>
void fill(Tensor& tensor, const Filling& filling, std::uint64_t accepted) {
  auto* element = reinterpret_cast<T*>(tensor.mutable_bytes().data());
  const auto count = static_cast<std::uint64_t>(tensor.elements());
  for (std::uint64_t i = 0; i < count; ++i) {
    if constexpr (ops::holds(ops::kFloats, ops::kTypeOf<T>)) {
      element[i] = ops::convert<T>(filling.number(i));
    } else {
      element[i] = ops::convert<T>(filling.integer(i, accepted));
    }
  }
}

template <typename... Ts>
bool fill(ops::Types<Ts...>, Tensor& tensor, const Filling& filling, std::uint64_t accepted) {
  return ((tensor.type() == ops::kTypeOf<Ts> && (fill<Ts>(tensor, filling, accepted), true)) ||
          ...);
}

Result<Tensor> test_input(const Graph& graph, ValueId id, std::uint64_t number, InputKind kind,
                          bool is_mask) {
  const graph::Value& value = graph.value(id);
  if (value.constant) return value.constant->aligned();
  MI_ASSIGN(Tensor tensor, Tensor::allocate(value.type, *value.shape));
  const Filling filling(value, number, kind, is_mask);
  const auto accepted = static_cast<std::uint64_t>(accepted_indices(graph, id));
  if (fill(ops::kNumbers + ops::Types<ops::Bool>{}, tensor, filling, accepted)) return tensor;
  return core::Status(core::Status::ERROR_UNSUPPORTED,
                      "checking passes: there are no numbers to try for input '" + value.name +
                          "' of type " + core::type_name(value.type) +
                          "; build without checking passes");
}

}  // namespace

const char* name_of(InputKind kind) {
  switch (kind) {
    case InputKind::kOrdinary:
      return "ordinary";
    case InputKind::kLarge:
      return "large";
    case InputKind::kNan:
      return "NaN in places";
    case InputKind::kInfinite:
      return "infinite in places";
    case InputKind::kNegative:
      return "-infinity in places";
    case InputKind::kHidden:
      return "masks that hide whole rows";
    case InputKind::kHiddenZeros:
      return "masks of zeros and ones that hide whole rows";
  }
  return "";
}

std::vector<InputKind> input_kinds(const Graph& graph) {
  std::vector<InputKind> kinds = {InputKind::kOrdinary, InputKind::kLarge, InputKind::kNan,
                                  InputKind::kInfinite, InputKind::kNegative};
  const MaskSearch masks(graph);
  if (std::ranges::any_of(graph.inputs,
                          [&](ValueId input) { return is_mask(graph, masks, input); })) {
    kinds.push_back(InputKind::kHidden);
    kinds.push_back(InputKind::kHiddenZeros);
  }
  return kinds;
}

Result<std::vector<Tensor>> test_inputs(const Graph& graph, InputKind kind) {
  const MaskSearch masks(graph);
  std::vector<Tensor> tensors;
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    const ValueId input = graph.inputs[i];
    MI_ASSIGN(Tensor tensor, test_input(graph, input, i + 1, kind, is_mask(graph, masks, input)));
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

}  // namespace mini_infer::optimizer
