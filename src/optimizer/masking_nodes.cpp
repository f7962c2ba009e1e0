#include "optimizer/masking_nodes.h"

#include <algorithm>
#include <array>

#include "ops/attention.h"
#include "ops/op_def.h"

namespace mini_infer::optimizer {
namespace {

using graph::kNoNode;
using graph::kNoValue;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

template <std::size_t kCount>
bool is_any(const Node& node, const std::array<std::string_view, kCount>& ops) {
  return node.domain.empty() && std::ranges::find(ops, node.op) != ops.end();
}

// A product that adds a third tensor to its result.
bool has_residual(const Node& node) {
  constexpr std::size_t kResidual = 3;
  const bool is_product =
      node.is("MatMul", graph::kInternalDomain) || node.is("Gemm", graph::kInternalDomain);
  return is_product && input_of(node, kResidual) != kNoValue;
}

bool adds_a_tensor(const Node& node) {
  constexpr std::array<std::string_view, 6> kJoining = {"Add", "Max", "Min", "Sub", "Sum", "Where"};
  return is_any(node, kJoining) || has_residual(node);
}

// Gives each element of its inputs, or a function of it, a place.
bool keeps_elements(const Node& node) {
  constexpr std::array<std::string_view, 8> kMoving = {"Cast", "Concat", "Expand",    "Gather",
                                                       "Pad",  "Tile",   "Transpose", "Trilu"};
  const ops::OpDef* def = ops::find(node);
  if (def == nullptr || node.domain == graph::kInternalDomain) return false;
  const bool is_view = std::ranges::any_of(
      def->alias, [](const ops::Alias& alias) { return alias.kind == ops::AliasKind::kView; });
  return def->elementwise || is_view || is_any(node, kMoving);
}

class Masking {
 public:
  explicit Masking(const Rewriter& rewriter) : rewriter_(rewriter) {}

  std::set<NodeId> find() {
    const std::vector<NodeId> nodes = rewriter_.nodes();
    std::for_each(nodes.rbegin(), nodes.rend(), [&](NodeId id) {
      if (is_masked_softmax(id) || serves_masking_only(id)) found_.insert(id);
    });
    return std::move(found_);
  }

 private:
  bool is_masked_softmax(NodeId id) const {
    const Node& node = rewriter_.node(id);
    return (node.is("Softmax") || node.is("LogSoftmax")) && is_masked(node.inputs[0]);
  }

  // Whether a tensor is added on the way from the product that makes scores.
  bool is_masked(ValueId scores) const {
    for (NodeId id = rewriter_.value(scores).producer; id != kNoNode;) {
      const Node& node = rewriter_.node(id);
      if (adds_a_tensor(node)) return true;
      if (!keeps_elements(node) || node.inputs.empty()) return false;
      id = rewriter_.value(node.inputs[0]).producer;
    }
    return false;
  }

  bool serves_masking_only(NodeId id) const {
    const Node& node = rewriter_.node(id);
    if (!keeps_elements(node) && !has_residual(node)) return false;
    return std::ranges::all_of(node.outputs, [&](ValueId output) {
      return output == kNoValue || is_read_by_masking_only(output);
    });
  }

  bool is_read_by_masking_only(ValueId value) const {
    const auto& readers = rewriter_.readers(value);
    return !rewriter_.is_output(value) && !readers.empty() &&
           std::ranges::all_of(readers, [&](NodeId reader) {
             return found_.contains(reader) || is_mask_of(value, rewriter_.node(reader));
           });
  }

  static bool is_mask_of(ValueId value, const Node& reader) {
    for (std::size_t slot = 0; slot < reader.inputs.size(); ++slot) {
      if (reader.inputs[slot] == value && !reads_mask(reader, slot)) return false;
    }
    return true;
  }

  const Rewriter& rewriter_;
  std::set<NodeId> found_;
};

}  // namespace

std::set<NodeId> masking_nodes(const Rewriter& rewriter) { return Masking(rewriter).find(); }

bool reads_mask(const Node& node, std::size_t slot) {
  return node.op == "Attention" && slot == ops::AttentionInput::kMask;
}

}  // namespace mini_infer::optimizer
