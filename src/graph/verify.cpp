#include <set>

#include "core/try.h"
#include "mini_infer/graph/graph.h"

namespace mini_infer::graph {
namespace {

core::Status invalid(const std::string& message) {
  return {core::Status::ERROR_INVALID_MODEL, message};
}

bool in_range(const Graph& graph, ValueId id) {
  return id >= 0 && id < static_cast<ValueId>(graph.values().size());
}

core::Status verify_inputs(const Graph& graph) {
  std::set<std::string_view> names;
  for (ValueId id : graph.inputs) {
    if (!in_range(graph, id)) return invalid("a graph input is no value of the graph");
    const Value& value = graph.value(id);
    if (value.producer != kNoNode) {
      return invalid("graph input '" + value.name + "' is also made by " +
                     describe(graph.node(value.producer)));
    }
    if (!names.insert(value.name).second) {
      return invalid("two graph inputs are named '" + value.name + "'");
    }
  }
  return core::Status::SUCCESS;
}

core::Status verify_nodes(const Graph& graph) {
  std::vector<NodeId> maker(graph.values().size(), kNoNode);
  for (NodeId id = 0; id < static_cast<NodeId>(graph.nodes().size()); ++id) {
    const Node& node = graph.node(id);
    for (ValueId output : node.outputs) {
      if (output == kNoValue) continue;
      if (!in_range(graph, output)) return invalid(describe(node) + ": an output is no value");
      NodeId& first = maker[static_cast<std::size_t>(output)];
      if (first != kNoNode) {
        return invalid("value '" + graph.value(output).name + "' is made twice: by " +
                       describe(graph.node(first)) + " and by " + describe(node));
      }
      first = id;
    }
    for (ValueId input : node.inputs) {
      if (input != kNoValue && !in_range(graph, input)) {
        return invalid(describe(node) + ": an input is no value");
      }
    }
  }
  for (ValueId id = 0; id < static_cast<ValueId>(maker.size()); ++id) {
    if (graph.value(id).producer != maker[static_cast<std::size_t>(id)]) {
      return invalid("value '" + graph.value(id).name + "' names the wrong producer");
    }
  }
  return core::Status::SUCCESS;
}

// Every value that is read must come from somewhere: a node, a graph input, an outer value, bytes.
core::Status verify_sources(const Graph& graph) {
  std::vector<bool> given(graph.values().size(), false);
  for (const auto* list : {&graph.inputs, &graph.outer_values}) {
    for (ValueId id : *list) given[static_cast<std::size_t>(id)] = true;
  }
  auto has_source = [&](ValueId id) {
    const Value& value = graph.value(id);
    return given[static_cast<std::size_t>(id)] || value.producer != kNoNode || value.is_constant();
  };
  for (const Node& node : graph.nodes()) {
    for (ValueId input : node.inputs) {
      if (input != kNoValue && !has_source(input)) {
        return invalid(describe(node) + ": input '" + graph.value(input).name +
                       "' is made by no node and is neither a graph input nor a constant");
      }
    }
  }
  for (ValueId output : graph.outputs) {
    if (!in_range(graph, output)) return invalid("a graph output is no value of the graph");
    if (!has_source(output)) {
      return invalid("graph output '" + graph.value(output).name + "' is made by no node");
    }
  }
  return core::Status::SUCCESS;
}

core::Status verify_constants(const Graph& graph) {
  for (const Value& value : graph.values()) {
    if (!value.constant) continue;
    const core::Tensor& tensor = *value.constant;
    if (value.type != tensor.type() || value.shape != tensor.shape()) {
      return invalid("constant '" + value.name + "' is stated as " + core::type_name(value.type) +
                     (value.shape ? value.shape->to_string() : "[?]") + " but holds " +
                     core::type_name(tensor.type()) + tensor.shape().to_string());
    }
  }
  return core::Status::SUCCESS;
}

}  // namespace

core::Status Graph::verify() const {
  MI_TRY(verify_inputs(*this));
  MI_TRY(verify_nodes(*this));
  MI_TRY(verify_sources(*this));
  MI_TRY(verify_constants(*this));
  std::vector<NodeId> order;
  return topological_sort(order);
}

}  // namespace mini_infer::graph
