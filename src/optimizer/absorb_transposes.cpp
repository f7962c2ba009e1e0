#include <algorithm>
#include <utility>

#include "core/try.h"
#include "ops/op_def.h"
#include "optimizer/attention/reorder.h"
#include "optimizer/passes.h"
#include "optimizer/reshape.h"
#include "optimizer/rewrite.h"

namespace mini_infer::optimizer {
namespace {

using core::DataType;
using core::Shape;
using graph::kNoNode;
using graph::kNoValue;
using graph::Node;
using graph::NodeId;
using graph::ValueId;
using Permutation = std::vector<std::int64_t>;

bool is_transpose(const Rewriter& rewriter, ValueId value) {
  const NodeId id = value == kNoValue ? kNoNode : rewriter.value(value).producer;
  return id != kNoNode && rewriter.node(id).is("Transpose");
}

bool is_matrix(const Rewriter& rewriter, ValueId value) {
  return rewriter.value(value).shape->rank() == 2;
}

// --- Products of matrices, which read either way round ---

bool can_be_gemm(const Rewriter& rewriter, NodeId id) {
  const Node& node = rewriter.node(id);
  if (node.is("Gemm")) return true;
  return node.is("MatMul") && rewriter.value(node.outputs[0]).type == DataType::kFloat32 &&
         is_matrix(rewriter, node.inputs[0]) && is_matrix(rewriter, node.inputs[1]);
}

void absorb_into_gemm(Rewriter& rewriter, NodeId id) {
  constexpr int kGemmOpset = 13;
  for (const auto& [slot, key] : {std::pair{0, "transA"}, std::pair{1, "transB"}}) {
    const ValueId input = rewriter.node(id).inputs[static_cast<std::size_t>(slot)];
    if (!is_transpose(rewriter, input)) continue;
    const NodeId transpose = rewriter.value(input).producer;
    if (permutation_of(rewriter.graph(), transpose) != Permutation{1, 0}) continue;
    Node& node = rewriter.node(id);
    if (node.is("MatMul")) node.opset = kGemmOpset;
    node.op = "Gemm";
    node.attributes[key] = std::int64_t{node.get_int(key, 0) == 0};
    rewriter.set_input(id, slot, rewriter.node(transpose).inputs[0]);
  }
}

// --- Transposes that elementwise nodes are between ---

// Elementwise, and does the same wherever the element is: Trilu does not.
bool is_alike_everywhere(const Node& node) {
  const ops::OpDef* def = ops::find(node);
  return def != nullptr && def->elementwise && def->value_inputs == 0 && def->shape_inputs == 0 &&
         node.outputs.size() == 1;
}

// Elementwise nodes that make what a Transpose undoes, and the Transposes it undoes before them.
class Between {
 public:
  Between(Rewriter& rewriter, NodeId last)
      : rewriter_(rewriter), last_(last), undone_(permutation_of(rewriter.graph(), last)) {}

  bool cancels() {
    const ValueId value = rewriter_.node(last_).inputs[0];
    return !is_transpose(rewriter_, value) && rewriter_.can_bypass(last_) &&
           collect(value, last_) && undoes_one_;
  }

  core::Status cancel() {
    for (NodeId id : nodes_) {
      for (std::size_t slot = 0; slot < rewriter_.node(id).inputs.size(); ++slot) {
        reread(id, slot);
      }
    }
    for (NodeId id : nodes_) {
      const ValueId output = rewriter_.node(id).outputs[0];
      rewriter_.graph().value(output).shape = moved(rewriter_.output_shape(id));
    }
    return rewriter_.bypass(last_);
  }

