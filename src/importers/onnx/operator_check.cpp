#include "importers/onnx/operator_check.h"

#include <set>
#include <utility>
#include <vector>

#include "core/try.h"
#include "importers/onnx/constant_node.h"
#include "mini_infer/graph/graph.h"

namespace mini_infer::importers {
namespace {

using core::Status;

struct Missing {
  std::string name;    // "Resize", "com.microsoft.Gelu"
  std::string reason;  // "opset 11", "a function of the model"
  std::string first_node;
  int count = 0;
};

std::string qualified(const NodeMessage& node) {
  const std::string type(node.op_type);
  return node.domain.empty() ? type : std::string(node.domain) + "." + type;
}

class OperatorCheck {
 public:
  OperatorCheck(const ModelMessage& model, const OpsetVersions& opsets, const OperatorLookup& find)
      : opsets_(opsets), find_(find) {
    for (const auto& function : model.functions) functions_.emplace(function.domain, function.name);
  }

  Status visit(const GraphMessage& graph) {
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
      const NodeMessage& node = graph.nodes[i];
      MI_TRY(visit(node, node_name(node, i)));
      for (const AttributeMessage& attribute : node.attributes) {
        for (const GraphMessage& subgraph : attribute.graphs) MI_TRY(visit(subgraph));
      }
    }
    return Status::SUCCESS;
  }

  Status result() const {
    if (missing_.empty()) return Status::SUCCESS;
    std::string text = missing_.size() == 1
                           ? "1 operator is not supported: "
                           : std::to_string(missing_.size()) + " operators are not supported: ";
    for (const Missing& missing : missing_) {
      if (&missing != &missing_.front()) text += ", ";
      text += missing.name + " ×" + std::to_string(missing.count) + " (" + missing.reason +
              ", first: " + missing.name + " '" + missing.first_node + "')";
    }
    return {Status::ERROR_UNSUPPORTED, text};
  }

 private:
  Status visit(const NodeMessage& node, const std::string& name) {
    auto refuse = [&](const std::string& reason) -> Status {
      return {Status::ERROR_INVALID_MODEL, qualified(node) + " '" + name + "': " + reason};
    };
    if (node.op_type.empty()) return refuse("the node names no operator");
    if (node.domain == graph::kInternalDomain) {
      return refuse("domain '" + std::string(graph::kInternalDomain) +
                    "' is not for files: its operators are made by the optimiser");
    }
    if (functions_.contains(Key{node.domain, node.op_type})) {
      add(node, name, "a function of the model");
      return Status::SUCCESS;
    }
    const auto version = opsets_.find(node.domain);
    if (version == opsets_.end()) {
      return refuse("the model imports no opset of domain '" + std::string(node.domain) + "'");
    }
    if (is_constant_node(node)) return Status::SUCCESS;
    const ops::OpDef* op = find_(node.domain, node.op_type);
    const std::string opset = "opset " + std::to_string(version->second);
    if (op == nullptr) {
      add(node, name, opset);
    } else if (version->second < op->since) {
      add(node, name, opset + ", supported since " + std::to_string(op->since));
    }
    return Status::SUCCESS;
  }

  void add(const NodeMessage& node, const std::string& name, const std::string& reason) {
    const auto [place, is_new] =
        index_.try_emplace(Key{node.domain, node.op_type}, missing_.size());
    if (is_new) missing_.push_back({qualified(node), reason, name, 0});
    ++missing_[place->second].count;
  }

  using Key = std::pair<std::string_view, std::string_view>;  // domain, type

  const OpsetVersions& opsets_;
  const OperatorLookup& find_;
  std::set<Key> functions_;
  std::vector<Missing> missing_;  // in the order met
  std::map<Key, std::size_t> index_;
};

}  // namespace

std::string node_name(const NodeMessage& node, std::size_t index) {
  if (!node.name.empty()) return std::string(node.name);
  return std::string(node.op_type) + "_" + std::to_string(index);
}

Status check_operators(const ModelMessage& model, const OpsetVersions& opsets,
                       const OperatorLookup& find) {
  OperatorCheck check(model, opsets, find);
  MI_TRY(check.visit(*model.graph));
  return check.result();
}

}  // namespace mini_infer::importers
