#include "cli/graph_facts.h"

#include <algorithm>

#include "cli/text.h"

namespace mini_infer::cli {
namespace {

using graph::Node;
using graph::Value;
using graph::ValueId;
using report::Json;

Json shape_json(const Value& value) {
  if (value.shape) return report::json_array(*value.shape);
  if (!value.declared) return Json::null();
  Json extents = Json::array();
  for (const graph::Dim& dim : *value.declared) {
    extents.add(dim.extent >= 0      ? Json(dim.extent)
                : dim.symbol.empty() ? Json::null()
                                     : dim.symbol);
  }
  return extents;
}

Json value_json(const Value& value) {
  return Json::object()
      .set("name", value.name)
      .set("type", core::type_name(value.type))
      .set("shape", shape_json(value));
}

}  // namespace

std::map<std::string, int> operator_counts(const graph::Graph& graph) {
  std::map<std::string, int> counts;
  for (const Node& node : graph.nodes()) {
    ++counts[node.domain.empty() ? node.op : node.domain + "." + node.op];
  }
  return counts;
}

std::string operators_text(const graph::Graph& graph) {
  const auto counts = operator_counts(graph);
  std::vector<std::pair<std::string, int>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::vector<std::string> words;
  for (const auto& [op, count] : sorted) words.push_back(std::to_string(count) + " " + op);
  return std::to_string(graph.nodes().size()) + " nodes: " + join(words, ", ");
}

ConstantCount count_constants(const graph::Graph& graph) {
  ConstantCount count;
  const auto& values = graph.values();
  for (ValueId id = 0; id < static_cast<ValueId>(values.size()); ++id) {
    const Value& value = graph.value(id);
    const bool is_input =
        std::find(graph.inputs.begin(), graph.inputs.end(), id) != graph.inputs.end();
    if (!value.is_constant() || value.producer != graph::kNoNode || is_input) continue;
    ++count.tensors;
    count.elements += static_cast<std::size_t>(value.constant->elements());
    count.bytes += value.constant->size_bytes();
  }
  return count;
}

Json values_json(const graph::Graph& graph, const std::vector<ValueId>& ids) {
  Json list = Json::array();
  for (ValueId id : ids)
    list.add(id == graph::kNoValue ? Json::null() : value_json(graph.value(id)));
  return list;
}

Json nodes_json(const graph::Graph& graph) {
  Json list = Json::array();
  for (const Node& node : graph.nodes()) {
    Json inputs = Json::array();
    for (ValueId id : node.inputs) {
      inputs.add(id == graph::kNoValue ? Json::null() : Json(graph.value(id).name));
    }
    list.add(Json::object()
                 .set("name", node.name)
                 .set("op", node.op)
                 .set("domain", domain_text(node.domain))
                 .set("opset", node.opset)
                 .set("inputs", std::move(inputs))
                 .set("outputs", values_json(graph, node.outputs)));
  }
  return list;
}

}  // namespace mini_infer::cli
