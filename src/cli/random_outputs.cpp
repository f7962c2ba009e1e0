#include "cli/random_outputs.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace mini_infer::cli {
namespace {

constexpr std::array<std::string_view, 6> kRandomOperators = {"Bernoulli",     "Multinomial",
                                                              "RandomNormal",  "RandomNormalLike",
                                                              "RandomUniform", "RandomUniformLike"};

// A flag that is computed while running is taken for true.
bool flag(const graph::Value& value, const Tensors& inputs) {
  const auto given = inputs.find(value.name);
  const core::Tensor* tensor = value.constant          ? &*value.constant
                               : given != inputs.end() ? &given->second
                                                       : nullptr;
  return tensor == nullptr || tensor->bytes().empty() || tensor->bytes().front() != std::byte{0};
}

bool is_training_dropout(const graph::Graph& graph, const graph::Node& node,
                         const Tensors& inputs) {
  constexpr std::size_t kTrainingMode = 2;
  return node.is("Dropout") && node.inputs.size() > kTrainingMode &&
         node.inputs[kTrainingMode] != graph::kNoValue &&
         flag(graph.value(node.inputs[kTrainingMode]), inputs);
}

}  // namespace

std::optional<std::string> random_node(const graph::Graph& graph, const Tensors& inputs) {
  for (const graph::Node& node : graph.nodes()) {
    const bool is_listed = node.domain.empty() &&
                           std::find(kRandomOperators.begin(), kRandomOperators.end(), node.op) !=
                               kRandomOperators.end();
    if (is_listed || is_training_dropout(graph, node, inputs)) return graph::describe(node);
  }
  return std::nullopt;
}

}  // namespace mini_infer::cli
