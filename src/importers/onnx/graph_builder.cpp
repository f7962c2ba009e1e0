#include "importers/onnx/graph_builder.h"

#include <algorithm>
#include <string>

#include "core/try.h"
#include "importers/onnx/attribute_value.h"
#include "importers/onnx/constant_node.h"
#include "importers/onnx/declared_type.h"
#include "importers/onnx/sparse_tensor.h"
#include "mini_infer/core/log.h"

namespace mini_infer::importers {
namespace {

using core::Status;
using graph::Graph;
using graph::kNoValue;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

Status invalid(const std::string& message) { return {Status::ERROR_INVALID_MODEL, message}; }

std::string quoted(std::string_view name) { return "'" + std::string(name) + "'"; }

// Adds the names that nodes of the graph, nodes of its subgraphs and outputs read.
void collect_reads(const GraphMessage& graph, std::unordered_set<std::string_view>& names) {
  for (const NodeMessage& node : graph.nodes) {
    names.insert(node.inputs.begin(), node.inputs.end());
    for (const AttributeMessage& attribute : node.attributes) {
      for (const GraphMessage& subgraph : attribute.graphs) collect_reads(subgraph, names);
    }
  }
  for (const ValueInfoMessage& output : graph.outputs) names.insert(output.name);
}

}  // namespace

GraphBuilder::GraphBuilder(const TensorSource& source, const OpsetVersions& opsets,
                           GraphBuilder* enclosing)
    : source_(source), opsets_(opsets), enclosing_(enclosing), graph_(std::make_shared<Graph>()) {}

core::Result<std::shared_ptr<Graph>> GraphBuilder::build(const GraphMessage& message) {
  graph_->name = message.name;
  graph_->opsets = opsets_;
  collect_reads(message, read_);
  MI_TRY(add_initialisers(message));
  MI_TRY(add_inputs(message));
  MI_TRY(add_node_outputs(message));
  for (std::size_t i = 0; i < message.nodes.size(); ++i) {
    const NodeMessage& node = message.nodes[i];
    if (!is_constant_node(node)) MI_TRY(add_node(node, node_name(node, i)));
  }
  MI_TRY(add_outputs(message));
  MI_TRY(graph_->verify());
  MI_TRY(check_capture_cycles());
  return graph_;
}

Status GraphBuilder::add_initialisers(const GraphMessage& message) {
  for (const SparseTensorMessage& initialiser : message.sparse_initialisers) {
    if (initialiser.values.name.empty()) return invalid("a sparse initialiser has no name");
    MI_TRY(add_constant(initialiser.values.name, make_dense(initialiser, source_)));
  }
  for (const TensorMessage& initialiser : message.initialisers) {
    if (initialiser.name.empty()) return invalid("an initialiser has no name");
    MI_TRY(add_constant(initialiser.name, make_tensor(initialiser, source_)));
  }
  return Status::SUCCESS;
}

Status GraphBuilder::add_inputs(const GraphMessage& message) {
  for (const ValueInfoMessage& input : message.inputs) {
    if (input.name.empty()) return invalid("a graph input has no name");
    if (left_out_.contains(input.name)) continue;
    const auto known = values_.find(input.name);
    if (known != values_.end() && graph_->value(known->second).is_constant()) {
      if (enclosing_ == nullptr) continue;
      // Inputs of a subgraph are told apart by their place: none may be left out.
      return invalid("input " + quoted(input.name) + " of a subgraph is also an initialiser");
    }
    const ValueId id = add_value(input.name);
    graph_->inputs.push_back(id);
    if (input.type) {
      MI_TRY(declare_input(*input.type, graph_->value(id)));
    } else if (enclosing_ == nullptr) {
      return invalid("input " + quoted(input.name) + " has no type");
    }
  }
  return Status::SUCCESS;
}

// Before any node is made, so that nodes may stand in any order.
Status GraphBuilder::add_node_outputs(const GraphMessage& message) {
  for (std::size_t i = 0; i < message.nodes.size(); ++i) {
    const NodeMessage& node = message.nodes[i];
    if (is_constant_node(node)) {
      MI_TRY(add_constant_node(node, node_name(node, i)));
      continue;
    }
    for (std::string_view output : node.outputs) {
      if (output.empty()) continue;
      const auto known = values_.find(output);
      if (known == values_.end()) {
        add_value(output);
      } else if (graph_->value(known->second).is_constant()) {
        return invalid(std::string(node.op_type) + " '" + node_name(node, i) + "' makes " +
                       quoted(output) + ", which is also a constant");
      }
    }
  }
  return Status::SUCCESS;
}

Status GraphBuilder::add_constant_node(const NodeMessage& message, const std::string& name) {
  const std::string_view output = message.outputs.empty() ? "" : message.outputs.front();
  return add_constant(output, constant_of(message, source_))
      .with_context("Constant '" + name + "'");
}

Status GraphBuilder::add_node(const NodeMessage& message, std::string name) {
  Node node;
  node.name = std::move(name);
  node.op = message.op_type;
  node.domain = message.domain;
  node.opset = opsets_.find(message.domain)->second;
  for (std::string_view input : message.inputs) {
    node.inputs.push_back(input.empty() ? kNoValue : find_or_add(input));
  }
  for (std::string_view output : message.outputs) {
    node.outputs.push_back(output.empty() ? kNoValue : values_.at(output));
  }
  std::vector<ValueId> captured;
  if (const Status status = add_attributes(message, node, captured); !status.ok()) {
    return status.with_context(describe(node));
  }
  const NodeId id = graph_->add_node(std::move(node));
  if (!captured.empty()) captures_.emplace_back(id, std::move(captured));
  return Status::SUCCESS;
}

Status GraphBuilder::add_attributes(const NodeMessage& message, Node& node,
                                    std::vector<ValueId>& captured) {
  const SubgraphImport import_subgraph =
      [&](const GraphMessage& subgraph) -> core::Result<std::shared_ptr<const Graph>> {
    GraphBuilder builder(source_, opsets_, this);
    MI_ASSIGN(auto built, builder.build(subgraph));
    for (ValueId outer : built->outer_values) {
      captured.push_back(values_.at(built->value(outer).name));
    }
    return std::shared_ptr<const Graph>(std::move(built));
  };
  for (const AttributeMessage& attribute : message.attributes) {
    if (attribute.name.empty()) return invalid("an attribute has no name");
    const std::string where = "attribute " + quoted(attribute.name);
    auto value = attribute_value(attribute, source_, import_subgraph);
    if (!value.ok()) return value.status().with_context(where);
    if (!node.attributes.emplace(attribute.name, std::move(*value)).second) {
      return invalid(where + " is given twice");
    }
  }
  return Status::SUCCESS;
}

Status GraphBuilder::add_outputs(const GraphMessage& message) {
  for (const ValueInfoMessage& output : message.outputs) {
    if (output.name.empty()) return invalid("a graph output has no name");
    const ValueId id = find_or_add(output.name);
    graph_->outputs.push_back(id);
    if (output.type) MI_TRY(declare_output(*output.type, graph_->value(id)));
  }
  return Status::SUCCESS;
}

Status GraphBuilder::check_capture_cycles() const {
  if (captures_.empty()) return Status::SUCCESS;
  Graph with_captures = *graph_;
  for (const auto& [id, captured] : captures_) {
    std::vector<ValueId>& inputs = with_captures.node(id).inputs;
    inputs.insert(inputs.end(), captured.begin(), captured.end());
  }
  std::vector<NodeId> order;
  return with_captures.topological_sort(order);
}

Status GraphBuilder::add_constant(std::string_view name, core::Result<core::Tensor> tensor) {
  if (tensor.ok()) return define_constant(name, std::move(*tensor));
  if (tensor.status() != Status::ERROR_UNSUPPORTED || read_.contains(name)) return tensor.status();
  MI_LOG_INFO("[Importer] " + tensor.status().message() + "; left out, for nothing reads it");
  left_out_.insert(name);
  return Status::SUCCESS;
}

Status GraphBuilder::define_constant(std::string_view name, core::Tensor tensor) {
  if (name.empty()) return invalid("the constant it makes has no name");
  const ValueId id = graph_->add_constant(std::string(name), std::move(tensor));
  if (!values_.emplace(name, id).second) return invalid("value " + quoted(name) + " is made twice");
  return Status::SUCCESS;
}

ValueId GraphBuilder::add_value(std::string_view name) {
  graph::Value value;
  value.name = name;
  const ValueId id = graph_->add_value(std::move(value));
  values_.emplace(name, id);
  return id;
}

std::optional<ValueId> GraphBuilder::find(std::string_view name) {
  if (const auto known = values_.find(name); known != values_.end()) return known->second;
  if (enclosing_ == nullptr || !enclosing_->find(name)) return std::nullopt;
  const ValueId outer = add_value(name);
  graph_->outer_values.push_back(outer);
  return outer;
}

ValueId GraphBuilder::find_or_add(std::string_view name) {
  if (const auto known = find(name)) return *known;
  return add_value(name);
}

}  // namespace mini_infer::importers
