#include <algorithm>

#include "core/try.h"
#include "optimizer/layout/assignment.h"
#include "optimizer/layout/permutation.h"
#include "optimizer/layout/rules.h"
#include "optimizer/passes.h"
#include "optimizer/reshape.h"

namespace mini_infer::optimizer {
namespace {

using core::Status;
using graph::kNoNode;
using graph::kNoValue;
using graph::Node;
using graph::NodeId;
using graph::Value;
using graph::ValueId;

// Rewrites a graph, once it is decided which nodes are computed channels last.
class LayoutRewrite {
 public:
  LayoutRewrite(Rewriter& rewriter, const std::vector<std::optional<LayoutPorts>>& ports,
                const std::vector<bool>& channels_last)
      : rewriter_(rewriter),
        forms_(rewriter),
        ports_(ports),
        last_form_(rewriter.graph().values().size(), kNoValue) {
    for (NodeId id : rewriter.nodes()) {
      if (channels_last[static_cast<std::size_t>(id)]) converted_.push_back(id);
    }
  }

  Status run() {
    for (NodeId id : converted_) {
      if (ports_of(id).decided_by != kNoNode) continue;
      MI_TRY(layout_rule(rewriter_.node(id))->convert(forms_, id, ports_of(id)));
    }
    for (NodeId id : converted_) replace_outputs(id);
    for (NodeId id : converted_) MI_TRY(replace_inputs(id));
    for (NodeId id : converted_) absorb_input(id);
    for (ValueId value : made_last_) provide_first_form(value);
    for (NodeId id : converted_) {
      const bool passes_on = rewriter_.node(id).is("Identity");
      if (passes_on && rewriter_.can_bypass(id)) MI_TRY(rewriter_.bypass(id));
    }
    return Status::SUCCESS;
  }

 private:
  const LayoutPorts& ports_of(NodeId id) const { return *ports_[static_cast<std::size_t>(id)]; }
  ValueId& last_form(ValueId value) { return last_form_[static_cast<std::size_t>(value)]; }

  ValueId add_last_form(ValueId id) {
    const Value& value = rewriter_.value(id);
    core::Shape shape = permuted(*value.shape, to_channels_last(value.shape->rank()));
    last_form(id) = rewriter_.add_value(value.name + "_nhwc", value.type, std::move(shape));
    return last_form(id);
  }

  void add_conversion(ValueId from, ValueId to, Permutation permutation) {
    Node node;
    node.name = rewriter_.value(to).name + "_transpose";
    node.op = "Transpose";
    node.opset = 13;
    node.inputs = {from};
    node.outputs = {to};
    node.attributes["perm"] = std::move(permutation);
    const NodeId id = rewriter_.add_node(std::move(node));
    if (!is_view(rewriter_.graph(), id)) return;
    make_reshape(rewriter_, id, viewed_value(rewriter_.graph(), from), rewriter_.output_shape(id));
  }

  void replace_outputs(NodeId id) {
    for (int slot : ports_of(id).outputs) {
      const ValueId value = rewriter_.node(id).outputs[static_cast<std::size_t>(slot)];
      rewriter_.set_output(id, slot, add_last_form(value));
      made_last_.push_back(value);
    }
  }

  Status replace_inputs(NodeId id) {
    const int rank = rank_of(rewriter_.node(id).outputs[0]);
    for (int slot : ports_of(id).inputs) {
      const ValueId value = rewriter_.node(id).inputs[static_cast<std::size_t>(slot)];
      if (rewriter_.value(value).is_constant()) {
        MI_ASSIGN(const ValueId moved, forms_.channels_last(value, rank));
        rewriter_.set_input(id, slot, moved);
        continue;
      }
      if (last_form(value) == kNoValue) {
        add_last_form(value);
        add_conversion(value, last_form(value), to_channels_last(rank_of(value)));
      }
      rewriter_.set_input(id, slot, last_form(value));
    }
    return Status::SUCCESS;
  }

  // A conversion that another reader needs serves this node too.
  void absorb_input(NodeId id) {
    if (!ports_of(id).absorbed) return;
    const int slot = *ports_of(id).absorbed;
    const ValueId value = rewriter_.node(id).inputs[static_cast<std::size_t>(slot)];
    if (last_form(value) != kNoValue) {
      rewriter_.set_input(id, slot, last_form(value));
    } else {
      rewriter_.node(id).attributes["x_layout"] = std::string("NCHW");
    }
  }

  // For those who still read the value channels first. Whoever only sees its bytes under another
  // shape can take them from the other form when no element has moved.
  void provide_first_form(ValueId id) {
    if (conversion_bytes(rewriter_.value(id)) == 0) {
      const std::vector<NodeId> readers = rewriter_.readers(id);
      for (NodeId reader : readers) {
        if (!is_view(rewriter_.graph(), reader)) continue;
        make_reshape(rewriter_, reader, last_form(id), rewriter_.output_shape(reader));
      }
    }
    if (rewriter_.readers(id).empty() && !rewriter_.is_output(id)) return;
    add_conversion(last_form(id), id, inverse(to_channels_last(rank_of(id))));
  }

  int rank_of(ValueId value) const { return rewriter_.value(value).shape->rank(); }

  Rewriter& rewriter_;
  ConstantForms forms_;
  const std::vector<std::optional<LayoutPorts>>& ports_;
  std::vector<NodeId> converted_;
  std::vector<ValueId> last_form_;  // of each value, when it exists
  std::vector<ValueId> made_last_;
};

// Elements smaller than a byte cannot be moved one by one.
bool has_whole_bytes(const Rewriter& rewriter, NodeId id) {
  const auto whole = [&](ValueId value) {
    return value == kNoValue || core::bits_per_element(rewriter.value(value).type) >= 8;
  };
  const Node& node = rewriter.node(id);
  return std::all_of(node.inputs.begin(), node.inputs.end(), whole) &&
         std::all_of(node.outputs.begin(), node.outputs.end(), whole);
}

}  // namespace

Status choose_layout(graph::Graph& graph) {
  Rewriter rewriter(graph);
  std::vector<std::optional<LayoutPorts>> ports;
  for (NodeId id : rewriter.nodes()) {
    const LayoutRule* rule = layout_rule(rewriter.node(id));
    const bool free = rule != nullptr && has_whole_bytes(rewriter, id);
    ports.push_back(free ? rule->ports(rewriter, id) : std::nullopt);
  }
  MI_TRY(LayoutRewrite(rewriter, ports, assign_layouts(rewriter, ports)).run());
  return rewriter.finish();
}

}  // namespace mini_infer::optimizer
