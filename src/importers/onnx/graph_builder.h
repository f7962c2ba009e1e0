#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "importers/onnx/messages.h"
#include "importers/onnx/operator_check.h"
#include "importers/onnx/tensor_data.h"
#include "mini_infer/core/status.h"
#include "mini_infer/graph/graph.h"

namespace mini_infer::importers {

// Makes one Graph of one GraphMessage, used once. Names are resolved here: a name that a subgraph
// does not define is looked for in the graphs around it and becomes an outer value of each graph in
// between. An initialiser that is also listed as an input is a constant, whatever the IR version
// (since 4 it is the input's default; we never take another).
class GraphBuilder {
 public:
  // `enclosing` is nullptr for the main graph.
  GraphBuilder(const TensorSource& source, const OpsetVersions& opsets, GraphBuilder* enclosing);

  // Nodes keep the file's order; the graph is verified.
  core::Result<std::shared_ptr<graph::Graph>> build(const GraphMessage& message);

 private:
  [[nodiscard]] core::Status add_initialisers(const GraphMessage& message);
  [[nodiscard]] core::Status add_inputs(const GraphMessage& message);
  [[nodiscard]] core::Status add_node_outputs(const GraphMessage& message);
  [[nodiscard]] core::Status add_constant_node(const NodeMessage& message, const std::string& name);
  [[nodiscard]] core::Status add_node(const NodeMessage& message, std::string name);
  [[nodiscard]] core::Status add_attributes(const NodeMessage& message, graph::Node& node,
                                            std::vector<graph::ValueId>& captured);
  [[nodiscard]] core::Status add_outputs(const GraphMessage& message);
  // Graph::verify does not see that a node waits for what its subgraphs read.
  [[nodiscard]] core::Status check_capture_cycles() const;

  // Makes the constant, or leaves it out when we cannot hold it and nobody reads it.
  [[nodiscard]] core::Status add_constant(std::string_view name, core::Result<core::Tensor> tensor);
  [[nodiscard]] core::Status define_constant(std::string_view name, core::Tensor tensor);
  graph::ValueId add_value(std::string_view name);
  // The value of this name here or in a graph around this one.
  std::optional<graph::ValueId> find(std::string_view name);
  // The same, or a new value without a source, which verify() reports.
  graph::ValueId find_or_add(std::string_view name);

  TensorSource source_;
  const OpsetVersions& opsets_;
  GraphBuilder* enclosing_;
  std::shared_ptr<graph::Graph> graph_;
  std::unordered_map<std::string_view, graph::ValueId> values_;
  std::vector<std::pair<graph::NodeId, std::vector<graph::ValueId>>> captures_;
  std::unordered_set<std::string_view> read_;      // names that this graph and its subgraphs read
  std::unordered_set<std::string_view> left_out_;  // constants that nobody reads
};

}  // namespace mini_infer::importers
