#pragma once

#include <string>
#include <vector>

#include "mini_infer/core/status.h"
#include "mini_infer/graph/graph.h"
#include "optimizer/tensor_blocks.h"

namespace mini_infer::optimizer {

// The input, or kNoValue for one left out and for a slot beyond the end.
graph::ValueId input_of(const graph::Node& node, std::size_t slot);

// A graph being rewritten, with what rewrites ask for kept up to date: who reads a value, and
// whether the value may vanish. Removed nodes stay as empty shells, so that ids hold until
// finish().
class Rewriter {
 public:
  explicit Rewriter(graph::Graph& graph);

  graph::Graph& graph() { return graph_; }
  const graph::Graph& graph() const { return graph_; }
  graph::Node& node(graph::NodeId id) { return graph_.node(id); }
  const graph::Node& node(graph::NodeId id) const { return graph_.node(id); }
  const graph::Value& value(graph::ValueId id) const { return graph_.value(id); }
  // Of input 0 and output 0. Copies: values move when others are added.
  core::Shape input_shape(graph::NodeId id) const { return *value(node(id).inputs[0]).shape; }
  core::Shape output_shape(graph::NodeId id) const { return *value(node(id).outputs[0]).shape; }
  // The nodes not removed, in order. A snapshot: it does not follow later rewrites.
  std::vector<graph::NodeId> nodes() const;
  bool removed(graph::NodeId id) const { return removed_[static_cast<std::size_t>(id)]; }

  // The nodes that read `value`, once per reading slot.
  const std::vector<graph::NodeId>& readers(graph::ValueId value) const {
    return readers_[static_cast<std::size_t>(value)];
  }
  bool is_output(graph::ValueId value) const { return is_output_[static_cast<std::size_t>(value)]; }
  // The one node that reads `value`, through one slot, when no graph output is it; else kNoNode.
  graph::NodeId only_reader(graph::ValueId value) const;

  // For a constant to come; see TensorBlocks.
  core::Result<core::Tensor> new_tensor(core::DataType type, core::Shape shape) {
    return blocks_.allocate(type, std::move(shape));
  }
  graph::ValueId add_value(std::string name, core::DataType type, core::Shape shape);
  graph::ValueId add_constant(std::string name, core::Tensor tensor);
  graph::NodeId add_node(graph::Node node);

  void set_inputs(graph::NodeId id, std::vector<graph::ValueId> inputs);
  void set_input(graph::NodeId id, int slot, graph::ValueId value);
  // The node makes `value` in place of what it made there, which is left without a producer.
  void set_output(graph::NodeId id, int slot, graph::ValueId value);
  // The node makes `value` as one output more.
  void add_output(graph::NodeId id, graph::ValueId value);
  // Its outputs are left without a producer: nobody may read them any more.
  void remove(graph::NodeId id);

  // Whether bypass() may remove the node: not where both its input 0 and its output 0 must stay,
  // because the output is a graph output, and the input is one too or is made by no node.
  bool can_bypass(graph::NodeId id) const;
  // Removes a node whose output 0 equals its input 0. A graph output keeps its name: then the
  // producer of the input writes it. A pass asks can_bypass() before it changes anything that
  // counts on this; where that says no, nothing is changed here: ERROR_INTERNAL names the node.
  [[nodiscard]] core::Status bypass(graph::NodeId id);

  // Drops removed nodes and values nobody mentions. Ids change; the Rewriter is used up.
  [[nodiscard]] core::Status finish();

 private:
  void redirect_readers(graph::ValueId from, graph::ValueId to);
  void forget_reader(graph::ValueId value, graph::NodeId reader);

  graph::Graph& graph_;
  std::vector<std::vector<graph::NodeId>> readers_;
  std::vector<bool> is_output_;
  std::vector<bool> removed_;
  TensorBlocks blocks_;
};

}  // namespace mini_infer::optimizer
