#include <array>
#include <span>

#include "optimizer/layout/rules.h"

// Operators that treat every position alike: they work on any order of axes, as long as all their
// tensors have the same.
namespace mini_infer::optimizer {
namespace {

using core::Shape;
using graph::Node;
using graph::NodeId;
using graph::Value;

std::optional<LayoutPorts> elementwise_ports(const Rewriter& rewriter, NodeId id) {
  const Node& node = rewriter.node(id);
  const int rank = rewriter.value(node.outputs[0]).shape->rank();
  if (rank < 3) return std::nullopt;
  LayoutPorts ports;
  for (std::size_t slot = 0; slot < node.inputs.size(); ++slot) {
    if (node.inputs[slot] == graph::kNoValue) continue;
    const Value& input = rewriter.value(node.inputs[slot]);
    if (input.shape->rank() < rank && input.shape->elements() == 1) continue;
    if (input.shape->rank() < rank && !input.is_constant()) return std::nullopt;
    ports.inputs.push_back(static_cast<int>(slot));
  }
  for (std::size_t slot = 0; slot < node.outputs.size(); ++slot) {
    if (node.outputs[slot] != graph::kNoValue) ports.outputs.push_back(static_cast<int>(slot));
  }
  return ports;
}

core::Status keep_as_is(ConstantForms&, NodeId, const LayoutPorts&) {
  return core::Status::SUCCESS;
}

constexpr LayoutRule kElementwise{elementwise_ports, keep_as_is};

constexpr std::string_view kTypes[] = {
    "Abs",         "Acos",
    "Acosh",       "Add",
    "And",         "Asin",
    "Asinh",       "Atan",
    "Atanh",       "BitShift",
    "BitwiseAnd",  "BitwiseNot",
    "BitwiseOr",   "BitwiseXor",
    "Cast",        "Ceil",
    "Celu",        "Clip",
    "Cos",         "Cosh",
    "Div",         "Dropout",
    "Elu",         "Equal",
    "Erf",         "Exp",
    "Floor",       "Gelu",
    "Greater",     "GreaterOrEqual",
    "HardSigmoid", "HardSwish",
    "Identity",    "IsInf",
    "IsNaN",       "LeakyRelu",
    "Less",        "LessOrEqual",
    "Log",         "Max",
    "Mean",        "Min",
    "Mish",        "Mod",
    "Mul",         "Neg",
    "Not",         "Or",
    "PRelu",       "Pow",
    "Reciprocal",  "Relu",
    "Round",       "Selu",
    "Shrink",      "Sigmoid",
    "Sign",        "Sin",
    "Sinh",        "Softplus",
    "Softsign",    "Sqrt",
    "Sub",         "Sum",
    "Swish",       "Tan",
    "Tanh",        "ThresholdedRelu",
    "Where",       "Xor",
};

constexpr auto kTable = [] {
  std::array<NamedLayoutRule, std::size(kTypes)> table{};
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = {kTypes[i], "", kElementwise};
  return table;
}();

}  // namespace

extern constinit const std::span<const NamedLayoutRule> kElementwiseRules = kTable;

}  // namespace mini_infer::optimizer