 private:
  // Whether all of `value` can be made in the other order for `reader`, which alone reads it.
  bool collect(ValueId value, NodeId reader) {
    if (value == kNoValue || rewriter_.value(value).is_constant()) return true;
    const NodeId id = rewriter_.value(value).producer;
    if (id == kNoNode) return false;
    if (is_undone(id)) return undoes_one_ = true;
    const Node& node = rewriter_.node(id);
    if (!is_alike_everywhere(node)) return false;
    const auto& readers = rewriter_.readers(value);
    const bool alone =
        !rewriter_.is_output(value) &&
        std::ranges::all_of(readers, [&](NodeId other) { return other == reader; }) &&
        rewriter_.value(value).shape->rank() == static_cast<int>(undone_.size());
    if (!alone || std::ranges::find(nodes_, id) != nodes_.end()) return alone;
    nodes_.push_back(id);
    return std::ranges::all_of(node.inputs, [&](ValueId input) { return collect(input, id); });
  }

  bool is_undone(NodeId id) const {
    if (!rewriter_.node(id).is("Transpose")) return false;
    const Permutation done = permutation_of(rewriter_.graph(), id);
    if (done.size() != undone_.size()) return false;
    for (std::size_t axis = 0; axis < done.size(); ++axis) {
      if (done[static_cast<std::size_t>(undone_[axis])] != static_cast<std::int64_t>(axis)) {
        return false;
      }
    }
    return true;
  }

  Shape moved(const Shape& shape) const {
    Shape result = shape;
    for (int axis = 0; axis < shape.rank(); ++axis) {
      result[axis] = shape[static_cast<int>(undone_[static_cast<std::size_t>(axis)])];
    }
    return result;
  }

  void reread(NodeId id, std::size_t slot) {
    const ValueId input = rewriter_.node(id).inputs[slot];
    if (input == kNoValue) return;
    const NodeId producer = rewriter_.value(input).producer;
    if (rewriter_.value(input).is_constant()) {
      rewriter_.set_input(id, static_cast<int>(slot), moved_constant(input));
    } else if (is_undone(producer)) {
      rewriter_.set_input(id, static_cast<int>(slot), rewriter_.node(producer).inputs[0]);
    }
  }

  // A constant that broadcasts, in the other order; what is made here is folded.
  ValueId moved_constant(ValueId value) {
    const Shape shape = *rewriter_.value(value).shape;
    if (shape.elements() == 1) return value;
    Permutation extents(undone_.size() - static_cast<std::size_t>(shape.rank()), 1);
    extents.insert(extents.end(), shape.begin(), shape.end());
    const Shape aligned(std::move(extents));
    const ValueId wide = made("Reshape", value, aligned);
    make_reshape(rewriter_, rewriter_.value(wide).producer, value, aligned);
    const ValueId turned = made("Transpose", wide, moved(aligned));
    rewriter_.node(rewriter_.value(turned).producer).attributes["perm"] = undone_;
    return turned;
  }

  ValueId made(const std::string& op, ValueId input, const Shape& shape) {
    constexpr int kOpset = 17;
    const std::string name = rewriter_.value(input).name + "_moved_" + op;
    const ValueId output = rewriter_.add_value(name, rewriter_.value(input).type, shape);
    rewriter_.add_node({.name = name,
                        .op = op,
                        .domain = "",
                        .opset = kOpset,
                        .inputs = {input},
                        .outputs = {output},
                        .attributes = {}});
    return output;
  }

  Rewriter& rewriter_;
  NodeId last_;
  Permutation undone_;
  std::vector<NodeId> nodes_;
  bool undoes_one_ = false;
};

}  // namespace

core::Status absorb_transposes(graph::Graph& graph) {
  Rewriter rewriter(graph);
  for (NodeId id : rewriter.nodes()) {
    if (rewriter.removed(id)) continue;
    if (rewriter.node(id).is("Attention", graph::kInternalDomain)) {
      MI_TRY(drop_reorderings(rewriter, id));
    }
    if (can_be_gemm(rewriter, id)) absorb_into_gemm(rewriter, id);
    if (!rewriter.node(id).is("Transpose") || is_view(graph, id)) continue;
    Between between(rewriter, id);
    if (between.cancels()) MI_TRY(between.cancel());
  }
  return rewriter.finish();
}

}  // namespace mini_infer::optimizer
