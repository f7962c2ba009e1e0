#include <sstream>

#include "graph/dim_text.h"
#include "mini_infer/graph/graph.h"

namespace mini_infer::graph {
namespace {

std::string type_and_shape(const Value& value) {
  const std::string text = core::type_name(value.type);
  if (value.shape) return text + value.shape->to_string();
  if (!value.declared) return text + "[?]";
  return text + dim_text(*value.declared);
}

template <typename T>
std::string list(const std::vector<T>& items) {
  std::ostringstream text;
  text << "[";
  for (std::size_t i = 0; i < items.size(); ++i) text << (i > 0 ? "," : "") << items[i];
  text << "]";
  return text.str();
}

struct AttributeText {
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(float value) const {
    std::ostringstream text;
    text << value;
    return text.str();
  }
  std::string operator()(const std::string& value) const { return "\"" + value + "\""; }
  std::string operator()(const core::Tensor& value) const {
    return core::type_name(value.type()) + value.shape().to_string();
  }
  std::string operator()(const std::shared_ptr<const Graph>& value) const {
    return "graph(" + std::to_string(value->nodes().size()) + " nodes)";
  }
  std::string operator()(const std::vector<std::int64_t>& value) const { return list(value); }
  std::string operator()(const std::vector<float>& value) const { return list(value); }
  std::string operator()(const std::vector<std::string>& value) const { return list(value); }
  std::string operator()(const std::vector<core::Tensor>& value) const {
    return std::to_string(value.size()) + " tensors";
  }
  std::string operator()(const std::vector<std::shared_ptr<const Graph>>& value) const {
    return std::to_string(value.size()) + " graphs";
  }
};

std::string names(const Graph& graph, const std::vector<ValueId>& ids) {
  std::string text;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i > 0) text += ", ";
    text += ids[i] == kNoValue ? "-" : "%" + graph.value(ids[i]).name;
  }
  return text;
}

}  // namespace

std::string Graph::to_text() const {
  std::ostringstream text;
  text << "graph " << name << "\n";
  for (ValueId id : inputs) {
    text << "  input %" << value(id).name << " " << type_and_shape(value(id)) << "\n";
  }
  for (const Node& node : nodes_) {
    text << "  ";
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      if (i > 0) text << ", ";
      if (node.outputs[i] == kNoValue) {
        text << "-";
        continue;
      }
      const Value& output = value(node.outputs[i]);
      text << "%" << output.name << " " << type_and_shape(output);
    }
    text << " = " << (node.domain.empty() ? "" : node.domain + ".") << node.op << "("
         << names(*this, node.inputs) << ")";
    for (const auto& [key, attribute] : node.attributes) {
      text << " " << key << "=" << std::visit(AttributeText{}, attribute);
    }
    text << "\n";
  }
  text << "  return " << names(*this, outputs) << "\n";
  return text.str();
}

}  // namespace mini_infer::graph
