#pragma once

#include <string>
#include <vector>

#include "core/try.h"
#include "mini_infer/core/status.h"
#include "mini_infer/core/tensor.h"
#include "mini_infer/core/types.h"
#include "mini_infer/graph/graph.h"

namespace mini_infer::ops {

// By ValueId: elements from one row of a tensor, a run along its last axis, to the next; 0 where
// the rows lie side by side.
using Pitches = std::vector<std::int64_t>;

// A node with the types, shapes and constants of what it reads and writes. A cheap reference: valid
// while the graph is not changed.
class NodeView {
 public:
  // `pitches` as the plan has them; nullptr: all is dense.
  NodeView(const graph::Graph& graph, graph::NodeId id, const Pitches* pitches = nullptr)
      : graph_(&graph), pitches_(pitches), id_(id) {}

  const graph::Graph& graph() const { return *graph_; }
  graph::NodeId id() const { return id_; }
  const graph::Node& node() const { return graph_->node(id_); }
  int opset() const { return node().opset; }

  int input_count() const { return static_cast<int>(node().inputs.size()); }
  int output_count() const { return static_cast<int>(node().outputs.size()); }
  // False for a slot beyond the end and for one left out.
  bool has_input(int slot) const;
  bool has_output(int slot) const;

  // Of a slot that is there. Shapes of inputs are known once inference has reached the node, shapes
  // of outputs once it has passed it.
  core::DataType input_type(int slot) const { return input(slot).type; }
  const core::Shape& input_shape(int slot) const { return *input(slot).shape; }
  core::DataType output_type(int slot) const { return output(slot).type; }
  const core::Shape& output_shape(int slot) const { return *output(slot).shape; }

  // Of a slot that is there: elements from one row, a run along the last axis, to the next; `dense`
  // where the rows lie side by side.
  std::int64_t input_pitch(int slot, std::int64_t dense) const;
  std::int64_t output_pitch(int slot, std::int64_t dense) const;

  // The bytes of an input that is constant, else nullptr (also when left out).
  const core::Tensor* constant(int slot) const;
  // The value of an int32 or int64 input that must be known before planning.
  core::Result<std::vector<std::int64_t>> ints(int slot) const;
  // The attribute `key` (how old opsets say it) or else the value of input `slot` (how newer ones
  // do), or else `fallback`.
  core::Result<std::vector<std::int64_t>> ints(const char* key, int slot,
                                               std::vector<std::int64_t> fallback) const;

  // "<Op> '<name>' (opset N): <message>" as ERROR_INVALID_MODEL, or with another code.
  [[nodiscard]] core::Status fail(const std::string& message) const;
  [[nodiscard]] core::Status fail(core::Status::Code code, const std::string& message) const;
  // "... has no <backend> kernel for <type>" as ERROR_UNSUPPORTED.
  [[nodiscard]] core::Status unsupported_type(core::DataType type) const;
  [[nodiscard]] core::Status unsupported(const std::string& what) const;

 protected:
  const graph::Value& input(int slot) const {
    return graph_->value(node().inputs[static_cast<std::size_t>(slot)]);
  }
  const graph::Value& output(int slot) const {
    return graph_->value(node().outputs[static_cast<std::size_t>(slot)]);
  }

  const graph::Graph* graph_;
  const Pitches* pitches_;
  graph::NodeId id_;

 private:
  std::int64_t pitch(graph::ValueId id, std::int64_t dense) const;
};

// A NodeView that may say what comes out.
class InferContext : public NodeView {
 public:
  InferContext(graph::Graph& graph, graph::NodeId id)
      : NodeView(graph, id), mutable_graph_(&graph) {}

  // Fails unless the node has from `min` to `max` inputs, and the first `min` are there.
  [[nodiscard]] core::Status expect_inputs(int min, int max) const;
  // Sets an output; one that is left out is ignored.
  void set_output(int slot, core::DataType type, core::Shape shape);

 private:
  graph::Graph* mutable_graph_;
};

}  // namespace mini_infer::ops
