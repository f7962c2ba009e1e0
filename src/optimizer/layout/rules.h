#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "optimizer/layout/constant_forms.h"
#include "optimizer/rewrite.h"

// What each operator needs in order to be computed on channels-last tensors.
namespace mini_infer::optimizer {

// How a node may take part.
struct LayoutPorts {
  // The slots whose tensors are channels last when the node is. Other tensors of rank 3 and more
  // stay channels first.
  std::vector<int> inputs = {};
  std::vector<int> outputs = {};
  // Bytes moved, beside those of conversions, when the node is computed channels first or last.
  std::int64_t cost_first = 0;
  std::int64_t cost_last = 0;
  // An input the node can read channels first without a conversion, though it is channels last.
  std::optional<int> absorbed = std::nullopt;
  // A node before this one that decides for both, and whose rule converts both.
  graph::NodeId decided_by = graph::kNoNode;
};

struct LayoutRule {
  // nullopt when the node can be computed channels first only.
  std::optional<LayoutPorts> (*ports)(const Rewriter&, graph::NodeId);
  // Rewrites attributes and constants. Values at ports are still the channels-first ones; they are
  // replaced afterwards.
  core::Status (*convert)(ConstantForms&, graph::NodeId, const LayoutPorts&);
};

// nullptr for an operator without a rule.
const LayoutRule* layout_rule(const graph::Node& node);

struct NamedLayoutRule {
  std::string_view op;
  std::string_view domain;
  LayoutRule rule;
};

// Bytes moved when this tensor changes its layout: none when its elements stay where they are.
std::int64_t conversion_bytes(const graph::Value& value);

}  // namespace mini_infer::optimizer
